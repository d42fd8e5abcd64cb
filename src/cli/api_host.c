#include "cli/api_host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "docker/service.h"
#include "os/file.h"
#include "web/worker_api.h"

struct serving {
    const struct settings *settings;
    struct worker_api *api;
    struct cache *cache;
    char *url, *swarm_url, *token, *socket;
    bool is_quiet;
};

static bool has_mode(const struct settings *settings, const char *mode)
{
    bool has = false;

    for (int type = 0; type < N_JOB_TYPES; type++)
        has |= !g_strcmp0(settings_execution_mode(settings, job_type_names[type]), mode);
    return has;
}

/* Workers of a swarm come from its other machines: to the address that was set, else to that of this one in the swarm. */
static bool listen_for_swarm(struct serving *serving, GError **error)
{
    bool is_set = settings_is_set(serving->settings, "worker_api.host");
    g_autoptr(engine) engine = engine_open(error);
    g_autofree char *own = engine ? service_swarm_address(engine, error) : NULL;
    const char *address = is_set ? settings_get_text(serving->settings, "worker_api.host") : own;
    unsigned port =
        own ? worker_api_listen_tcp(serving->api, address, (unsigned)settings_get_int(serving->settings, "worker_api.port"), error) : 0;

    if (port)
        serving->swarm_url = g_strdup_printf(strchr(address, ':') ? "http://[%s]:%u" : "http://%s:%u", address, port);
    return port != 0;
}

/* The first address of an IPv4 network ("10.1.0.0/16"), which the engine takes when it was told none; NULL for anything else. The caller frees it. */
static char *first_address(const char *subnet)
{
    g_auto(GStrv) parts = g_strsplit(subnet, "/", 2);
    struct in_addr address;
    char text[INET_ADDRSTRLEN];

    if (!parts[0] || inet_pton(AF_INET, parts[0], &address) != 1)
        return NULL;
    address.s_addr = htonl(ntohl(address.s_addr) + 1);
    return g_strdup(inet_ntop(AF_INET, &address, text, sizeof(text)));
}

/* The address of this machine in the engine's network; the caller frees it. */
static char *find_gateway(const char *network, GError **error)
{
    g_autoptr(engine) engine = engine_open(error);
    g_autofree char *path = g_strconcat("/networks/", network, NULL);
    g_autoptr(json_t) answer = NULL;

    if (!engine)
        return NULL;
    if (!engine_do(engine, "GET", path, NULL, &answer, error)) {
        g_prefix_error(error, "worker_management.docker_network: ");
        return NULL;
    }
    const json_t *configs = json_object_get(json_object_get(answer, "IPAM"), "Config");
    const json_t *first = json_array_get(configs, 0);
    const char *told = json_get_text(first, "Gateway", NULL);
    char *gateway = told ? g_strdup(told) : first_address(json_get_text(first, "Subnet", ""));
    if (!gateway)
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "docker network '%s' has no gateway\nset worker_management.docker_network",
                    network);
    return gateway;
}

/* Containers reach this machine at loopback with the host's network, else at the gateway of theirs: host.docker.internal is that of the default one. */
static bool listen_for_containers(struct serving *serving, GError **error)
{
    const char *network = settings_get_text(serving->settings, "worker_management.docker_network");
    bool is_host = g_str_equal(network, "host");
    g_autofree char *address = is_host ? g_strdup("127.0.0.1") : find_gateway(network, error);
    unsigned port = address ? (unsigned)settings_get_int(serving->settings, "worker_api.port") : 0;

    port = address ? worker_api_listen_tcp(serving->api, address, port, error) : 0;
    if (port)
        serving->url = g_strdup_printf(strchr(address, ':') ? "http://[%s]:%u" : "http://%s:%u", address, port);
    return port != 0;
}

static bool listen_for_others(struct serving *serving, GError **error)
{
    const char *host = settings_get_text(serving->settings, "worker_api.host");
    unsigned port = worker_api_listen_tcp(serving->api, host, (unsigned)settings_get_int(serving->settings, "worker_api.port"), error);

    g_autofree char *url = g_strdup_printf(strchr(host, ':') ? "http://[%s]:%u" : "http://%s:%u", host, port);
    if (port && !serving->is_quiet)
        fprintf(stderr, "workers are served at %s%s\n", url,
                serving->token ? "" : ", but none can know the token: set worker_api.token_file");
    if (port && !serving->url)
        serving->url = g_steal_pointer(&url);
    return port != 0;
}

static bool listen_at_socket(struct serving *serving, GError **error)
{
    const char *path = settings_get_text(serving->settings, "worker_api.socket");
    g_autofree char *full = path ? g_canonicalize_filename(path, settings_project_root(serving->settings)) : NULL;

    if (!full)
        return true;
    if (!worker_api_listen_unix(serving->api, full, error))
        return false;
    serving->socket = g_steal_pointer(&full);
    if (!serving->is_quiet)
        fprintf(stderr, "workers are served at unix://%s\n", serving->socket);
    return true;
}

static bool read_token(struct serving *serving, GError **error)
{
    const char *path = settings_get_text(serving->settings, "worker_api.token_file");
    g_autoptr(GBytes) text = path ? file_read(path, 4096, error) : NULL;

    if (!path)
        return true;
    if (!text)
        return false;
    serving->token = g_strstrip(g_strdup(g_bytes_get_data(text, NULL)));
    if (strlen(serving->token) >= 16)
        return true;
    g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE, "%s: a token needs at least 16 characters", path);
    return false;
}

static void close_api(struct api_host *host)
{
    struct serving *serving = host->data;

    g_clear_pointer(&serving->api, worker_api_free);
    g_clear_pointer(&serving->cache, cache_close);
    g_clear_pointer(&serving->url, g_free);
    g_clear_pointer(&serving->swarm_url, g_free);
    g_clear_pointer(&serving->token, g_free);
    if (serving->socket)
        unlink(serving->socket);
    g_clear_pointer(&serving->socket, g_free);
    host->url = host->swarm_url = host->token = NULL;
}

static bool open_api(struct api_host *host, struct store *store, const char *session_id, const char *ready_bell, GError **error)
{
    struct serving *serving = host->data;
    struct worker_api_options options = {
        .store = store, .jobs_db = settings_jobs_db(serving->settings), .session_id = session_id, .ready_bell = ready_bell};

    serving->cache = options.cache = cache_open(settings_cache_db(serving->settings), error);
    if (!serving->cache || !read_token(serving, error))
        return false;
    options.token = serving->token;
    options.heartbeat_limit_s = (int)settings_get_int(serving->settings, "worker_management.heartbeat_timeout");
    for (int type = 0; type < N_JOB_TYPES; type++) {
        g_autofree char *key = g_strdup_printf("worker_management.%s.max_job_time", job_type_names[type]);
        options.max_job_time_s[type] = (int)settings_get_int(serving->settings, key);
    }
    serving->api = worker_api_new(&options, error);
    if (!serving->api || (has_mode(serving->settings, "docker") && !listen_for_containers(serving, error)) ||
        (has_mode(serving->settings, "swarm") && !listen_for_swarm(serving, error)) ||
        (settings_get_bool(serving->settings, "worker_api.enabled") &&
         (!listen_for_others(serving, error) || !listen_at_socket(serving, error)))) {
        close_api(host);
        return false;
    }
    host->url = serving->url;
    host->swarm_url = serving->swarm_url;
    host->token = worker_api_token(serving->api);
    return true;
}

struct api_host *api_host_new(const struct settings *settings, bool is_quiet)
{
    struct api_host *host = g_new0(struct api_host, 1);
    struct serving *serving = g_new0(struct serving, 1);

    serving->settings = settings;
    serving->is_quiet = is_quiet;
    *host = (struct api_host){.open = open_api, .close = close_api, .data = serving};
    return host;
}

void api_host_free(struct api_host *host)
{
    if (!host)
        return;
    close_api(host);
    g_free(host->data);
    g_free(host);
}
