/* One build process and many workers that only pretend to work, over loopback. usage: bench-fleet [WORKERS [SECONDS [JOBS]]] (1000 workers, 10 s,
 * 200 000 jobs; 0 workers: blobs only).
 *
 * The build process is the real Worker API over a real database, forked off, so that its memory and its processor time are its own. The workers are
 * connections of this process, each a small state machine: claim -> work for a while -> done -> claim …, with a heartbeat every 2 s as real ones. Three
 * runs: one worker (the round trip of a claim), all with jobs of no length (where it saturates), all with jobs of 0.1 to 10 s (what a day is like). */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "os/data.h"
#include "os/file.h"
#include "web/worker_api.h"
#include "worker/api_client.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define HEARTBEAT_US (2 * G_USEC_PER_SEC)
#define REPLY_LIMIT 65536
#define SINGLE_CLAIMS 400 /* of the run with one worker: no more than the server lets one do at once */
#define BLOB_SIZE (64u * 1024 * 1024)

G_NORETURN static void die(const char *what, const GError *error)
{
    fprintf(stderr, "bench-fleet: %s: %s\n", what, error ? error->message : g_strerror(errno));
    exit(1);
}

/* ---- the build ---- */

static json_t *make_payload(const char *folder)
{
    g_autofree char *source = g_build_filename(folder, "slides.py", NULL), *templates = data_path("templates");
    g_autofree char *python = g_build_filename(templates, "python", NULL);

    file_write_atomic(source, "# %%\nprint(1)\n", 13, NULL);
    return json_pack("{s:s, s:s, s:[{s:s, s:s, s:s}], s:[s, s], s:[]}", "source", source, "name", "slides.py", "outputs", "language", "en",
                     "kind", "completed", "format", "html", "template_dirs", python, templates, "topic_files");
}

static void submit_jobs(struct store *store, const char *folder, int n_jobs)
{
    g_autoptr(json_t) payload = make_payload(folder);
    g_autoptr(GError) error = NULL;

    if (!store_begin(store, &error))
        die("jobs", error);
    for (int i = 0; i < n_jobs; i++) {
        struct job job = {.type = JOB_NOTEBOOK, .content_hash = (char *)"0", .session_id = (char *)"bench", .payload = payload};
        if (!job_submit(store, &job, &error))
            die("jobs", error);
    }
    if (!store_commit(store, &error))
        die("jobs", error);
}

G_NORETURN static void serve(const char *folder, int n_jobs, int port_fd)
{
    g_autofree char *jobs_db = g_build_filename(folder, "clx_jobs.db", NULL), *cache_db = g_build_filename(folder, "clx_cache.db", NULL);
    g_autoptr(GError) error = NULL;
    struct store *store = store_open(jobs_db, &error);
    struct cache *cache = store ? cache_open(cache_db, &error) : NULL;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!cache)
        die("database", error);
    submit_jobs(store, folder, n_jobs);
    struct worker_api *api = worker_api_new(
        &(struct worker_api_options){
            .store = store, .cache = cache, .jobs_db = jobs_db, .session_id = "bench", .token = TOKEN, .heartbeat_limit_s = 30},
        &error);
    unsigned port = worker_api_listen_tcp(api, "127.0.0.1", 0, &error);
    if (!port || write(port_fd, &port, sizeof(port)) != sizeof(port))
        die("listen", error);
    for (;;)
        g_main_context_iteration(NULL, TRUE);
}

/* ---- a worker ---- */

enum activity { REGISTERING, CLAIMING, WORKING, ENDING, BEATING };

struct worker {
    int fd;
    enum activity activity;
    gint64 id, job;
    int token;
    gint64 sent_at, work_until, beat_at; /* monotonic, us */
    char reply[REPLY_LIMIT];
    size_t n;
};

struct fleet {
    unsigned port;
    int epoll_fd;
    double shortest_s, longest_s; /* of jobs; 0: no length */
    GArray *claim_us;             /* how long each claim took */
    guint64 n_requests, n_ended;
};

static void post(struct worker *worker, const char *path, const char *body)
{
    g_autofree char *text = g_strdup_printf("POST /api/worker/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " TOKEN
                                            "\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                            path, strlen(body), body);

    worker->n = 0;
    worker->sent_at = g_get_monotonic_time();
    if (send(worker->fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        die("send", NULL);
}

static void claim(struct worker *worker)
{
    g_autofree char *body = g_strdup_printf("{\"worker_id\":%" G_GINT64_FORMAT ",\"job_type\":\"notebook\",\"wait\":25}", worker->id);

    worker->activity = CLAIMING;
    post(worker, "jobs/claim", body);
}

static void end_job(struct worker *worker)
{
    g_autofree char *path = g_strdup_printf("jobs/%" G_GINT64_FORMAT "/status", worker->job);
    g_autofree char *body = g_strdup_printf("{\"worker_id\":%" G_GINT64_FORMAT ",\"status\":\"completed\",\"token\":%d,"
                                            "\"result\":{\"outputs\":[],\"warnings\":[],\"deps\":[]}}",
                                            worker->id, worker->token);

    worker->activity = ENDING;
    post(worker, path, body);
}

static void beat(struct worker *worker, gint64 now)
{
    g_autofree char *body =
        g_strdup_printf("{\"worker_id\":%" G_GINT64_FORMAT ",\"progress\":\"cell\",\"job_id\":%" G_GINT64_FORMAT ",\"token\":%d}",
                        worker->id, worker->job, worker->token);

    worker->activity = BEATING;
    worker->beat_at = now + HEARTBEAT_US;
    post(worker, "heartbeat", body);
}

static gint64 choose_length(const struct fleet *fleet)
{
    if (fleet->longest_s <= 0)
        return 0;
    return (gint64)(fleet->shortest_s * pow(fleet->longest_s / fleet->shortest_s, g_random_double()) * G_USEC_PER_SEC);
}

static gint64 find_number(const char *text, const char *name)
{
    const char *found = strstr(text, name);

    return found ? g_ascii_strtoll(found + strlen(name), NULL, 10) : 0;
}

static void take_job(struct fleet *fleet, struct worker *worker, const char *body)
{
    gint64 now = g_get_monotonic_time(), took = now - worker->sent_at;

    worker->job = find_number(body, "\"job\":{\"id\":");
    worker->token = (int)find_number(body, "\"token\":");
    if (!worker->job) {
        claim(worker);
        return;
    }
    g_array_append_val(fleet->claim_us, took);
    worker->work_until = now + choose_length(fleet);
    worker->beat_at = now + HEARTBEAT_US;
    worker->activity = WORKING;
    if (fleet->longest_s <= 0)
        end_job(worker);
}

static void on_reply(struct fleet *fleet, struct worker *worker, const char *body)
{
    fleet->n_requests++;
    if (strncmp(worker->reply, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "bench-fleet: %.200s\n", worker->reply);
        exit(1);
    }
    if (worker->activity == REGISTERING) {
        worker->id = find_number(body, "\"worker_id\":");
        claim(worker);
    } else if (worker->activity == CLAIMING) {
        take_job(fleet, worker, body);
    } else if (worker->activity == BEATING) {
        worker->activity = WORKING;
    } else {
        fleet->n_ended++;
        claim(worker);
    }
}

static void read_reply(struct fleet *fleet, struct worker *worker)
{
    ssize_t n = recv(worker->fd, worker->reply + worker->n, REPLY_LIMIT - 1 - worker->n, 0);

    if (n <= 0)
        die("the build hung up", NULL);
    worker->n += (size_t)n;
    worker->reply[worker->n] = '\0';
    const char *body = strstr(worker->reply, "\r\n\r\n");
    if (body && worker->n >= (size_t)(body + 4 - worker->reply) + (size_t)find_number(worker->reply, "Content-Length: "))
        on_reply(fleet, worker, body + 4);
}

static void connect_worker(struct fleet *fleet, struct worker *worker)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((guint16)fleet->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};

    worker->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (worker->fd < 0 || connect(worker->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        die("connect", NULL);
    epoll_ctl(fleet->epoll_fd, EPOLL_CTL_ADD, worker->fd, &event);
    worker->activity = REGISTERING;
    post(worker, "register", "{\"worker_type\":\"notebook\"}");
}

/* ---- a run ---- */

static void look_at_clocks(struct worker *workers, int n_workers)
{
    gint64 now = g_get_monotonic_time();

    for (int i = 0; i < n_workers; i++) {
        struct worker *worker = &workers[i];
        if (worker->activity == WORKING && worker->work_until <= now)
            end_job(worker);
        else if (worker->activity == WORKING && worker->beat_at <= now)
            beat(worker, now);
    }
}

static double cpu_s(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid), *text = NULL;
    unsigned long user = 0, system = 0;

    if (g_file_get_contents(path, &text, NULL, NULL))
        sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double peak_mb(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid), *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? (double)find_number(text, "VmHWM:") / 1024 : 0;
}

static int compare(gconstpointer one, gconstpointer other)
{
    return (*(const gint64 *)one > *(const gint64 *)other) - (*(const gint64 *)one < *(const gint64 *)other);
}

static double percentile_ms(const GArray *sorted, double part)
{
    return sorted->len ? (double)g_array_index(sorted, gint64, (unsigned)((sorted->len - 1) * part)) / 1000 : 0;
}

static void run(struct fleet *fleet, const char *title, int n_workers, double seconds, pid_t build)
{
    struct worker *workers = g_new0(struct worker, (gsize)n_workers);
    struct epoll_event events[256];

    fleet->claim_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    fleet->n_ended = fleet->n_requests = 0;
    fleet->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < n_workers; i++)
        connect_worker(fleet, &workers[i]);
    gint64 start = g_get_monotonic_time();
    double cpu = cpu_s(build);
    while (g_get_monotonic_time() - start < (gint64)(seconds * G_USEC_PER_SEC) && (n_workers > 1 || fleet->claim_us->len < SINGLE_CLAIMS)) {
        int n = epoll_wait(fleet->epoll_fd, events, G_N_ELEMENTS(events), 10);
        for (int i = 0; i < n; i++)
            read_reply(fleet, events[i].data.ptr);
        if (fleet->longest_s > 0)
            look_at_clocks(workers, n_workers);
    }
    double took = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    cpu = cpu_s(build) - cpu;
    g_array_sort(fleet->claim_us, compare);
    printf("%-34s %7.0f claims/s %7.0f requests/s  claim %6.2f ms median %7.2f ms 99 %%  build: %3.0f %% CPU, %3.0f us/request, %3.0f MB\n",
           title, fleet->claim_us->len / took, (double)fleet->n_requests / took, percentile_ms(fleet->claim_us, 0.5),
           percentile_ms(fleet->claim_us, 0.99), 100 * cpu / took, 1e6 * cpu / (double)MAX(fleet->n_requests, 1), peak_mb(build));
    for (int i = 0; i < n_workers; i++)
        close(workers[i].fd);
    close(fleet->epoll_fd);
    g_array_unref(fleet->claim_us);
    g_free(workers);
}

static void run_workers(struct fleet *fleet, int n_workers, double seconds, pid_t build)
{
    g_autofree char *no_length = g_strdup_printf("%d workers, jobs of no length", n_workers);
    g_autofree char *as_usual = g_strdup_printf("%d workers, jobs of 0.1 to 10 s", n_workers);

    run(fleet, "1 worker, jobs of no length", 1, MIN(seconds, 3), build);
    run(fleet, no_length, n_workers, seconds, build);
    fleet->shortest_s = 0.1;
    fleet->longest_s = 10;
    run(fleet, as_usual, n_workers, seconds, build);
}

/* One blob there and back by the client that workers have. */
static void run_blobs(const struct fleet *fleet, const char *folder)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", fleet->port), *path = g_build_filename(folder, "blob", NULL);
    g_autofree guint8 *data = g_malloc(BLOB_SIZE);
    g_autoptr(GError) error = NULL;
    struct api_client *client = api_client_new(url, TOKEN);

    for (gsize i = 0; i < BLOB_SIZE; i += sizeof(guint32))
        *(guint32 *)(void *)(data + i) = g_random_int();
    g_autofree char *sha256 = hash_sha256_hex(data, BLOB_SIZE);
    gint64 start = g_get_monotonic_time();
    if (!api_client_deliver(client, sha256, data, BLOB_SIZE, &error))
        die("deliver", error);
    gint64 delivered = g_get_monotonic_time();
    if (!api_client_fetch(client, sha256, path, &error))
        die("fetch", error);
    gint64 fetched = g_get_monotonic_time();
    printf("blobs of %u MB, hashed on both sides: delivered at %.0f MB/s, fetched at %.0f MB/s\n", BLOB_SIZE >> 20,
           BLOB_SIZE / (double)(delivered - start), BLOB_SIZE / (double)(fetched - delivered));
    api_client_free(client);
}

int main(int argc, char **argv)
{
    int n_workers = argc > 1 ? atoi(argv[1]) : 1000, ends[2];
    double seconds = argc > 2 ? atof(argv[2]) : 10;
    g_autofree char *folder = g_dir_make_tmp("clx-fleet-XXXXXX", NULL);
    struct fleet fleet = {0};

    setrlimit(RLIMIT_NOFILE, &(struct rlimit){8192, 8192});
    if (!folder || pipe(ends) < 0)
        die("set-up", NULL);
    pid_t build = fork();
    if (build == 0)
        serve(folder, argc > 3 ? atoi(argv[3]) : 200000, ends[1]);
    if (build < 0 || read(ends[0], &fleet.port, sizeof(fleet.port)) != sizeof(fleet.port))
        die("the build process", NULL);
    if (n_workers > 0)
        run_workers(&fleet, n_workers, seconds, build);
    run_blobs(&fleet, folder);
    kill(build, SIGKILL);
    waitpid(build, NULL, 0);
    file_remove_tree(folder, NULL);
    return 0;
}
