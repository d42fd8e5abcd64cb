/* What our client adds to a cell, for bench/bench: bench-cell FOLDER. Prints two medians in ms: wall time of a cell through kernel_run(), and
 * of the same cell through a bare client of a kernel that was started in the same way: it signs and sends the request, then blocks until
 * "idle" and the reply have come, and neither parses nor checks nor keeps anything. The two take turns, so that noise hits both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "notebook/kernel/kernel.h"
#include "os/process.h"

#define N_ROUNDS 5
#define N_CELLS 60
#define N_FIRST 10 /* cells of a kernel that are not counted: Python meets the code for the first time */
#define SOURCE "print('value', 6 * 7)"
#define CONTENT                                                                                                                            \
    "{\"code\": \"" SOURCE "\", \"silent\": false, \"store_history\": true, \"user_expressions\": {}, \"allow_stdin\": false, "            \
    "\"stop_on_error\": false}"

static void fail(const char *problem)
{
    fprintf(stderr, "bench-cell: %s\n", problem);
    exit(EXIT_FAILURE);
}

/* ---- our client ---- */

static gint64 begins[N_CELLS + 1];

static void note_begin(int cell, int n_cells, gpointer data)
{
    begins[cell - 1] = g_get_monotonic_time();
}

static void free_cell(gpointer data)
{
    struct cell *cell = data;
    g_free(cell->source);
    json_decref(cell->outputs);
    g_free(cell);
}

static void run_ours(const char *folder, GArray *times)
{
    struct notebook notebook = {.cells = g_ptr_array_new_with_free_func(free_cell)};
    struct kernel_options options = {.kernel = "python3", .runtime_dir = folder, .source_name = "bench", .progress = note_begin};
    g_autoptr(GError) error = NULL;
    for (int i = 0; i <= N_CELLS; i++) {
        struct cell *cell = g_new0(struct cell, 1);
        cell->type = CELL_CODE;
        cell->source = g_strdup(SOURCE);
        g_ptr_array_add(notebook.cells, cell);
    }
    if (!kernel_run(&notebook, &options, &error))
        fail(error->message);
    for (int i = N_FIRST; i < N_CELLS; i++) {
        double ms = (double)(begins[i + 1] - begins[i]) / 1000.0;
        g_array_append_val(times, ms);
    }
    g_ptr_array_unref(notebook.cells);
}

/* ---- the bare client ---- */

struct bare {
    struct kernel_process *kernel;
    void *context, *shell, *iopub;
};

static void send_bare(const struct bare *bare, int n, const char *type, const char *content)
{
    g_autofree char *header = g_strdup_printf("{\"msg_id\": \"%d\", \"session\": \"bare\", \"username\": \"\", \"date\": "
                                              "\"2024-01-01T00:00:00Z\", \"msg_type\": \"%s\", \"version\": \"5.3\"}",
                                              n, type);
    g_autofree char *all = g_strconcat(header, "{}{}", content, NULL);
    const char *key = bare->kernel->key;
    g_autofree char *signature = g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)key, strlen(key), all, -1);
    const char *const frames[] = {"<IDS|MSG>", signature, header, "{}", "{}", content};
    for (unsigned i = 0; i < G_N_ELEMENTS(frames); i++)
        if (zmq_send(bare->shell, frames[i], strlen(frames[i]), i + 1 < G_N_ELEMENTS(frames) ? ZMQ_SNDMORE : 0) < 0)
            fail("cannot send");
}

static bool holds(zmq_msg_t *frame, const char *text)
{
    return g_strstr_len(zmq_msg_data(frame), (gssize)zmq_msg_size(frame), text) != NULL;
}

/* The next message: whether one of its frames holds `text` and one `id`; -1 when none came in the time that the socket waits. */
static int receive_bare(void *socket, const char *id, const char *text)
{
    bool has_id = false, has_text = false, more = true;
    while (more) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, 0) < 0)
            return -1;
        has_id |= holds(&frame, id);
        has_text |= holds(&frame, text);
        more = zmq_msg_more(&frame) != 0;
        zmq_msg_close(&frame);
    }
    return has_id && has_text;
}

static bool await_bare(void *socket, int n, const char *text)
{
    g_autofree char *id = g_strdup_printf("\"msg_id\": \"%d\"", n);
    int got;
    do
        got = receive_bare(socket, id, text);
    while (got == 0);
    return got > 0;
}

static void *connect_bare(const struct bare *bare, enum channel channel, int type)
{
    int linger = 0, wait_ms = 1000, reconnect_ms = 2;
    void *socket = zmq_socket(bare->context, type);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &reconnect_ms, sizeof reconnect_ms);
    if (type == ZMQ_SUB)
        zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    if (zmq_connect(socket, bare->kernel->addresses[channel]) != 0)
        fail("cannot connect");
    return socket;
}

static void open_bare(struct bare *bare, const struct kernelspec *spec, const char *folder)
{
    int n = 0;
    g_autoptr(GError) error = NULL;
    bare->kernel = kernel_process_start(spec, folder, NULL, NULL, &error);
    if (bare->kernel == NULL)
        fail(error->message);
    bare->context = zmq_ctx_new();
    bare->shell = connect_bare(bare, CHANNEL_SHELL, ZMQ_DEALER);
    bare->iopub = connect_bare(bare, CHANNEL_IOPUB, ZMQ_SUB);
    do /* until the subscription counts */
        send_bare(bare, --n, "kernel_info_request", "{}");
    while (!await_bare(bare->iopub, n, "\"idle\"") && n > -60);
    if (!await_bare(bare->shell, n, "kernel_info_reply"))
        fail("the kernel does not answer");
}

static void close_bare(struct bare *bare)
{
    zmq_close(bare->shell);
    zmq_close(bare->iopub);
    zmq_ctx_term(bare->context);
    kernel_process_end(bare->kernel);
}

static void run_bare(const char *folder, GArray *times)
{
    struct bare bare;
    struct kernelspec *spec = kernelspec_find("python3", NULL);
    if (spec == NULL)
        fail("kernel 'python3' is not installed");
    open_bare(&bare, spec, folder);
    for (int i = 0; i < N_CELLS; i++) {
        gint64 start = g_get_monotonic_time();
        send_bare(&bare, i, "execute_request", CONTENT);
        if (!await_bare(bare.iopub, i, "\"idle\"") || !await_bare(bare.shell, i, "execute_reply"))
            fail("the kernel does not answer");
        double ms = (double)(g_get_monotonic_time() - start) / 1000.0;
        if (i >= N_FIRST)
            g_array_append_val(times, ms);
    }
    close_bare(&bare);
    kernelspec_free(spec);
}

static int compare(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(GArray *times)
{
    g_array_sort(times, compare);
    return g_array_index(times, double, times->len / 2);
}

int main(int argc, char **argv)
{
    g_autoptr(GArray) ours = g_array_new(FALSE, FALSE, sizeof(double)), bare = g_array_new(FALSE, FALSE, sizeof(double));
    if (argc != 2)
        return EXIT_FAILURE;
    process_become_subreaper();
    for (int i = 0; i < N_ROUNDS; i++) {
        run_ours(argv[1], ours);
        run_bare(argv[1], bare);
    }
    printf("%f %f\n", median(ours), median(bare));
    return EXIT_SUCCESS;
}
