#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "os/cgroup.h"
#include "os/file.h"
#include "os/file_lock.h"
#include "os/process.h"
#include "os/runtime.h"
#include "os/scheduling.h"
#include "os/scratch.h"

static char *make_folder(void)
{
    g_autofree char *pattern = g_build_filename(g_get_tmp_dir(), "clx-os-XXXXXX", NULL);
    ck_assert_ptr_nonnull(g_mkdtemp(pattern));
    return g_steal_pointer(&pattern);
}

START_TEST(written_file_is_read_back_and_no_temporary_stays)
{
    g_autofree char *folder = make_folder();
    g_autofree char *path = g_build_filename(folder, "a", "b.txt", NULL);
    g_autofree char *inner = g_build_filename(folder, "a", NULL);
    ck_assert(file_write_atomic(path, "one", 3, NULL));
    ck_assert(file_write_atomic(path, "two!", 4, NULL));
    g_autoptr(GBytes) bytes = file_read(path, 100, NULL);
    ck_assert_str_eq(g_bytes_get_data(bytes, NULL), "two!");
    g_autoptr(GDir) dir = g_dir_open(inner, 0, NULL);
    ck_assert_str_eq(g_dir_read_name(dir), "b.txt");
    ck_assert_ptr_null(g_dir_read_name(dir));
    ck_assert(file_remove_tree(folder, NULL));
    ck_assert(!g_file_test(folder, G_FILE_TEST_EXISTS));
}
END_TEST

static unsigned count_entries(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir))
        n++;
    return n;
}

START_TEST(a_draft_appears_whole_or_not_at_all)
{
    g_autofree char *folder = g_dir_make_tmp("clx-os-XXXXXX", NULL), *path = g_build_filename(folder, "a", NULL), *text = NULL;
    struct file_draft *draft = file_draft_new(path, NULL);

    ck_assert(file_draft_write(draft, "one ", 4, NULL));
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    ck_assert(file_draft_write(draft, "two", 3, NULL));
    ck_assert(file_draft_publish(draft, NULL));
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, "one two");
    draft = file_draft_new(path, NULL);
    ck_assert(file_draft_write(draft, "lost", 4, NULL));
    file_draft_free(draft);
    file_draft_free(NULL);
    ck_assert_uint_eq(count_entries(folder), 1);
    file_remove_tree(folder, NULL);
}
END_TEST

START_TEST(reading_is_bounded_and_refuses_what_is_no_file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = make_folder();
    ck_assert_ptr_null(file_read(folder, 100, &error));
    g_clear_error(&error);
    g_autofree char *path = g_build_filename(folder, "f", NULL);
    ck_assert(file_write_atomic(path, "12345", 5, NULL));
    ck_assert_ptr_null(file_read(path, 4, &error));
    ck_assert(strstr(error->message, "too large") != NULL);
    g_clear_error(&error);
    ck_assert_ptr_null(file_read("/nowhere/x", 4, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND));
    file_remove_tree(folder, NULL);
}
END_TEST

static bool collect(const char *relative, const struct stat *info, gpointer data)
{
    g_string_append_printf(data, "%s;", relative);
    return true;
}

START_TEST(walk_goes_in_name_order_and_survives_a_loop)
{
    g_autofree char *folder = make_folder();
    const char *names[] = {"b.txt", "a/z.txt", "a/c.txt"};
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        ck_assert(file_write_atomic(path, "", 0, NULL));
    }
    g_autofree char *link = g_build_filename(folder, "a", "loop", NULL);
    ck_assert_int_eq(symlink("..", link), 0);
    g_autoptr(GString) seen = g_string_new(NULL);
    ck_assert(file_walk(folder, NULL, collect, seen, NULL));
    ck_assert_str_eq(seen->str, "a/c.txt;a/z.txt;b.txt;");
    file_remove_tree(folder, NULL);
}
END_TEST

START_TEST(spawned_process_is_seen_ending_by_its_handle)
{
    const char *argv[] = {"sh", "-c", "exit $CODE", NULL};
    const char *env[] = {"CODE=7", NULL};
    struct process_options options = {.argv = argv, .env = env, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    struct process process;
    ck_assert(process_spawn(&options, &process, NULL));
    struct pollfd poll_fd = {.fd = process.pidfd, .events = POLLIN};
    ck_assert_int_eq(poll(&poll_fd, 1, 10000), 1);
    int status = 0;
    ck_assert_int_eq(process_reap(&process, &status), 1);
    ck_assert_int_eq(WEXITSTATUS(status), 7);
    process_clear(&process);
}
END_TEST

START_TEST(missing_program_is_not_found)
{
    const char *argv[] = {"no-such-program-of-clx", NULL};
    struct process_options options = {.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    struct process process;
    g_autoptr(GError) error = NULL;
    ck_assert(!process_spawn(&options, &process, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND));
}
END_TEST

/* Runs a command with a pipe as its descriptor 4 and gives what it wrote there. */
static char *run_and_read(const char *command, bool is_offline)
{
    int pipe_fds[2], log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
    const int more[] = {log, pipe_fds[1]};
    const char *argv[] = {"sh", "-c", command, NULL};
    struct process_options options = {
        .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .is_offline = is_offline, .more_fds = more, .n_more_fds = 2};
    struct process process;
    ck_assert(process_spawn(&options, &process, NULL));
    close(pipe_fds[1]);
    GString *text = g_string_new(NULL);
    char buffer[4096];
    for (ssize_t n; (n = read(pipe_fds[0], buffer, sizeof buffer)) > 0;)
        g_string_append_len(text, buffer, n);
    close(pipe_fds[0]);
    close(log);
    process_end(&process, 1000);
    return g_string_free(text, FALSE);
}

START_TEST(further_descriptors_reach_the_child_and_no_others)
{
    g_autofree char *text = run_and_read("for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || printf $fd; done >&4", false);
    ck_assert_str_eq(text, "34");
}
END_TEST

START_TEST(offline_process_has_no_network_but_a_dead_loopback)
{
    g_autofree char *text = run_and_read("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' \n' >&4", true);
    ck_assert_str_eq(text, "lo");
}
END_TEST

START_TEST(ending_a_process_ends_its_whole_tree)
{
    int fds[2];
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    const char *argv[] = {"sh", "-c", "trap '' TERM; setsid sleep 1000 & echo $!; wait; wait; sleep 1000", NULL};
    struct process_options options = {.argv = argv, .stdin_fd = -1, .stdout_fd = fds[1], .stderr_fd = -1, .new_group = true};
    struct process process;
    ck_assert(process_spawn(&options, &process, NULL));
    close(fds[1]);
    char text[32] = "";
    ck_assert(read(fds[0], text, sizeof text - 1) > 0);
    pid_t grandchild = atoi(text), child = process.pid;
    guint64 start = process_start_time(grandchild);
    ck_assert(process_is_alive(grandchild, start));
    process_end(&process, 50);
    ck_assert(!process_is_alive(child, 0));
    /* the grandchild was killed; it is gone as soon as its end of the pipe is */
    ck_assert_int_eq(read(fds[0], text, 1), 0);
    ck_assert(!process_is_alive(grandchild, start));
    close(fds[0]);
}
END_TEST

static struct process spawn_spinner(void)
{
    const char *argv[] = {"sh", "-c", "while :; do :; done", NULL};
    struct process process;
    cpu_set_t first;
    CPU_ZERO(&first);
    ck_assert_int_eq(sched_getaffinity(0, sizeof first, &first), 0);
    for (int cpu = 0, n = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &first) && n++ > 0)
            CPU_CLR(cpu, &first);
    ck_assert(process_spawn(&(struct process_options){.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1}, &process, NULL));
    ck_assert_int_eq(sched_setaffinity(process.pid, sizeof first, &first), 0);
    return process;
}

/* Three that compute share one processor. */
START_TEST(a_process_that_waits_for_a_processor_is_not_counted_as_awake)
{
    struct process spinners[] = {spawn_spinner(), spawn_spinner(), spawn_spinner()};
    struct scheduling before, now;
    ck_assert(scheduling_read(spinners[0].pid, &before));
    gint64 start = g_get_monotonic_time();
    do {
        poll(NULL, 0, 20);
        ck_assert(scheduling_read(spinners[0].pid, &now));
    } while (now.waited_us - before.waited_us < 500000);
    ck_assert_int_eq(now.state, 'R');
    ck_assert_double_lt(scheduling_awake_share(&before, &now, g_get_monotonic_time() - start), 0.7);
    for (unsigned i = 0; i < G_N_ELEMENTS(spinners); i++)
        process_end(&spinners[i], 0);
}
END_TEST

START_TEST(awake_is_what_a_process_could_have_used)
{
    const struct scheduling start = {'S', 1000, 500}, sleeping = {'S', 1100, 600}, starved = {'R', 1100, 500}, stopped = {'T', 1000, 500},
                            disk = {'D', 1000, 500}, computing = {'R', 2000, 500}, untold = {'R', 0, 0};
    ck_assert_double_eq(scheduling_awake_share(&start, &sleeping, 1000), 0.9);
    ck_assert_double_eq(scheduling_awake_share(&start, &starved, 1000), 0.1);
    ck_assert_double_eq(scheduling_awake_share(&start, &stopped, 1000), 1);
    ck_assert_double_eq(scheduling_awake_share(&start, &disk, 1000), 0);
    ck_assert_double_eq(scheduling_awake_share(&start, &computing, 1000), 1);
    ck_assert_double_eq(scheduling_awake_share(&untold, &untold, 1000), 1);
}
END_TEST

START_TEST(who_holds_a_lock_is_known)
{
    g_autofree char *folder = make_folder(), *path = g_build_filename(folder, "f", NULL);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 120, .l_len = 1};
    ck_assert(file_write_atomic(path, "", 0, NULL));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(file_lock_writer(path, 120), 0);
    ck_assert_int_eq(fcntl(fd, F_SETLK, &lock), 0);
    ck_assert_int_eq(file_lock_writer(path, 120), getpid());
    ck_assert_int_eq(file_lock_writer(path, 121), 0);
    close(fd);
    ck_assert_int_eq(file_lock_writer(path, 120), 0);
    ck_assert_int_eq(file_lock_writer("/nowhere/x", 120), 0);
    file_remove_tree(folder, NULL);
}
END_TEST

static void check_parents(const char *mounts, const char *groups, const char *expected)
{
    g_auto(GStrv) parents = cgroup_list_parents(mounts, groups);
    g_autofree char *found = g_strjoinv(" ", parents);
    ck_assert_str_eq(found, expected);
}

START_TEST(control_groups_are_looked_for_beside_this_process)
{
    const char *v2 = "24 18 0:22 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    const char *hybrid = "34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                         "36 30 0:33 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
                         "40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    check_parents(v2, "0::/user.slice/user-1.slice/a.scope\n",
                  "/sys/fs/cgroup/user.slice/user-1.slice/a.scope /sys/fs/cgroup/user.slice/user-1.slice");
    check_parents(v2, "0::/\n", "/sys/fs/cgroup");
    check_parents(hybrid, "9:name=systemd:/\n4:memory:/a/b\n0::/\n", "/sys/fs/cgroup/unified /sys/fs/cgroup/memory/a/b");
    check_parents("34 30 0:31 /docker/1 /m rw - cgroup cgroup rw,memory\n", "4:cpu,memory:/docker/1/x\n", "/m/x");
    check_parents("34 30 0:31 /docker/1 /m rw - cgroup cgroup rw,memory\n", "4:memory:/else\n", "");
    check_parents("40 30 0:37 / /m rw - cgroup2 cgroup2 rw\n", "0::/../..\n", "");
    check_parents("", "", "");
    check_parents("1 2 3\n - \n", "::\n0:\n", "");
}
END_TEST

/* Says so where none may be made: limits are then measured, which the tests of the supervisor show. */
START_TEST(a_control_group_holds_a_process_to_its_limit)
{
    g_autofree char *name = g_strdup_printf("clx-test-%d", (int)getpid());
    g_autofree char *folder = cgroup_make(name, 64 << 20);
    const char *argv[] = {"tail", "/dev/zero", NULL};
    struct process process;
    int status = 0;
    if (folder == NULL) {
        printf("no control group may be made here\n");
        return;
    }
    ck_assert(
        process_spawn(&(struct process_options){.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .control_group = folder},
                      &process, NULL));
    struct pollfd item = {.fd = process.pidfd, .events = POLLIN};
    ck_assert_int_eq(poll(&item, 1, 30000), 1);
    ck_assert_int_eq(process_reap(&process, &status), 1);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    struct cgroup_memory memory = cgroup_read_memory(folder);
    ck_assert_int_eq(memory.n_kills, 1);
    ck_assert_int_le(memory.peak, 64 << 20);
    ck_assert_ptr_null(cgroup_find(getpid(), name));
    cgroup_remove(name);
    ck_assert(!g_file_test(folder, G_FILE_TEST_EXISTS));
    process_clear(&process);
}
END_TEST

/* A process of its own in the group, which ends it as a worker does. */
START_TEST(a_process_that_leaves_its_control_group_removes_it)
{
    g_autofree char *name = g_strdup_printf("clx-leave-%d", (int)getpid());
    g_autofree char *folder = cgroup_make(name, 64 << 20), *above = folder != NULL ? g_path_get_dirname(folder) : NULL;
    int status = -1;
    if (folder == NULL) {
        printf("no control group may be made here\n");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        g_autofree char *procs = g_build_filename(folder, "cgroup.procs", NULL);
        int fd = open(procs, O_WRONLY | O_CLOEXEC);
        bool is_in = fd >= 0 && write(fd, "0", 1) == 1;
        cgroup_sweep((char *[]){above, NULL}, "clx-leave-", 0);
        is_in = is_in && g_file_test(folder, G_FILE_TEST_IS_DIR);
        cgroup_leave(folder);
        _exit(is_in && !g_file_test(folder, G_FILE_TEST_EXISTS) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(empty_control_groups_are_swept_away_when_they_are_old_enough)
{
    g_autofree char *name = g_strdup_printf("clx-sweep-%d", (int)getpid());
    g_autofree char *folder = cgroup_make(name, 64 << 20);
    if (folder == NULL) {
        printf("no control group may be made here\n");
        return;
    }
    cgroup_sweep(NULL, name, 60);
    ck_assert(g_file_test(folder, G_FILE_TEST_IS_DIR));
    cgroup_sweep(NULL, name, 0);
    ck_assert(!g_file_test(folder, G_FILE_TEST_EXISTS));
}
END_TEST

/* Makes a group of version 2, with or without its memory controller; NULL where that cannot be. */
static char *make_v2_group(const char *name)
{
    g_autofree char *mounts = NULL, *groups = NULL;
    ck_assert(g_file_get_contents("/proc/self/mountinfo", &mounts, NULL, NULL) &&
              g_file_get_contents("/proc/self/cgroup", &groups, NULL, NULL));
    g_auto(GStrv) parents = cgroup_list_parents(mounts, groups);
    for (char **parent = parents; *parent != NULL; parent++) {
        g_autofree char *folder = g_build_filename(*parent, name, NULL), *kill_file = g_build_filename(folder, "cgroup.kill", NULL);
        if (mkdir(folder, 0755) != 0)
            continue;
        if (g_file_test(kill_file, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&folder);
        rmdir(folder);
    }
    return NULL;
}

/* Of a kernel whose memory controller belongs to version 1, too: the rest of version 2 is real there. */
START_TEST(a_group_of_version_2_is_removed_with_all_that_is_in_it)
{
    g_autofree char *name = g_strdup_printf("clx-v2-%d", (int)getpid()), *folder = make_v2_group(name);
    g_autofree char *above = folder != NULL ? g_path_get_dirname(folder) : NULL;
    const char *argv[] = {"sh", "-c", "setsid sleep 600 & exec sleep 600", NULL};
    struct process process;
    int status = 0;
    if (folder == NULL) {
        printf("no control group of version 2 may be made here\n");
        return;
    }
    ck_assert(
        process_spawn(&(struct process_options){.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .control_group = folder},
                      &process, NULL));
    g_autofree char *found = cgroup_find(process.pid, name);
    ck_assert_str_eq(found, folder);
    cgroup_sweep((char *[]){above, NULL}, name, 0);
    ck_assert(g_file_test(folder, G_FILE_TEST_IS_DIR));
    cgroup_remove(name);
    ck_assert(!g_file_test(folder, G_FILE_TEST_EXISTS));
    ck_assert_int_eq(process_reap(&process, &status), 1);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    process_clear(&process);
}
END_TEST

/* A tree of files stands for version 2, whose memory controller not every kernel has: a group with something in it is refused by rmdir(). */
START_TEST(sweeping_touches_nothing_but_empty_groups_of_its_prefix)
{
    g_autofree char *top = g_strdup("/tmp/clx-groups-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(top));
    g_autofree char *empty = g_build_filename(top, "clx-direct-a", NULL), *used = g_build_filename(top, "clx-direct-b", NULL);
    g_autofree char *below = g_build_filename(used, "inner", NULL), *other = g_build_filename(top, "user.slice", NULL);
    ck_assert(file_make_folders(empty, NULL) && file_make_folders(below, NULL) && file_make_folders(other, NULL));
    cgroup_sweep((char *[]){top, (char *)"/nowhere", NULL}, "clx-direct-", 0);
    ck_assert(!g_file_test(empty, G_FILE_TEST_EXISTS));
    ck_assert(g_file_test(below, G_FILE_TEST_IS_DIR));
    ck_assert(g_file_test(other, G_FILE_TEST_IS_DIR));
    file_remove_tree(top, NULL);
}
END_TEST

/* The pipe closes within execve(), a moment before the new environment can be read. */
START_TEST(writing_to_a_pipe_that_nobody_reads_is_an_error_and_no_signal)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(file_write_to_pipe(ends[1], "x", 1), 1);
    close(ends[0]);
    for (int i = 0; i < 2; i++)
        ck_assert(file_write_to_pipe(ends[1], "x", 1) < 0 && errno == EPIPE);
    close(ends[1]);
}
END_TEST

START_TEST(marked_process_is_found_even_while_it_starts)
{
    char mark[] = "CLX_TEST_MARK=found", *const env[] = {mark, NULL};
    for (int i = 0; i < 50; i++) {
        int ends[2];
        char byte;
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        pid_t pid = fork();
        if (pid == 0) {
            execle("/bin/sleep", "sleep", "600", (char *)NULL, env);
            _exit(1);
        }
        close(ends[1]);
        ck_assert_int_eq(read(ends[0], &byte, 1), 0);
        process_kill_marked(mark);
        bool is_left = process_is_alive(pid, 0);
        kill(pid, SIGKILL);
        close(ends[0]);
        ck_assert_msg(!is_left, "round %d", i);
    }
}
END_TEST

START_TEST(scratch_folders_of_dead_processes_are_swept_and_no_others)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *base = runtime_base_path(), *dead = g_strdup_printf("%s/scratch-%d-1", base, (int)getpid());
    g_autofree char *strange = g_strdup_printf("%s/scratch-of-%d", base, (int)getpid());
    struct scratch *scratch = scratch_open(&error);
    ck_assert_ptr_nonnull(scratch);
    g_autofree char *own = g_strdup(g_getenv("TMPDIR"));
    ck_assert(g_file_test(own, G_FILE_TEST_IS_DIR));
    ck_assert(runtime_make_private_folder(dead, NULL) &&
              runtime_make_private_folder(strange, NULL)); /* the same number, started long ago */
    scratch_sweep();
    ck_assert(!g_file_test(dead, G_FILE_TEST_EXISTS));
    ck_assert(g_file_test(strange, G_FILE_TEST_IS_DIR) && g_file_test(own, G_FILE_TEST_IS_DIR));
    scratch_close(scratch);
    ck_assert(!g_file_test(own, G_FILE_TEST_EXISTS));
    ck_assert_int_eq(rmdir(strange), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("os");
    TCase *tcase = tcase_create("os");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, written_file_is_read_back_and_no_temporary_stays);
    tcase_add_test(tcase, a_draft_appears_whole_or_not_at_all);
    tcase_add_test(tcase, reading_is_bounded_and_refuses_what_is_no_file);
    tcase_add_test(tcase, walk_goes_in_name_order_and_survives_a_loop);
    tcase_add_test(tcase, spawned_process_is_seen_ending_by_its_handle);
    tcase_add_test(tcase, missing_program_is_not_found);
    tcase_add_test(tcase, further_descriptors_reach_the_child_and_no_others);
    tcase_add_test(tcase, offline_process_has_no_network_but_a_dead_loopback);
    tcase_add_test(tcase, ending_a_process_ends_its_whole_tree);
    tcase_add_test(tcase, a_process_that_waits_for_a_processor_is_not_counted_as_awake);
    tcase_add_test(tcase, awake_is_what_a_process_could_have_used);
    tcase_add_test(tcase, who_holds_a_lock_is_known);
    tcase_add_test(tcase, control_groups_are_looked_for_beside_this_process);
    tcase_add_test(tcase, a_control_group_holds_a_process_to_its_limit);
    tcase_add_test(tcase, a_process_that_leaves_its_control_group_removes_it);
    tcase_add_test(tcase, a_group_of_version_2_is_removed_with_all_that_is_in_it);
    tcase_add_test(tcase, empty_control_groups_are_swept_away_when_they_are_old_enough);
    tcase_add_test(tcase, sweeping_touches_nothing_but_empty_groups_of_its_prefix);
    tcase_add_test(tcase, writing_to_a_pipe_that_nobody_reads_is_an_error_and_no_signal);
    tcase_add_test(tcase, scratch_folders_of_dead_processes_are_swept_and_no_others);
    tcase_add_test(tcase, marked_process_is_found_even_while_it_starts);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
