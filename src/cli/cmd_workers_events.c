#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/jobs_command.h"
#include "cli/when.h"
#include "os/signals.h"
#include "store/doorbell.h"

#define SAFETY_LOOK_S 2
#define DASH(text) ((text) != NULL ? (text) : "-")

struct event_listing {
    struct invocation *invocation;
    bool is_json, follows;
    const char *type, *session, *since;
    gint64 last; /* id of the last event that was printed */
    json_t *rows;
    GMainLoop *loop;
    int status;
};

static json_t *event_to_json(const struct event_row *row)
{
    json_t *metadata = row->metadata != NULL ? json_loads(row->metadata, 0, NULL) : NULL;
    return json_pack("{s:I, s:s, s:o, s:s?, s:s?, s:s?, s:s?, s:s, s:o}", "id", (json_int_t)row->id, "event_type", row->event_type,
                     "worker_id", row->worker_id != 0 ? json_integer(row->worker_id) : json_null(), "worker_type", row->worker_type,
                     "execution_mode", row->execution_mode, "session_id", row->session_id, "message", row->message, "created_at",
                     row->created_at, "metadata", metadata != NULL ? metadata : json_null());
}

/* One line; what a program wrote may hold anything. */
static void print_line(const struct event_row *row)
{
    g_autofree char *worker = row->worker_id != 0 ? g_strdup_printf("%" G_GINT64_FORMAT, row->worker_id) : g_strdup("-");
    g_autofree char *message = g_utf8_make_valid(DASH(row->message), -1);
    for (char *p = message; *p != '\0'; p++)
        if (g_ascii_iscntrl(*p))
            *p = ' ';
    printf("%s  %-17s  %-8s  %5s  %s\n", row->created_at, row->event_type, DASH(row->worker_type), worker, message);
}

/* Who follows gets a line for each event as it comes, in JSON too. */
static void print_event(const struct event_row *row, gpointer data)
{
    struct event_listing *listing = data;
    listing->last = row->id;
    if (!listing->is_json) {
        print_line(row);
        return;
    }
    json_t *object = event_to_json(row);
    if (!listing->follows) {
        json_array_append_new(listing->rows, object);
        return;
    }
    g_autofree char *line = json_to_text(object);
    json_decref(object);
    puts(line);
}

/* What is new; a database that is not there yet has nothing. False after a message. */
static bool look(struct event_listing *listing)
{
    g_autoptr(store) store = NULL;
    g_autoptr(GError) error = NULL;
    int opened = jobs_command_open(listing->invocation, &store, &listing->status);
    if (opened <= 0)
        return opened == 0;
    if (!event_list(store, listing->last, listing->type, listing->session, listing->since, print_event, listing, &error)) {
        listing->status = report_error(error);
        return false;
    }
    if (fflush(stdout) == 0)
        return true;
    listing->status = 1;
    return false;
}

static void look_again(struct event_listing *listing)
{
    if (!look(listing))
        g_main_loop_quit(listing->loop);
}

static gboolean on_bell(gint fd, GIOCondition condition, gpointer data)
{
    doorbell_drain(fd);
    look_again(data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_timer(gpointer data)
{
    look_again(data);
    return G_SOURCE_CONTINUE;
}

static void on_signal(int signal_number, gpointer data)
{
    struct event_listing *listing = data;
    listing->status = 130;
    g_main_loop_quit(listing->loop);
}

/* Whoever read it has gone: nothing more will be wanted. A file is always ready, and is not asked. */
static gboolean on_reader_gone(gint fd, GIOCondition condition, gpointer data)
{
    on_signal(SIGPIPE, data);
    return G_SOURCE_REMOVE;
}

/* The bell is hung before the first look, so that nothing is missed in between. */
static int follow(struct event_listing *listing)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, 0};
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int fd = doorbell_listen(settings_jobs_db(invocation_settings(listing->invocation)), EVENTS_BELL, &path, &error);
    if (fd < 0)
        return report_error(error);
    listing->loop = g_main_loop_new(NULL, FALSE);
    signals_watch(signals, on_signal, listing);
    g_unix_fd_add(fd, G_IO_IN, on_bell, listing);
    g_unix_fd_add(STDOUT_FILENO, G_IO_ERR, on_reader_gone, listing);
    g_timeout_add_seconds(SAFETY_LOOK_S, on_timer, listing);
    if (look(listing))
        g_main_loop_run(listing->loop);
    unlink(path);
    close(fd);
    g_main_loop_unref(listing->loop);
    return listing->status;
}

static int run_events(struct invocation *invocation)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) rows = json_array();
    const char *since = invocation_option(invocation, "since");
    g_autofree char *time = since != NULL ? when_parse(since, &error) : NULL;
    if (error != NULL)
        return report_failure(2, "--since: %s", error->message);
    if (invocation_settings(invocation) == NULL)
        return 2;
    struct event_listing listing = {
        .invocation = invocation,
        .is_json = invocation_choice(invocation, "format", LIST_TABLE) == LIST_JSON,
        .follows = invocation_option(invocation, "follow") != NULL,
        .type = invocation_option(invocation, "type"),
        .session = invocation_option(invocation, "session"),
        .since = time,
        .rows = rows,
    };
    if (listing.follows)
        return follow(&listing);
    if (!look(&listing))
        return listing.status;
    if (listing.is_json)
        print_json(rows);
    else if (listing.last == 0)
        report_done(invocation, "no events\n");
    return 0;
}

static const struct option options[] = {
    {"type", 0, "EVENT", "only events of this type", false, event_type_names},
    {"session", 0, "ID", "only events of this build"},
    {"since", 0, "WHEN", "only later events: a UTC time, or how long ago (10m, 2h)"},
    {"follow", 0, NULL, "go on with what happens from now on"},
    {"format", 0, "FORMAT", "how to print them", false, list_format_names},
    {NULL},
};

extern const struct command cmd_workers_events;
const struct command cmd_workers_events = {
    .name = "workers events",
    .operands = "",
    .purpose = "Show what happened to the workers, oldest first.",
    .example = "clx workers events --since=10m --follow",
    .options = options,
    .run = run_events,
};
