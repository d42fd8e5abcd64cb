/* The Worker API as a stranger on the wire sees it: bytes on a connection, parsed by the HTTP library and taken apart by our glue, with the right token
 * so that routes, bodies and blobs are reached. Bytes 0x1c cut the input into writes, so that requests arrive in pieces. */
#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/hash.h"
#include "os/file.h"
#include "web/worker_api.h"

#define ROUNDS 64 /* of the main loop, for one write */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    char *folder, *path, *jobs_db;
    struct store *store;
    struct cache *cache;
    struct worker_api *api;
} fixture;

static void tear_down(void)
{
    worker_api_free(fixture.api);
    cache_close(fixture.cache);
    store_close(fixture.store);
    file_remove_tree(fixture.folder, NULL);
    g_free(fixture.folder);
    g_free(fixture.path);
    g_free(fixture.jobs_db);
}

static void set_up(void)
{
    g_autofree char *cache_db = NULL;

    fixture.folder = g_dir_make_tmp("clx-fuzz-XXXXXX", NULL);
    fixture.path = g_build_filename(fixture.folder, "s", NULL);
    fixture.jobs_db = g_build_filename(fixture.folder, "jobs.db", NULL);
    cache_db = g_build_filename(fixture.folder, "cache.db", NULL);
    fixture.store = store_open(fixture.jobs_db, NULL);
    fixture.cache = cache_open(cache_db, NULL);
    g_assert(fixture.store && fixture.cache);
    fixture.api = worker_api_new(
        &(struct worker_api_options){
            .store = fixture.store, .cache = fixture.cache, .jobs_db = fixture.jobs_db, .session_id = "fuzz", .token = "t"},
        NULL);
    g_assert(worker_api_listen_unix(fixture.api, fixture.path, NULL));
    g_free(hash_sha256_hex("", 0)); /* so that libcrypto's own end comes after ours */
    atexit(tear_down);
}

static int connect_to_server(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, fixture.path, sizeof(address.sun_path));
    g_assert(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

static void run_loop(int fd)
{
    char reply[4096];

    for (int i = 0; i < ROUNDS && g_main_context_iteration(NULL, FALSE); i++)
        while (read(fd, reply, sizeof(reply)) > 0)
            continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!fixture.folder)
        set_up();
    int fd = connect_to_server();
    while (size > 0) {
        const uint8_t *cut = memchr(data, 0x1c, size);
        size_t n = cut ? (size_t)(cut - data) : size;

        if (n > 0 && send(fd, data, n, MSG_NOSIGNAL) < 0)
            break;
        run_loop(fd);
        n += cut != NULL;
        data += n;
        size -= n;
    }
    close(fd);
    run_loop(-1);
    return 0;
}
