#include "docker/service.h"

#include <string.h>

#include "base/error.h"
#include "docker/container.h"

#define SECOND_NS 1000000000LL

static json_t *make_labels(const struct service_spec *spec)
{
    return json_pack("{s:s, s:s, s:s, s:s}", LABEL_OWNER, "clx", LABEL_SESSION, spec->session_id, LABEL_TYPE, spec->worker_type,
                     LABEL_DATABASE, spec->jobs_db);
}

char *service_swarm_address(struct engine *engine, GError **error)
{
    g_autoptr(json_t) info = NULL;

    if (!engine_do(engine, "GET", "/info", NULL, &info, error))
        return NULL;
    const json_t *swarm = json_object_get(info, "Swarm");
    if (json_get_bool(swarm, "ControlAvailable", false))
        return g_strdup(json_get_text(swarm, "NodeAddr", "127.0.0.1"));
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED,
                "the engine at %s manages no swarm\nrun 'docker swarm init' there, set DOCKER_HOST to a manager, or use --workers=docker",
                engine_address(engine));
    return NULL;
}

/* ---- made ---- */

static char *create_secret(struct engine *engine, const struct service_spec *spec, GError **error)
{
    g_autofree char *data = g_base64_encode((const guchar *)spec->token, strlen(spec->token));
    g_autoptr(json_t) answer = NULL;

    if (!engine_do(engine, "POST", "/secrets/create",
                   json_pack("{s:s, s:o, s:s}", "Name", spec->name, "Labels", make_labels(spec), "Data", data), &answer, error))
        return NULL;
    return g_strdup(json_get_text(answer, "ID", ""));
}

static json_t *list_texts(const char *const *texts)
{
    json_t *list = json_array();

    for (; texts && *texts; texts++)
        json_array_append_new(list, json_string(*texts));
    return list;
}

static json_t *describe_secret(const struct service_spec *spec, const char *secret)
{
    return json_pack("[{s:s, s:s, s:{s:s, s:s, s:s, s:i}}]", "SecretID", secret, "SecretName", spec->name, "File", "Name", "clx-token",
                     "UID", "65534", "GID", "65534", "Mode", 0400);
}

static json_t *describe_container(const struct service_spec *spec, const char *secret)
{
    json_t *workspace = json_pack("[{s:s, s:s, s:{s:i}}]", "Type", "tmpfs", "Target", "/workspace", "TmpfsOptions", "Mode", 01777);

    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:[s], s:I}", "Image", spec->image, "Env", list_texts(spec->env), "Labels",
                     make_labels(spec), "User", "65534:65534", "Mounts", workspace, "Secrets", describe_secret(spec, secret),
                     "CapabilityDrop", "ALL", "StopGracePeriod", (json_int_t)spec->stop_grace_s * SECOND_NS);
}

static json_t *describe_task(const struct service_spec *spec, const char *secret)
{
    json_t *task = json_pack("{s:o, s:{s:s, s:I}, s:{s:o}, s:{s:{}}}", "ContainerSpec", describe_container(spec, secret), "RestartPolicy",
                             "Condition", "on-failure", "Delay", (json_int_t)SECOND_NS, "Placement", "Constraints",
                             list_texts(spec->constraints), "Resources", "Limits");

    if (spec->memory_limit)
        json_object_set_new(json_object_get(json_object_get(task, "Resources"), "Limits"), "MemoryBytes",
                            json_integer((json_int_t)spec->memory_limit));
    if (spec->network)
        json_object_set_new(task, "Networks", json_pack("[{s:s}]", "Target", spec->network));
    return task;
}

static json_t *describe(const struct service_spec *spec, const char *secret)
{
    return json_pack("{s:s, s:o, s:o, s:{s:{s:i}}}", "Name", spec->name, "Labels", make_labels(spec), "TaskTemplate",
                     describe_task(spec, secret), "Mode", "Replicated", "Replicas", (int)spec->n_replicas);
}

static void remove_secret(struct engine *engine, const char *id)
{
    g_autofree char *path = g_strconcat("/secrets/", id, NULL);

    engine_do(engine, "DELETE", path, NULL, NULL, NULL);
}

char *service_create(struct engine *engine, const struct service_spec *spec, GError **error)
{
    g_autofree char *secret = create_secret(engine, spec, error);
    g_autoptr(json_t) answer = NULL;

    if (!secret)
        return NULL;
    if (engine_do(engine, "POST", "/services/create", describe(spec, secret), &answer, error))
        return g_strdup(json_get_text(answer, "ID", ""));
    remove_secret(engine, secret);
    return NULL;
}

/* The engine wants the whole description back, and the version that was read: somebody else's change in between is an error, and no harm. */
bool service_scale(struct engine *engine, const char *id, unsigned n_replicas, GError **error)
{
    g_autofree char *path = g_strconcat("/services/", id, NULL), *update = NULL;
    g_autoptr(json_t) service = NULL;

    if (!engine_do(engine, "GET", path, NULL, &service, error))
        return false;
    json_t *spec = json_object_get(service, "Spec");
    json_object_set_new(json_object_get(json_object_get(spec, "Mode"), "Replicated"), "Replicas", json_integer(n_replicas));
    update = g_strdup_printf("%s/update?version=%" G_GINT64_FORMAT, path, json_get_int(json_object_get(service, "Version"), "Index", 0));
    return engine_do(engine, "POST", update, json_incref(spec), NULL, error);
}

/* ---- looked at and removed ---- */

static char *make_list_path(const char *what, const char *kind, const char *value)
{
    g_autofree char *filters = g_strdup_printf("{\"%s\":[\"%s\"]}", kind, value), *escaped = g_uri_escape_string(filters, NULL, FALSE);

    return g_strconcat("/", what, "?filters=", escaped, NULL);
}

void service_remove(struct engine *engine, const char *name)
{
    g_autofree char *path = g_strconcat("/services/", name, NULL);

    engine_do(engine, "DELETE", path, NULL, NULL, NULL);
    remove_secret(engine, name);
}

int service_count_failures(struct engine *engine, const char *name, char **ret_message, GError **error)
{
    g_autofree char *path = make_list_path("tasks", "service", name);
    g_autoptr(json_t) tasks = NULL;
    size_t i;
    json_t *task;
    int n = 0;

    if (!engine_do(engine, "GET", path, NULL, &tasks, error))
        return -1;
    json_array_foreach(tasks, i, task)
    {
        const json_t *status = json_object_get(task, "Status");
        const char *state = json_get_text(status, "State", "");

        if (!g_str_equal(state, "failed") && !g_str_equal(state, "rejected"))
            continue;
        n++;
        g_free(*ret_message);
        *ret_message = g_strdup(json_get_text(status, "Err", state));
    }
    return n;
}

/* Of services and secrets alike. */
static int remove_strays(struct engine *engine, const char *what, const char *jobs_db, GHashTable *sessions, GError **error)
{
    g_autofree char *label = g_strdup_printf("%s=%s", LABEL_DATABASE, jobs_db), *path = make_list_path(what, "label", label);
    g_autoptr(json_t) list = NULL;
    size_t i;
    json_t *item;
    int n = 0;

    if (!engine_do(engine, "GET", path, NULL, &list, error))
        return -1;
    json_array_foreach(list, i, item)
    {
        const json_t *labels = json_object_get(json_object_get(item, "Spec"), "Labels");
        g_autofree char *one = g_strdup_printf("/%s/%s", what, json_get_text(item, "ID", ""));

        if (!g_str_equal(json_get_text(labels, LABEL_OWNER, ""), "clx") ||
            g_hash_table_contains(sessions, json_get_text(labels, LABEL_SESSION, "")))
            continue;
        n += engine_do(engine, "DELETE", one, NULL, NULL, NULL);
    }
    return n;
}

int service_remove_leftovers(struct engine *engine, const char *jobs_db, GHashTable *sessions, GError **error)
{
    int n = remove_strays(engine, "services", jobs_db, sessions, error);

    return n < 0 || remove_strays(engine, "secrets", jobs_db, sessions, error) < 0 ? -1 : n;
}
