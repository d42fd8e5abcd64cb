#include "diagram/plantuml_archive.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "os/file.h"
#include "os/process.h"

#define ARCHIVE_PREFIX "plantuml-"
#define UNUSED_LIMIT_S (30 * 24 * 60 * 60) /* so long an archive is kept that nobody uses */

struct plantuml_archiving {
    struct process process;
    guint watch;
    int lock; /* held while the archive is made: one process at a time */
    char *path, *draft;
};

/* What a diagram needs, so that its classes are in the archive; the program ends after it. */
static const char sample[] = "@startuml\nskinparam dpi 200\nclass A {\n  +b : int\n}\nA <|-- B : c\nnote left of A : d\n@enduml\n"
                             "@startuml\nskinparam dpi 200\nA -> B : c\nactivate B\nreturn d\n@enduml\n"
                             "@startuml\nstart\nif (a?) then (b)\n  :c;\nelse (d)\n  :e;\nendif\nstop\n@enduml\n";

static void add_tool(struct hasher *hasher, const char *name, const char *path)
{
    struct stat info;
    g_autofree char *real_path = realpath(path, NULL);
    bool is_there = real_path != NULL && stat(real_path, &info) == 0;
    g_autofree char *text = g_strdup_printf("%s %lld %lld", is_there ? real_path : path, is_there ? (long long)info.st_size : 0,
                                            is_there ? (long long)info.st_mtime : 0);
    hasher_add_field(hasher, name, text);
}

char *plantuml_archive_path(const char *java, const char *jar)
{
    struct hasher *hasher = hasher_new();
    add_tool(hasher, "java", java);
    add_tool(hasher, "jar", jar);
    g_autofree char *hash = hasher_finish(hasher);
    g_autofree char *name = g_strdup_printf(ARCHIVE_PREFIX "%.16s.jsa", hash);
    return g_build_filename(g_get_user_cache_dir(), "clx", name, NULL);
}

/* Those of programs that nobody has used for long. */
static void remove_old(const char *folder)
{
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    time_t limit = time(NULL) - UNUSED_LIMIT_S;
    const char *name;
    while (names != NULL && (name = g_dir_read_name(names)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat info;
        if (g_str_has_prefix(name, ARCHIVE_PREFIX) && g_str_has_suffix(name, ".jsa") && stat(path, &info) == 0 && info.st_mtime < limit)
            unlink(path);
    }
}

static void finish(const struct plantuml_archiving *archiving)
{
    g_autofree char *folder = g_path_get_dirname(archiving->path);
    if (rename(archiving->draft, archiving->path) == 0)
        remove_old(folder);
}

static gboolean on_end(gint fd, GIOCondition condition, gpointer data)
{
    struct plantuml_archiving *archiving = data;
    int status = -1;
    archiving->watch = 0;
    if (process_reap(&archiving->process, &status) == 1 && status == 0)
        finish(archiving);
    process_clear(&archiving->process);
    return G_SOURCE_REMOVE;
}

static bool spawn(struct plantuml_archiving *archiving, const struct plantuml_jvm_options *options)
{
    g_auto(GStrv) command = plantuml_jvm_command(options);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *archive = g_strconcat("-XX:ArchiveClassesAtExit=", archiving->draft, NULL);
    g_autofree char *source = g_strconcat(archiving->draft, ".puml", NULL);
    const char *const nice[] = {"nice", "-n", "19", command[0], archive};
    if (!file_write_atomic(source, sample, strlen(sample), NULL))
        return false;
    int in = open(source, O_RDONLY | O_CLOEXEC);
    unlink(source);
    for (unsigned i = 0; i < G_N_ELEMENTS(nice); i++)
        g_ptr_array_add(argv, (char *)nice[i]);
    for (char **word = command + 1; *word != NULL; word++)
        if (!g_str_has_prefix(*word, "-XX:SharedArchiveFile="))
            g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, (char *)"-pipe");
    g_ptr_array_add(argv, NULL);
    struct process_options spawn_options = {.argv = (const char *const *)argv->pdata,
                                            .folder = options->folder,
                                            .stdin_fd = in,
                                            .stdout_fd = -1,
                                            .stderr_fd = -1,
                                            .death_signal = SIGKILL,
                                            .is_offline = true};
    bool has_started = process_spawn(&spawn_options, &archiving->process, NULL);
    if (in >= 0)
        close(in);
    return has_started;
}

struct plantuml_archiving *plantuml_archiving_start(const struct plantuml_jvm_options *options, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path), *lock_path = g_strconcat(path, ".lock", NULL);
    if (utimensat(AT_FDCWD, path, NULL, 0) == 0 || !file_make_folders(folder, NULL)) /* it is there, and in use */
        return NULL;
    int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (lock >= 0)
            close(lock);
        return NULL;
    }
    struct plantuml_archiving *archiving = g_new0(struct plantuml_archiving, 1);
    archiving->process.pidfd = -1;
    archiving->lock = lock;
    archiving->path = g_strdup(path);
    archiving->draft = g_strconcat(path, ".new", NULL);
    unlink(archiving->draft);
    if (!spawn(archiving, options)) {
        plantuml_archiving_free(archiving);
        return NULL;
    }
    archiving->watch = g_unix_fd_add(archiving->process.pidfd, G_IO_IN, on_end, archiving);
    return archiving;
}

void plantuml_archiving_free(struct plantuml_archiving *archiving)
{
    if (archiving == NULL)
        return;
    if (archiving->watch != 0)
        g_source_remove(archiving->watch);
    if (archiving->process.pid > 0) {
        process_kill_descendants(archiving->process.pid);
        process_signal(&archiving->process, SIGKILL);
        process_end(&archiving->process, 0);
    }
    unlink(archiving->draft);
    close(archiving->lock);
    g_free(archiving->path);
    g_free(archiving->draft);
    g_free(archiving);
}
