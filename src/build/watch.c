#include "build/watch.h"

#include <string.h>

#include "base/error.h"
#include "build/result_cache.h"
#include "course/classify.h"
#include "os/watch.h"

#define SETTLING_LIMIT 20    /* debounce times, after which a build begins although changes go on */
#define CHANGED_LIMIT 100000 /* paths; more are no longer told one by one */

enum watch_state { WATCH_WAITING, WATCH_SETTLING, WATCH_BUILDING };

struct watch {
    const struct watch_options *options;
    struct file_watch *files;
    struct session *session;
    struct build_options *loaded; /* of `build` */
    struct build *build;          /* while its jobs run; NULL otherwise */
    char **left_out;              /* output trees, databases: our own changes are none */
    GHashTable *changed;          /* paths since the last build began */
    GPtrArray *reasons;           /* those that led to the build that runs */
    GPtrArray *retried;           /* keys of jobs that were tried again since: their mistakes are to be forgotten */
    guint timer;
    gint64 first_change_us; /* of those in `changed` */
    bool is_first;
};

/* ---- what is watched ---- */

static bool is_at_or_below(const char *path, const char *root)
{
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static bool is_left_out(const struct watch *watch, const char *path)
{
    for (char **root = watch->left_out; *root != NULL; root++)
        if (is_at_or_below(path, *root))
            return true;
    return false;
}

static bool enter(const char *path, gpointer data)
{
    g_autofree char *name = g_path_get_basename(path);
    return !classify_is_ignored_folder(name) && strcmp(name, ".clx") != 0 && !is_left_out(data, path);
}

static void add_database(GStrvBuilder *paths, const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *file = g_strconcat(path, suffixes[i], NULL);
        g_strv_builder_add(paths, file);
    }
    g_autofree char *stem = g_str_has_suffix(path, ".db") ? g_strndup(path, strlen(path) - 3) : g_strdup(path);
    g_autofree char *objects = g_strconcat(stem, ".objects", NULL);
    g_strv_builder_add(paths, objects);
}

static void add_trees(GStrvBuilder *paths, const struct course *course)
{
    for (unsigned i = 0; i < course->targets->len; i++)
        g_strv_builder_add(paths, ((const struct output_target *)course->targets->pdata[i])->root);
}

/* `loaded` NULL: only what is known without it. Of the output trees also those that filters leave out: another build may be at them. */
static void find_left_out(struct watch *watch, const struct build_options *loaded)
{
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    add_database(paths, settings_jobs_db(watch->options->settings));
    add_database(paths, settings_cache_db(watch->options->settings));
    if (loaded != NULL) {
        add_trees(paths, loaded->course);
        add_trees(paths, loaded->whole);
    }
    g_strfreev(watch->left_out);
    watch->left_out = g_strv_builder_end(paths);
}

static void add_group_trees(struct watch *watch, const struct course *course, const GPtrArray *groups)
{
    for (unsigned i = 0; i < groups->len; i++) {
        const char *path = ((const struct dir_group *)groups->pdata[i])->path;
        g_autofree char *folder = path != NULL ? g_canonicalize_filename(path, course->root) : NULL;
        if (folder != NULL && !is_at_or_below(folder, course->root))
            file_watch_add_tree(watch->files, folder, NULL);
    }
}

/* Folders that are missing are found when they come: their parents are watched, or the spec changes. */
static bool watch_course(struct watch *watch, const struct build_options *loaded, GError **error)
{
    const struct course *course = loaded->course;
    find_left_out(watch, loaded);
    if (!file_watch_add_tree(watch->files, course->root, error))
        return false;
    if (course->template_dir != NULL && !is_at_or_below(course->template_dir, course->root))
        file_watch_add_tree(watch->files, course->template_dir, NULL);
    add_group_trees(watch, course, course->dir_groups);
    for (unsigned i = 0; i < course->sections->len; i++) {
        const struct section *section = course->sections->pdata[i];
        for (unsigned k = 0; k < section->topics->len; k++)
            add_group_trees(watch, course, ((const struct topic *)section->topics->pdata[k])->dir_groups);
    }
    return true;
}

/* ---- builds ---- */

static void drop_build(struct watch *watch)
{
    g_clear_pointer(&watch->build, build_free);
    if (watch->loaded != NULL)
        watch->options->unload(g_steal_pointer(&watch->loaded), watch->options->data);
}

static void settle(struct watch *watch);

/* An input that was edited while its job ran: the result shows a state that is no more. */
static void end_build(struct watch *watch, enum session_end end, const GError *problem)
{
    if (watch->build == NULL)
        return;
    bool is_outdated = build_is_outdated(watch->build);
    enum build_status status = build_finish(watch->build, end, problem);
    watch->options->ended(watch->build, status, watch->reasons, watch->options->data);
    drop_build(watch);
    if (is_outdated)
        settle(watch);
}

static void on_idle(gpointer data)
{
    end_build(data, SESSION_FINISHED, NULL);
}

static void on_failed(const char *message, gpointer data)
{
    g_autoptr(GError) error = g_error_new_literal(CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, message);
    end_build(data, SESSION_BROKEN, error);
}

/* A build that cannot go on (disk full) is told at its end; the watch goes on. */
static bool on_ended(struct session_job *item, const struct job *row, gpointer data)
{
    struct watch *watch = data;
    if (watch->build != NULL)
        build_take(watch->build, item, row);
    return true;
}

static bool may_take(const struct session_job *item, const struct job *row, gpointer data)
{
    struct watch *watch = data;
    return build_may_take(watch->build, item, row);
}

static void on_progress(const struct running_job *running, unsigned n_running, gpointer data)
{
    struct watch *watch = data;
    if (watch->build != NULL)
        report_progress(watch->loaded->report, running, n_running);
}

static void on_waits(const char *what, gint64 current, gint64 total, gpointer data)
{
    struct watch *watch = data;
    if (watch->build != NULL)
        report_waits(watch->loaded->report, what, current, total);
}

static GPtrArray *list_changed(struct watch *watch)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer path;
    g_hash_table_iter_init(&iter, watch->changed);
    while (g_hash_table_iter_next(&iter, &path, NULL)) {
        g_ptr_array_add(paths, path);
        g_hash_table_iter_steal(&iter);
    }
    return paths;
}

/* The new build takes the place of the one whose jobs still run: the session lets go of those that it does not want. */
static void replace_build(struct watch *watch, struct build_options *loaded, struct build *build)
{
    struct build *old = watch->build;
    struct build_options *old_loaded = watch->loaded;
    g_autoptr(GError) error = NULL;
    watch->build = build;
    watch->loaded = loaded;
    bool ok = session_give(watch->session, build_misses(build), &error);
    build_free(old);
    if (old_loaded != NULL)
        watch->options->unload(old_loaded, watch->options->data);
    if (!ok)
        on_failed(error->message, watch);
    else if (build_misses(build)->len == 0)
        on_idle(watch);
}

/* A build that has known a mistake meanwhile has written it down once more. */
static void forget_retried(struct watch *watch, struct cache *cache)
{
    for (unsigned i = 0; i < watch->retried->len; i++)
        result_cache_forget_mistakes(cache, watch->retried->pdata[i], NULL);
    g_ptr_array_set_size(watch->retried, 0);
}

static void begin_build(struct watch *watch)
{
    enum build_status status;
    g_clear_pointer(&watch->reasons, g_ptr_array_unref);
    watch->reasons = list_changed(watch);
    watch->first_change_us = 0;
    struct build_options *loaded = watch->options->load(watch->is_first, watch->options->data);
    if (loaded == NULL) {
        watch->options->ended(NULL, BUILD_MISTAKEN, watch->reasons, watch->options->data);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!watch_course(watch, loaded, &error))
        report_add_error(loaded->report, error->message);
    watch->is_first = false;
    forget_retried(watch, loaded->cache);
    struct build *build = build_begin(loaded, &status);
    if (status == BUILD_SUCCEEDED) {
        replace_build(watch, loaded, build);
        return;
    }
    watch->options->ended(build, status, watch->reasons, watch->options->data);
    build_free(build);
    watch->options->unload(loaded, watch->options->data);
}

/* ---- changes ---- */

static gboolean on_settled(gpointer data)
{
    struct watch *watch = data;
    watch->timer = 0;
    begin_build(watch);
    return G_SOURCE_REMOVE;
}

/* Each change starts the time of quiet anew, but a stream of them does not put the build off for ever. */
static void settle(struct watch *watch)
{
    gint64 now = g_get_monotonic_time(), debounce_us = (gint64)(watch->options->debounce_s * G_USEC_PER_SEC);
    if (watch->first_change_us == 0)
        watch->first_change_us = now;
    if (watch->timer != 0 && now - watch->first_change_us > SETTLING_LIMIT * debounce_us)
        return;
    g_clear_handle_id(&watch->timer, g_source_remove);
    watch->timer = g_timeout_add((guint)(debounce_us / 1000), on_settled, watch);
}

static void on_retried(struct session_job *item, const struct job *row, gpointer data)
{
    struct watch *watch = data;
    g_ptr_array_add(watch->retried, g_strdup(row->content_hash));
    settle(watch);
}

static bool is_temporary(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    return g_str_has_prefix(name, ".clx-") && g_str_has_suffix(name, ".tmp");
}

static void on_changed(const char *path, gpointer data)
{
    struct watch *watch = data;
    if (path != NULL && (is_left_out(watch, path) || is_temporary(path)))
        return;
    if (path != NULL && g_hash_table_size(watch->changed) < CHANGED_LIMIT)
        g_hash_table_add(watch->changed, g_strdup(path));
    settle(watch);
}

/* ---- all of it ---- */

static bool open_all(struct watch *watch, const struct session_options *session_options, GError **error)
{
    struct file_watch_options options = {.changed = on_changed, .enter = enter, .data = watch};
    find_left_out(watch, NULL);
    watch->files = file_watch_new(&options, error);
    if (watch->files == NULL || !file_watch_add_file(watch->files, watch->options->spec, error))
        return false;
    watch->session = session_open(session_options, error);
    return watch->session != NULL;
}

bool watch_run(const struct watch_options *options, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(options->spec);
    struct watch watch = {.options = options, .is_first = true};
    watch.changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    watch.retried = g_ptr_array_new_with_free_func(g_free);
    struct session_options session_options = {
        .settings = options->settings,
        .program = options->program,
        .api = options->api,
        .workspace = folder,
        .is_auto_start = options->is_auto_start,
        .progress_period_s = options->progress_period_s,
        .ended = on_ended,
        .may_take = may_take,
        .retried = on_retried,
        .progress = on_progress,
        .waits = on_waits,
        .stays = true,
        .idle = on_idle,
        .failed = on_failed,
        .data = &watch,
    };
    bool ok = open_all(&watch, &session_options, error);
    if (ok) {
        begin_build(&watch);
        ok = session_wait(watch.session, error) != SESSION_BROKEN;
    }
    g_clear_handle_id(&watch.timer, g_source_remove);
    if (watch.session != NULL)
        session_close(watch.session);
    drop_build(&watch);
    file_watch_free(watch.files);
    g_clear_pointer(&watch.reasons, g_ptr_array_unref);
    g_hash_table_unref(watch.changed);
    g_ptr_array_unref(watch.retried);
    g_strfreev(watch.left_out);
    return ok;
}
