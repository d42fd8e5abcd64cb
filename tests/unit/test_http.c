/* The HTTP server by a client that knows nothing but sockets: what it sends and sees are the bytes on the wire. */
#include <check.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/http_listen.h"
#include "net/http_server.h"
#include "os/file.h"

#define LIMIT_S 20

struct fixture {
    struct http_server *server;
    char *folder, *path;
    struct http_request *waiting;
    int n_gone, n_handled;
};

static void on_gone(gpointer data)
{
    struct fixture *fixture = data;

    fixture->n_gone++;
    fixture->waiting = NULL;
}

static unsigned admit(struct http_request *request, gpointer data)
{
    return g_str_equal(http_request_path(request), "/forbidden") ? 401 : 0;
}

static void reply_file(struct http_request *request, struct fixture *fixture)
{
    FILE *file = tmpfile();

    fputs("0123456789", file);
    fflush(file);
    http_reply_file(request, 206, NULL, dup(fileno(file)), 3, 4);
    fclose(file);
}

static void handle(struct http_request *request, gpointer data)
{
    struct fixture *fixture = data;
    const char *path = http_request_path(request);
    size_t length;
    g_autofree char *text = g_strdup_printf("%s %s q=%s body=%s", http_request_method(request), path, http_request_query(request, "q"),
                                            http_request_body(request, &length));

    fixture->n_handled++;
    if (g_str_equal(path, "/wait") || g_str_equal(path, "/stream")) {
        fixture->waiting = request;
        http_request_on_gone(request, on_gone, fixture);
    }
    if (g_str_equal(path, "/stream"))
        http_stream_begin(request, (const struct http_header[]){{"Content-Type", "text/event-stream"}, {NULL, NULL}});
    else if (g_str_equal(path, "/file"))
        reply_file(request, fixture);
    else if (!g_str_equal(path, "/wait"))
        http_reply_text(request, 200, "text/plain", text);
}

static void set_up(struct fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    *fixture = (struct fixture){.folder = g_dir_make_tmp("clx-http-XXXXXX", NULL)};
    fixture->path = g_build_filename(fixture->folder, "socket", NULL);
    fixture->server =
        http_server_new(http_listen_unix(fixture->path, &error),
                        &(struct http_server_options){.admit = admit, .handle = handle, .data = fixture, .body_limit = 1000}, &error);
    g_assert_no_error(error);
}

static void tear_down(struct fixture *fixture)
{
    http_server_free(fixture->server);
    file_remove_tree(fixture->folder, NULL);
    g_free(fixture->folder);
    g_free(fixture->path);
}

static int connect_client(const struct fixture *fixture)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, fixture->path, sizeof(address.sun_path));
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static gboolean on_limit(gpointer data)
{
    ck_abort_msg("waited in vain");
    return G_SOURCE_REMOVE;
}

struct reading {
    GString *text;
    const char *end;
    bool is_done;
};

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    struct reading *reading = data;
    char buffer[4096];
    ssize_t length = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

    if (length > 0)
        g_string_append_len(reading->text, buffer, length);
    reading->is_done = length <= 0 || (reading->end && strstr(reading->text->str, reading->end));
    return !reading->is_done;
}

/* What the server sends until a text, or (NULL) until it hangs up; the caller frees it. */
static char *receive(int fd, const char *end)
{
    struct reading reading = {.text = g_string_new(NULL), .end = end};
    guint limit = g_timeout_add_seconds(LIMIT_S, on_limit, NULL);

    g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_readable, &reading);
    while (!reading.is_done)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(limit);
    return g_string_free(reading.text, FALSE);
}

static void wait_for(const int *number, int value)
{
    guint limit = g_timeout_add_seconds(LIMIT_S, on_limit, NULL);

    while (*number != value)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(limit);
}

START_TEST(a_request_reaches_its_handler_decoded)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture);
    send_text(fd, "POST /a%20b?q=x%26y&r HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
    send_text(fd, "lo");
    g_autofree char *reply = receive(fd, "hello");
    ck_assert_ptr_nonnull(strstr(reply, "HTTP/1.1 200 OK"));
    ck_assert_ptr_nonnull(strstr(reply, "POST /a b q=x&y body=hello"));
    send_text(fd, "GET /again?q=1 HTTP/1.1\r\nHost: x\r\n\r\n"); /* the connection is kept */
    g_autofree char *second = receive(fd, "body=");
    ck_assert_ptr_nonnull(strstr(second, "GET /again q=1 body="));
    close(fd);
    tear_down(&fixture);
}
END_TEST

/* ---- groups ---- */

struct group {
    struct fixture fixture;
    bool is_open, is_lost;
    int n_begun, n_ended;
};

static bool belongs(const struct http_request *request, gpointer data)
{
    return g_str_equal(http_request_method(request), "POST");
}

static void begin_group(gpointer data)
{
    struct group *group = data;

    ck_assert(!group->is_open);
    group->is_open = true;
    group->n_begun++;
}

static bool end_group(gpointer data)
{
    struct group *group = data;

    ck_assert(group->is_open);
    group->is_open = false;
    group->n_ended++;
    return !group->is_lost;
}

static void handle_in_group(struct http_request *request, gpointer data)
{
    struct group *group = data;

    ck_assert(group->is_open == g_str_equal(http_request_method(request), "POST"));
    handle(request, &group->fixture);
}

static void set_up_group(struct group *group)
{
    static const struct http_grouping grouping = {belongs, begin_group, end_group};
    struct fixture *fixture = &group->fixture;

    *group = (struct group){.fixture.folder = g_dir_make_tmp("clx-http-XXXXXX", NULL)};
    fixture->path = g_build_filename(fixture->folder, "socket", NULL);
    fixture->server = http_server_new(
        http_listen_unix(fixture->path, NULL),
        &(struct http_server_options){.handle = handle_in_group, .grouping = &grouping, .data = group, .body_limit = 1000}, NULL);
}

#define POST_TEXT(path) "POST " path " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"

START_TEST(requests_that_come_together_are_one_group)
{
    struct group group;
    set_up_group(&group);
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = connect_client(&group.fixture);
        send_text(fds[i], POST_TEXT("/a"));
    }
    for (int i = 0; i < 3; i++) {
        g_autofree char *reply = receive(fds[i], "hello");
        ck_assert_ptr_nonnull(strstr(reply, "HTTP/1.1 200 OK"));
    }
    ck_assert_int_le(group.n_begun, 2); /* the library accepts connections in one turn, and reads in that or the next */
    ck_assert_int_eq(group.n_begun, group.n_ended);
    send_text(fds[0], "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"); /* belongs to none */
    g_autofree char *reply = receive(fds[0], "body=");
    ck_assert_int_le(group.n_begun, 2);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    tear_down(&group.fixture);
}
END_TEST

START_TEST(a_group_that_came_to_nothing_is_told_so)
{
    struct group group;
    set_up_group(&group);
    group.is_lost = true;
    int fd = connect_client(&group.fixture);
    send_text(fd, POST_TEXT("/a"));
    g_autofree char *reply = receive(fd, "\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(reply, "HTTP/1.1 500 "));
    ck_assert_ptr_null(strstr(reply, "hello"));
    close(fd);
    tear_down(&group.fixture);
}
END_TEST

START_TEST(a_request_of_a_group_may_wait_and_be_given_up)
{
    struct group group;
    set_up_group(&group);
    int fd = connect_client(&group.fixture);
    send_text(fd, POST_TEXT("/wait"));
    wait_for(&group.fixture.n_handled, 1);
    wait_for(&group.n_ended, 1);
    http_reply_text(group.fixture.waiting, 200, "text/plain", "late");
    g_autofree char *reply = receive(fd, "late");
    send_text(fd, POST_TEXT("/wait"));
    wait_for(&group.n_ended, 2);
    close(fd);
    wait_for(&group.fixture.n_gone, 1);
    tear_down(&group.fixture);
}
END_TEST

START_TEST(a_refused_request_is_not_read)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture);
    send_text(fd, "POST /forbidden HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    g_autofree char *reply = receive(fd, NULL);
    ck_assert_ptr_nonnull(strstr(reply, "HTTP/1.1 401 "));
    ck_assert_int_eq(fixture.n_handled, 0);
    close(fd);
    tear_down(&fixture);
}
END_TEST

START_TEST(a_body_over_the_limit_is_refused)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture);
    send_text(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
    g_autofree char *reply = receive(fd, NULL);
    ck_assert_ptr_nonnull(strstr(reply, "HTTP/1.1 413 "));
    close(fd);
    fd = connect_client(&fixture);
    send_text(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n");
    g_autofree char *body = g_strnfill(1001, 'x');
    send_text(fd, body);
    g_autofree char *nothing = receive(fd, NULL);
    ck_assert_ptr_null(strstr(nothing, "200 OK"));
    ck_assert_int_eq(fixture.n_handled, 0);
    close(fd);
    tear_down(&fixture);
}
END_TEST

START_TEST(a_long_poll_is_answered_later)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture);
    send_text(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for(&fixture.n_handled, 1);
    http_reply_text(fixture.waiting, 200, "text/plain", "at last");
    g_autofree char *reply = receive(fd, "at last");
    ck_assert_int_eq(fixture.n_gone, 0);
    close(fd);
    tear_down(&fixture);
}
END_TEST

START_TEST(a_client_that_hangs_up_is_noticed)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture);
    send_text(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for(&fixture.n_handled, 1);
    close(fd);
    wait_for(&fixture.n_gone, 1);
    tear_down(&fixture);
}
END_TEST

START_TEST(requests_that_wait_are_gone_with_the_server)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture), other = connect_client(&fixture);
    send_text(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    send_text(other, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for(&fixture.n_handled, 2);
    tear_down(&fixture);
    ck_assert_int_eq(fixture.n_gone, 2);
    close(fd);
    close(other);
}
END_TEST

START_TEST(a_stream_sends_events_one_by_one)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture);
    send_text(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for(&fixture.n_handled, 1);
    http_stream_send_event(fixture.waiting, NULL, "one\ntwo");
    g_autofree char *first = receive(fd, "data: two\n\n");
    ck_assert_ptr_nonnull(strstr(first, "data: one\n"));
    ck_assert_ptr_nonnull(strstr(first, "text/event-stream"));
    http_stream_send_event(fixture.waiting, "done", "3");
    g_autofree char *second = receive(fd, "event: done\ndata: 3\n\n");
    http_stream_end(fixture.waiting);
    wait_for(&fixture.n_gone, 1);
    close(fd);
    tear_down(&fixture);
}
END_TEST

START_TEST(a_reader_that_lags_behind_is_cut_off)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture);
    g_autofree char *block = g_strnfill(100000, 'x');
    send_text(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for(&fixture.n_handled, 1);
    for (int i = 0; i < 100 && fixture.n_gone == 0; i++) {
        http_stream_send(fixture.waiting, block, 100000);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    wait_for(&fixture.n_gone, 1);
    close(fd);
    tear_down(&fixture);
}
END_TEST

START_TEST(a_part_of_a_file_is_sent)
{
    struct fixture fixture;
    set_up(&fixture);
    int fd = connect_client(&fixture);
    send_text(fd, "GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    g_autofree char *reply = receive(fd, NULL);
    ck_assert(g_str_has_suffix(reply, "\r\n\r\n3456"));
    close(fd);
    tear_down(&fixture);
}
END_TEST

START_TEST(what_is_no_http_is_refused)
{
    static const char *const texts[] = {"GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x01\r\n\r\n",
                                        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"};
    struct fixture fixture;
    set_up(&fixture);
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        int fd = connect_client(&fixture);
        send_text(fd, texts[i]);
        g_autofree char *reply = receive(fd, NULL);
        ck_assert_ptr_null(strstr(reply, "200 OK"));
        close(fd);
    }
    ck_assert_int_eq(fixture.n_handled, 0);
    tear_down(&fixture);
}
END_TEST

START_TEST(a_port_that_is_taken_is_followed_by_the_next)
{
    unsigned first, second;
    int fd = http_listen_tcp("127.0.0.1", 0, 1, &first, NULL);
    int other = http_listen_tcp("127.0.0.1", first, 50, &second, NULL);
    g_autoptr(GError) error = NULL;
    ck_assert(fd >= 0 && other >= 0 && second > first);
    ck_assert_int_lt(http_listen_tcp("127.0.0.1", first, 1, &second, &error), 0);
    ck_assert_ptr_nonnull(strstr(error->message, "cannot listen at 127.0.0.1"));
    close(fd);
    close(other);
}
END_TEST

START_TEST(a_unix_socket_is_for_its_user_alone)
{
    struct fixture fixture;
    struct stat info;
    g_autofree char *file = NULL;
    set_up(&fixture);
    ck_assert_int_eq(lstat(fixture.path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
    file = g_build_filename(fixture.folder, "file", NULL);
    ck_assert(g_file_set_contents(file, "x", 1, NULL));
    ck_assert_int_lt(http_listen_unix(file, NULL), 0);
    ck_assert(g_file_test(file, G_FILE_TEST_IS_REGULAR));
    tear_down(&fixture);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_request_reaches_its_handler_decoded,
        requests_that_come_together_are_one_group,
        a_group_that_came_to_nothing_is_told_so,
        a_request_of_a_group_may_wait_and_be_given_up,
        a_refused_request_is_not_read,
        a_body_over_the_limit_is_refused,
        a_long_poll_is_answered_later,
        a_client_that_hangs_up_is_noticed,
        requests_that_wait_are_gone_with_the_server,
        a_stream_sends_events_one_by_one,
        a_reader_that_lags_behind_is_cut_off,
        a_part_of_a_file_is_sent,
        what_is_no_http_is_refused,
        a_port_that_is_taken_is_followed_by_the_next,
        a_unix_socket_is_for_its_user_alone,
    };
    Suite *suite = suite_create("http");
    TCase *tcase = tcase_create("server");
    SRunner *runner = srunner_create(suite);
    int n_failed;

    tcase_set_timeout(tcase, 60);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? 1 : 0;
}
