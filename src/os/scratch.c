#include "os/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/process.h"
#include "os/runtime.h"

#define PREFIX "scratch-"
#define LIFE_FD 3 /* of the keeper */

struct scratch {
    char *folder;
    int life;     /* its closing, by whatever, is what the keeper waits for */
    pid_t keeper; /* removes the folder */
};

/* A folder that is empty was left in order, by tools that were ended in order. */
static void clear_away(const char *folder)
{
    g_autofree char *mark = g_strconcat("TMPDIR=", folder, NULL);

    if (rmdir(folder) == 0)
        return;
    process_kill_marked(mark);
    file_remove_tree(folder, NULL);
}

/* ---- what others left ---- */

static bool is_left_behind(const char *name)
{
    int pid = 0, length = 0;
    unsigned long long start_time = 0;

    return sscanf(name, PREFIX "%d-%llu%n", &pid, &start_time, &length) == 2 && name[length] == '\0' && !process_is_alive(pid, start_time);
}

void scratch_sweep(void)
{
    g_autofree char *base = runtime_base_path();
    g_autoptr(GDir) dir = g_dir_open(base, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *folder = g_build_filename(base, name, NULL);

        if (is_left_behind(name))
            clear_away(folder);
    }
}

/* ---- the keeper ---- */

/* Neither in the group that Ctrl-C ends, nor in the way of who waits for the end of an output or of a file system's use. */
static void stand_aside(int life)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    setpgid(0, 0);
    prctl(PR_SET_NAME, "clx-keeper");
    for (int fd = 0; fd < 3; fd++)
        dup2(null_fd, fd);
    dup2(life, LIFE_FD);
    close_range(LIFE_FD + 1, ~0U, 0);
    if (chdir("/") != 0)
        return; /* stays where it is */
}

G_NORETURN static void keep(int life, const char *folder)
{
    char byte;

    stand_aside(life);
    while (read(LIFE_FD, &byte, 1) < 0 && errno == EINTR)
        continue;
    clear_away(folder);
    _exit(0);
}

static bool start_keeper(struct scratch *scratch)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    scratch->keeper = fork();
    if (scratch->keeper == 0) {
        close(ends[1]);
        keep(ends[0], scratch->folder);
    }
    close(ends[0]);
    scratch->life = ends[1];
    return scratch->keeper > 0;
}

/* ---- the folder ---- */

struct scratch *scratch_open(GError **error)
{
    g_autofree char *name = g_strdup_printf(PREFIX "%d-%" G_GUINT64_FORMAT, (int)getpid(), process_start_time(getpid()));
    g_autoptr(scratch) scratch = g_new0(struct scratch, 1);

    scratch->life = -1;
    scratch_sweep();
    scratch->folder = runtime_make_folder(name, error);
    if (!scratch->folder)
        return NULL;
    if (!start_keeper(scratch) || !g_setenv("TMPDIR", scratch->folder, TRUE)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: cannot start who removes it: %s", scratch->folder, g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&scratch);
}

void scratch_close(struct scratch *scratch)
{
    if (!scratch)
        return;
    if (scratch->life >= 0)
        close(scratch->life);
    if (scratch->keeper > 0)
        waitpid(scratch->keeper, NULL, 0);
    if (scratch->folder)
        clear_away(scratch->folder); /* if the keeper was killed */
    g_free(scratch->folder);
    g_free(scratch);
}
