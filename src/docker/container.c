#include "docker/container.h"

#include <string.h>

#include "base/error.h"

#define LOG_LIMIT (64u * 1024)
#define USER_NOBODY "65534:65534"
#define MAX_PROCESSES 512

/* Podman answers 500 where the engine says 409: the text tells. */
static bool is_name_taken(const struct http_reply *reply)
{
    g_autofree char *message = engine_message(reply);

    return reply->status == 409 || (reply->status == 500 && strstr(message, "already in use"));
}

static json_t *list_env(const char *const *env)
{
    json_t *list = json_array();

    for (; *env; env++)
        json_array_append_new(list, json_string(*env));
    return list;
}

/* The user of the image, when it has one that is not root. */
static const char *choose_user(struct engine *engine, const char *image, json_t **ret_inspected)
{
    g_autofree char *escaped = g_uri_escape_string(image, "/:@", FALSE), *path = g_strdup_printf("/images/%s/json", escaped);

    if (!engine_do(engine, "GET", path, NULL, ret_inspected, NULL))
        return USER_NOBODY;
    const char *user = json_get_text(json_object_get(*ret_inspected, "Config"), "User", "");
    return !*user || g_str_equal(user, "0") || g_str_equal(user, "root") || g_str_has_prefix(user, "0:") || g_str_has_prefix(user, "root:")
               ? USER_NOBODY
               : user;
}

static json_t *describe_host(const struct container_spec *spec)
{
    json_t *host = json_pack("{s:s, s:[s], s:[s], s:[s], s:{s:s}, s:i, s:b}", "NetworkMode", spec->network, "CapDrop", "ALL", "SecurityOpt",
                             "no-new-privileges", "ExtraHosts", "host.docker.internal:host-gateway", "Tmpfs", "/workspace", "rw,mode=1777",
                             "PidsLimit", MAX_PROCESSES, "Init", 0);

    if (spec->source)
        json_object_set_new(
            host, "Mounts",
            json_pack("[{s:s, s:s, s:s, s:b}]", "Type", "bind", "Source", spec->source, "Target", "/source", "ReadOnly", 1));
    if (spec->memory_limit) {
        json_object_set_new(host, "Memory", json_integer((json_int_t)spec->memory_limit));
        json_object_set_new(host, "MemorySwap", json_integer((json_int_t)spec->memory_limit));
    }
    return host;
}

static json_t *describe(const struct container_spec *spec, const char *user)
{
    return json_pack("{s:s, s:s, s:o, s:{s:s, s:s, s:s, s:s}, s:o}", "Image", spec->image, "User", user, "Env", list_env(spec->env),
                     "Labels", LABEL_OWNER, "clx", LABEL_SESSION, spec->session_id, LABEL_TYPE, spec->worker_type, LABEL_DATABASE,
                     spec->jobs_db, "HostConfig", describe_host(spec));
}

static char *try_create(struct engine *engine, const struct container_spec *spec, const char *name, bool *ret_is_taken, GError **error)
{
    g_autofree char *path = g_strconcat("/containers/create?name=", name, NULL);
    g_autoptr(json_t) image = NULL, answer = NULL;
    const char *user = choose_user(engine, spec->image, &image);
    g_autoptr(http_reply_owner) reply = engine_call(engine, "POST", path, describe(spec, user), error);

    if (!reply)
        return NULL;
    if (reply->status == 201) {
        answer = json_parse((const char *)reply->body->data, reply->body->len, NULL);
        return g_strdup(json_get_text(answer, "Id", NULL));
    }
    g_autofree char *message = engine_message(reply);
    *ret_is_taken = is_name_taken(reply);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "docker: %s", message);
    return NULL;
}

char *container_create(struct engine *engine, const struct container_spec *spec, GError **error)
{
    bool is_taken = false;
    struct container_state state;
    g_autoptr(GError) problem = NULL;
    char *id = try_create(engine, spec, spec->name, &is_taken, &problem);

    if (!id && is_taken) {
        bool is_ours = container_inspect(engine, spec->name, &state, NULL) == 1 && state.is_ours;
        g_autofree char *other = g_strdup_printf("%s-%08x", spec->name, g_random_int());

        if (is_ours)
            container_remove(engine, spec->name);
        g_clear_error(&problem);
        id = try_create(engine, spec, is_ours ? spec->name : other, &is_taken, &problem);
    }
    if (!id)
        g_propagate_error(error, g_steal_pointer(&problem));
    return id;
}

bool container_start(struct engine *engine, const char *id, GError **error)
{
    g_autofree char *path = g_strdup_printf("/containers/%s/start", id);

    return engine_do(engine, "POST", path, NULL, NULL, error); /* 304: it runs already */
}

static void forget_reply(struct http_reply *reply, const GError *error, gpointer data)
{
    http_reply_free(reply);
}

void container_signal(struct engine *engine, const char *id, const char *signal_name)
{
    g_autofree char *path = g_strdup_printf("/containers/%s/kill?signal=%s", id, signal_name);

    engine_send(engine, "POST", path, forget_reply, NULL);
}

int container_inspect(struct engine *engine, const char *id, struct container_state *ret_state, GError **error)
{
    g_autofree char *path = g_strdup_printf("/containers/%s/json", id);
    g_autoptr(json_t) answer = NULL;
    g_autoptr(GError) problem = NULL;

    if (!engine_do(engine, "GET", path, NULL, &answer, &problem)) {
        if (g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND))
            return 0;
        g_propagate_error(error, g_steal_pointer(&problem));
        return -1;
    }
    const json_t *state = json_object_get(answer, "State"), *labels = json_object_get(json_object_get(answer, "Config"), "Labels");
    ret_state->is_running = json_get_bool(state, "Running", false);
    ret_state->is_out_of_memory = json_get_bool(state, "OOMKilled", false);
    ret_state->exit_status = (int)json_get_int(state, "ExitCode", 0);
    ret_state->is_ours = g_str_equal(json_get_text(labels, LABEL_OWNER, ""), "clx");
    return 1;
}

void container_remove(struct engine *engine, const char *id)
{
    struct container_state state;
    g_autofree char *path = g_strdup_printf("/containers/%s?force=1&v=1", id);

    if (container_inspect(engine, id, &state, NULL) == 1 && state.is_ours)
        engine_do(engine, "DELETE", path, NULL, NULL, NULL);
}

/* Frames: one byte for the stream, three zeros, four of length. */
static char *join_frames(const GByteArray *bytes)
{
    GString *text = g_string_new(NULL);
    gsize at = 0;

    while (at + 8 <= bytes->len) {
        const guint8 *head = bytes->data + at;
        gsize length = (gsize)head[4] << 24 | (gsize)head[5] << 16 | (gsize)head[6] << 8 | head[7];

        at += 8;
        length = MIN(length, bytes->len - at);
        g_string_append_len(text, (const char *)bytes->data + at, (gssize)length);
        at += length;
    }
    return g_utf8_make_valid(text->str, (gssize)text->len);
}

static bool add_log(const void *data, size_t length, gpointer user_data)
{
    GByteArray *bytes = user_data;

    g_byte_array_append(bytes, data, (guint)MIN(length, LOG_LIMIT));
    return bytes->len < LOG_LIMIT;
}

char *container_logs(struct engine *engine, const char *id, unsigned n_lines)
{
    g_autofree char *path = g_strdup_printf("/containers/%s/logs?stdout=1&stderr=1&tail=%u", id, n_lines);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    engine_stream(engine, &(struct http_call){"GET", path, .part = add_log, .data = bytes}, NULL);
    return join_frames(bytes);
}

int container_remove_leftovers(struct engine *engine, const char *jobs_db, GHashTable *sessions, GError **error)
{
    g_autofree char *filters = g_strdup_printf("{\"label\":[\"%s=clx\",\"%s=%s\"]}", LABEL_OWNER, LABEL_DATABASE, jobs_db);
    g_autofree char *escaped = g_uri_escape_string(filters, NULL, FALSE);
    g_autofree char *path = g_strconcat("/containers/json?all=1&filters=", escaped, NULL);
    g_autoptr(json_t) list = NULL;
    size_t i;
    json_t *item;
    int n = 0;

    if (!engine_do(engine, "GET", path, NULL, &list, error))
        return -1;
    json_array_foreach(list, i, item)
    {
        const char *session = json_get_text(json_object_get(item, "Labels"), LABEL_SESSION, "");
        if (g_hash_table_contains(sessions, session))
            continue;
        container_remove(engine, json_get_text(item, "Id", ""));
        n++;
    }
    return n;
}
