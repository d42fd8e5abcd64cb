#include "web/api_v1.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/runtime.h"

#define FILES_LIMIT (64u * 1024 * 1024) /* of all that is put into one payload */

/* A job that is handed out output by output. */
struct v1_job {
    gint64 id, worker_id;
    int token;
    json_t *done; /* outputs, as a result has them */
    char *file;   /* where the next one is expected; NULL: none was handed out since the last one came */
};

static void v1_job_free(gpointer data)
{
    struct v1_job *job = data;

    json_decref(job->done);
    g_free(job->file);
    g_free(job);
}

bool api_v1_is_claim(const json_t *body)
{
    return !json_object_get(body, "wait") && json_get_int(body, "api_version", 1) < 2;
}

/* ---- where outputs are written ---- */

/* The worker may run as another user, in a container: its own folder is open to all, that of the session to nobody else. */
static char *make_folder(const struct worker_api *api, gint64 worker_id, GError **error)
{
    g_autofree char *staging = runtime_staging_folder(api->jobs_db, api->session_id);
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT, worker_id), *folder = g_build_filename(staging, name, NULL);

    if (!file_make_folders(folder, error))
        return NULL;
    if (chmod(staging, 0700) == 0 && chmod(folder, 0777) == 0)
        return g_steal_pointer(&folder);
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: %s", folder, g_strerror(errno));
    return NULL;
}

static const char *choose_suffix(const struct job *job, const json_t *output)
{
    int format = glossary_find(format_names, json_get_text(output, "format", ""));
    int language = glossary_find(prog_lang_names, json_get_text(job->payload, "prog_lang", ""));

    if (job->type != JOB_NOTEBOOK)
        return json_get_text(job->payload, "format", "png");
    if (format == FORMAT_CODE)
        return language >= 0 ? prog_langs[language].suffix + 1 : "txt";
    return format == FORMAT_NOTEBOOK ? "ipynb" : "html";
}

static char *choose_file(const struct job *job, const json_t *output, const char *folder, size_t index)
{
    g_autofree char *base = g_path_get_basename(job->output_file ? job->output_file : "output"), *name = NULL;
    char *dot = strrchr(base, '.');

    if (dot && dot != base)
        *dot = '\0';
    name = g_strdup_printf("%zu-%s.%s", index, base, choose_suffix(job, output));
    return g_build_filename(folder, name, NULL);
}

/* ---- the payload ---- */

static json_t *read_text(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, FILES_LIMIT, error);
    json_t *text = bytes ? json_stringn(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;

    if (bytes && !text)
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s: is not UTF-8", path);
    return text;
}

static json_t *read_base64(const char *path, gsize *left, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, *left, error);
    g_autofree char *encoded = NULL;
    gsize length;

    if (!bytes)
        return NULL;
    const void *data = g_bytes_get_data(bytes, &length);
    *left -= length;
    encoded = g_base64_encode(data, length);
    return json_string(encoded);
}

static json_t *read_other_files(const struct job *job, GError **error)
{
    g_autoptr(json_t) files = json_object();
    gsize left = FILES_LIMIT, i;
    json_t *file, *encoded;

    json_array_foreach(json_object_get(job->payload, "topic_files"), i, file)
    {
        encoded = read_base64(json_get_text(file, "path", ""), &left, error);
        if (!encoded)
            return NULL;
        json_object_set_new(files, json_get_text(file, "relative", ""), encoded);
    }
    return g_steal_pointer(&files);
}

static void set_text(json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, json_string(text ? text : ""));
}

/* What version 1 calls the parts of a job. */
static bool add_members(json_t *payload, const struct job *job, const json_t *output, const char *file, GError **error)
{
    const char *source = json_get_text(job->payload, "source", "");
    g_autofree char *name = g_path_get_basename(source), *output_name = g_path_get_basename(file);
    json_t *data = read_text(source, error), *others = data ? read_other_files(job, error) : NULL;

    if (!others) {
        json_decref(data);
        return false;
    }
    json_object_set_new(payload, "data", data);
    json_object_set_new(payload, "other_files", others);
    set_text(payload, "input_file", source);
    set_text(payload, "input_file_name", name);
    set_text(payload, "output_file", file);
    set_text(payload, "output_file_name", output_name);
    set_text(payload, "kind", json_get_text(output, "kind", NULL));
    set_text(payload, "language", json_get_text(output, "language", NULL));
    set_text(payload, "format", json_get_text(output, "format", json_get_text(job->payload, "format", NULL)));
    set_text(payload, "output_format", json_get_text(job->payload, "format", NULL));
    set_text(payload, "img_path_prefix", "img/");
    set_text(payload, "source_topic_dir", json_get_text(job->payload, "topic_dir", NULL));
    set_text(payload, "correlation_id", "");
    return true;
}

static struct v1_job *get_job(struct worker_api *api, const struct job *job, gint64 worker_id)
{
    struct v1_job *v1 = g_hash_table_lookup(api->v1_jobs, &job->id);

    if (v1 && v1->worker_id == worker_id && v1->token == job->attempts)
        return v1;
    v1 = g_new0(struct v1_job, 1); /* the first output; what another worker made of an earlier attempt is not kept */
    *v1 = (struct v1_job){.id = job->id, .worker_id = worker_id, .token = job->attempts, .done = json_array()};
    g_hash_table_replace(api->v1_jobs, &v1->id, v1);
    return v1;
}

json_t *api_v1_payload(struct worker_api *api, const struct job *job, gint64 worker_id, GError **error)
{
    struct v1_job *v1 = get_job(api, job, worker_id);
    size_t index = json_array_size(v1->done);
    const json_t *output = json_array_get(json_object_get(job->payload, "outputs"), index);
    g_autofree char *folder = make_folder(api, worker_id, error);
    g_autoptr(json_t) payload = json_deep_copy(job->payload);

    if (!folder)
        return NULL;
    g_free(v1->file);
    v1->file = choose_file(job, output, folder, index);
    return add_members(payload, job, output, v1->file, error) ? g_steal_pointer(&payload) : NULL;
}

bool api_v1_has(const struct worker_api *api, gint64 job_id, gint64 worker_id)
{
    const struct v1_job *v1 = g_hash_table_lookup(api->v1_jobs, &job_id);

    return v1 && v1->worker_id == worker_id;
}

/* ---- what was made ---- */

/* The worker owns the folder: what lies there may be anything. */
static GBytes *read_made(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    g_autofree char *self = g_strdup_printf("/proc/self/fd/%d", fd);
    GBytes *bytes;

    if (fd < 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "the worker left no output at %s: %s", path, g_strerror(errno));
        return NULL;
    }
    bytes = file_read(self, FILE_READ_LIMIT, error);
    close(fd);
    return bytes;
}

static json_t *describe_output(const struct job *job, size_t index, const char *sha256, gsize length)
{
    const json_t *wanted = json_array_get(json_object_get(job->payload, "outputs"), index);
    json_t *output = wanted ? json_deep_copy(wanted) : json_object();

    json_object_set_new(output, "sha256", json_string(sha256));
    json_object_set_new(output, "size", json_integer((json_int_t)length));
    return output;
}

/* The file that the worker was told to write. */
static bool take_file(struct worker_api *api, struct v1_job *v1, const struct job *job, GError **error)
{
    g_autoptr(GBytes) bytes = read_made(v1->file, error);
    g_autofree char *sha256 = NULL;
    gsize length;

    if (!bytes)
        return false;
    const void *data = g_bytes_get_data(bytes, &length);
    sha256 = cache_put_object(api->cache, data, length, error);
    if (!sha256)
        return false;
    unlink(v1->file);
    g_clear_pointer(&v1->file, g_free);
    json_array_append_new(v1->done, describe_output(job, json_array_size(v1->done), sha256, length));
    return true;
}

int api_v1_take_output(struct worker_api *api, const struct job *job, json_t **ret_result, GError **error)
{
    struct v1_job *v1 = g_hash_table_lookup(api->v1_jobs, &job->id);

    if (v1->file && !take_file(api, v1, job, error)) /* else it was taken, and the worker has not heard of it */
        return -1;
    if (json_array_size(v1->done) < json_array_size(json_object_get(job->payload, "outputs")))
        return 0;
    *ret_result = json_pack("{s:O, s:[], s:[]}", "outputs", v1->done, "warnings", "deps");
    return 1;
}

void api_v1_forget(struct worker_api *api, gint64 job_id)
{
    g_hash_table_remove(api->v1_jobs, &job_id);
}

/* ---- the end ---- */

static void add_session(const struct session_row *row, gpointer data)
{
    g_hash_table_add(data, g_strdup(row->session_id));
}

void api_v1_clean_up(struct worker_api *api)
{
    g_autofree char *all = runtime_staging_folder(api->jobs_db, NULL);
    g_autoptr(GHashTable) sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) folder = g_dir_open(all, 0, NULL);
    const char *name;

    if (!folder || !session_list(api->store, add_session, sessions, NULL))
        return;
    g_hash_table_remove(sessions, api->session_id);
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(all, name, NULL);
        if (!g_hash_table_contains(sessions, name))
            file_remove_tree(path, NULL);
    }
    rmdir(all); /* if it is empty */
}

GHashTable *api_v1_new_jobs(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, v1_job_free);
}
