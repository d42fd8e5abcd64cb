#include "build/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "os/file.h"
#include "os/folders.h"

/* A course may have a hundred thousand outputs, and each build reads what is known of all of them: an entry is one piece of memory. */
struct entry {
    char sha256[SHA256_HEX_LENGTH + 1];
    char next_sha256[SHA256_HEX_LENGTH + 1]; /* about to replace the bytes of `sha256`, or "" */
    const char *scope;                       /* the publisher's */
    gint64 size, mtime_ns;                   /* size -1: not written yet */
    int root_length;
    bool belongs;    /* named by this build */
    bool is_changed; /* not yet in the manifest like this: in publisher->changed */
    char path[];     /* absolute */
};

/* What is to be written where. */
struct item {
    struct entry *entry;
    char *root, *relative, *sha256;
    char *source; /* NULL: an object of the cache */
    mode_t mode;  /* of the new file, less the umask */
    gpointer owner;
};

struct publisher {
    struct cache *cache;
    char *course_key;
    bool is_trusting;
    GHashTable *entries;    /* path -> struct entry * */
    GPtrArray *changed;     /* struct entry *, borrowed: those that the manifest does not have like this */
    const char *last_scope; /* the one that was asked for last, or NULL */
    GStringChunk *scopes;   /* each once */
    GPtrArray *queue;       /* struct item * */
    struct folders *folders;
    struct publish_counts counts;
    GError *unwritten; /* why the first of the outputs that could not be written was not */
    unsigned n_unwritten;
};

static void item_free(gpointer data)
{
    struct item *item = data;
    g_free(item->root);
    g_free(item->relative);
    g_free(item->sha256);
    g_free(item->source);
    g_free(item);
}

static struct entry *add_entry(struct publisher *publisher, const char *path, const char *sha256)
{
    size_t length = strlen(path) + 1;
    struct entry *entry = g_malloc0(sizeof *entry + length);
    entry->size = -1;
    g_strlcpy(entry->sha256, sha256, sizeof entry->sha256);
    memcpy(entry->path, path, length);
    g_hash_table_replace(publisher->entries, entry->path, entry);
    return entry;
}

/* Neighbours in the manifest mostly have the same one. */
static const char *keep_scope(struct publisher *publisher, const char *scope)
{
    if (g_strcmp0(publisher->last_scope, scope) != 0)
        publisher->last_scope = g_string_chunk_insert_const(publisher->scopes, scope);
    return publisher->last_scope;
}

static void load_entry(const struct manifest_row *row, gpointer data)
{
    struct publisher *publisher = data;
    struct entry *entry = add_entry(publisher, row->path, row->sha256);
    g_strlcpy(entry->next_sha256, row->next_sha256 != NULL ? row->next_sha256 : "", sizeof entry->next_sha256);
    entry->scope = keep_scope(publisher, row->scope != NULL ? row->scope : "");
    entry->size = row->size;
    entry->mtime_ns = row->mtime_ns;
    entry->root_length = row->root_length;
}

/* Where a build was killed while it wrote, its half-written files lie. */
static void sweep(const struct publisher *publisher)
{
    g_autoptr(GHashTable) folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer path, value;
    g_hash_table_iter_init(&iter, publisher->entries);
    while (g_hash_table_iter_next(&iter, &path, &value)) {
        if (((const struct entry *)value)->next_sha256[0] == '\0')
            continue;
        g_autofree char *folder = g_path_get_dirname(path);
        if (g_hash_table_add(folders, g_strdup(folder)))
            file_sweep_temporaries(folder);
    }
}

struct publisher *publisher_new(struct cache *cache, const char *course_key, bool is_trusting, GError **error)
{
    g_autoptr(publisher) publisher = g_new0(struct publisher, 1);
    publisher->cache = cache;
    publisher->course_key = g_strdup(course_key);
    publisher->is_trusting = is_trusting;
    publisher->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    publisher->changed = g_ptr_array_new();
    publisher->scopes = g_string_chunk_new(4096);
    publisher->queue = g_ptr_array_new_with_free_func(item_free);
    publisher->folders = folders_new();
    if (!cache_manifest_list(cache, course_key, load_entry, publisher, error))
        return NULL;
    sweep(publisher);
    return g_steal_pointer(&publisher);
}

void publisher_free(struct publisher *publisher)
{
    if (publisher == NULL)
        return;
    g_free(publisher->course_key);
    g_ptr_array_unref(publisher->changed);
    g_hash_table_unref(publisher->entries);
    g_string_chunk_free(publisher->scopes);
    g_ptr_array_unref(publisher->queue);
    folders_free(publisher->folders);
    g_clear_error(&publisher->unwritten);
    g_free(publisher);
}

static gint64 mtime_ns_of(const struct stat *info)
{
    return (gint64)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

static bool is_relative_and_inside(const char *relative)
{
    for (const char *part = relative;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += length;
        if (*part == '\0')
            return true;
    }
}

static const char *name_of(const char *relative)
{
    const char *slash = strrchr(relative, '/');
    return slash != NULL ? slash + 1 : relative;
}

static bool is_known(const struct entry *entry, const char *sha256, const struct stat *info)
{
    return entry != NULL && entry->size == info->st_size && entry->mtime_ns == mtime_ns_of(info) && strcmp(entry->sha256, sha256) == 0;
}

/* True if the file `path`, which is `name` in `folder`, has these bytes already; its stat goes to `ret_info`. The manifest saves reading it. */
static bool is_current(const struct entry *entry, int folder, const char *name, const char *path, const char *sha256, struct stat *ret_info)
{
    if (fstatat(folder, name, ret_info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(ret_info->st_mode))
        return false;
    if (is_known(entry, sha256, ret_info))
        return true;
    if (entry != NULL && entry->size >= 0 && entry->size != ret_info->st_size && strcmp(entry->sha256, sha256) == 0)
        return false;
    g_autofree char *actual = file_sha256(path, NULL);
    return actual != NULL && strcmp(actual, sha256) == 0;
}

static void note_change(struct publisher *publisher, struct entry *entry)
{
    if (!entry->is_changed)
        g_ptr_array_add(publisher->changed, entry);
    entry->is_changed = true;
}

static void note_written(struct publisher *publisher, struct entry *entry, const char *sha256, const struct stat *info)
{
    if (is_known(entry, sha256, info) && entry->next_sha256[0] == '\0')
        return;
    if (sha256 != entry->sha256)
        g_strlcpy(entry->sha256, sha256, sizeof entry->sha256);
    entry->next_sha256[0] = '\0';
    entry->size = info->st_size;
    entry->mtime_ns = mtime_ns_of(info);
    note_change(publisher, entry);
}

/* The entry of a place, made when it is new. */
static struct entry *enter(struct publisher *publisher, const struct publish_place *place, const char *path, const char *sha256)
{
    struct entry *entry = g_hash_table_lookup(publisher->entries, path);
    if (entry == NULL)
        entry = add_entry(publisher, path, sha256);
    entry->belongs = true;
    int root_length = (int)strlen(place->root);
    if (entry->root_length == root_length && entry->scope != NULL && strcmp(entry->scope, place->scope) == 0)
        return entry;
    entry->scope = keep_scope(publisher, place->scope);
    entry->root_length = root_length;
    note_change(publisher, entry);
    return entry;
}

/* ---- writing ---- */

/* NOT_FOUND is kept for the object: a folder that is not there says nothing about the cache. */
static bool write_item(struct publisher *publisher, const struct item *item, struct stat *ret_info, GError **error)
{
    g_autoptr(GError) problem = NULL;
    size_t length = 0;
    const void *data = item->source == NULL ? cache_read_object(publisher->cache, item->sha256, &length, error) : NULL;
    if (item->source == NULL && data == NULL)
        return false;
    struct folders_file file = {.name = name_of(item->relative), .path = item->entry->path, .mode = item->mode};
    file.folder = folders_open(publisher->folders, item->root, item->relative, true, &problem);
    if (file.folder >= 0 && (item->source != NULL ? folders_copy(&file, item->source, ret_info, &problem)
                                                  : folders_write(&file, data, length, ret_info, &problem)))
        return true;
    g_set_error_literal(error, CLX_ERROR, CLX_ERROR_FAILED, problem->message);
    return false;
}

/* 1: the file is there with its bytes; 0: it is not; -1: it cannot be put there. */
static int look(struct publisher *publisher, const struct publish_place *place, const char *path, const struct entry *entry,
                const char *sha256, struct stat *ret_info, GError **error)
{
    g_autoptr(GError) problem = NULL;
    int folder = folders_open(publisher->folders, place->root, place->relative, false, &problem);
    if (folder >= 0)
        return is_current(entry, folder, name_of(place->relative), path, sha256, ret_info);
    if (g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND))
        return 0;
    g_propagate_error(error, g_steal_pointer(&problem));
    return -1;
}

/* Says what is about to be written: until it is, the file has its old bytes or the new ones. */
static void enqueue(struct publisher *publisher, const struct publish_place *place, struct entry *entry, const struct item *what)
{
    g_strlcpy(entry->next_sha256, what->sha256, sizeof entry->next_sha256);
    note_change(publisher, entry);
    struct item *item = g_new0(struct item, 1);
    *item = (struct item){
        entry, g_strdup(place->root), g_strdup(place->relative), g_strdup(what->sha256), g_strdup(what->source), what->mode, what->owner};
    g_ptr_array_add(publisher->queue, item);
}

static bool has_mode(const struct stat *info, const struct item *item)
{
    return item->source == NULL || ((item->mode & 0111) != 0) == ((info->st_mode & 0111) != 0);
}

/* Takes over the reason. */
static void note_unwritten(struct publisher *publisher, GError *reason)
{
    if (publisher->n_unwritten++ == 0)
        publisher->unwritten = reason;
    else
        g_error_free(reason);
}

static bool put(struct publisher *publisher, const struct publish_place *place, const struct item *what, GError **error)
{
    if (!is_relative_and_inside(place->relative)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "'%s' is not a path inside of the output folder", place->relative);
        return false;
    }
    g_autofree char *path = g_strconcat(place->root, "/", place->relative, NULL);
    struct entry *entry = enter(publisher, place, path, what->sha256);
    bool is_trusted =
        publisher->is_trusting && entry->size >= 0 && entry->next_sha256[0] == '\0' && strcmp(entry->sha256, what->sha256) == 0;
    GError *problem = NULL;
    struct stat info;
    int found = is_trusted ? 1 : look(publisher, place, path, entry, what->sha256, &info, &problem);
    if (found < 0) {
        note_unwritten(publisher, problem);
        return true;
    }
    if (found == 1 && (is_trusted || has_mode(&info, what))) {
        publisher->counts.unchanged++;
        if (!is_trusted)
            note_written(publisher, entry, what->sha256, &info);
        return true;
    }
    enqueue(publisher, place, entry, what);
    return true;
}

bool publisher_put_object(struct publisher *publisher, const struct publish_place *place, const char *sha256, gpointer owner,
                          GError **error)
{
    struct item what = {.sha256 = (char *)sha256, .mode = 0666, .owner = owner};
    return put(publisher, place, &what, error);
}

bool publisher_put_copy(struct publisher *publisher, const struct publish_place *place, const char *source, bool is_executable,
                        const char *sha256, GError **error)
{
    struct item what = {.sha256 = (char *)sha256, .source = (char *)source, .mode = is_executable ? 0777 : 0666};
    return put(publisher, place, &what, error);
}

void publisher_keep(struct publisher *publisher, const char *root, const char *relative)
{
    g_autofree char *path = g_strconcat(root, "/", relative, NULL);
    struct entry *entry = g_hash_table_lookup(publisher->entries, path);
    if (entry != NULL)
        entry->belongs = true;
}

static bool write_entries(struct publisher *publisher, GError **error)
{
    for (unsigned i = 0; i < publisher->changed->len; i++) {
        struct entry *entry = publisher->changed->pdata[i];
        const char *next = entry->next_sha256[0] != '\0' ? entry->next_sha256 : NULL;
        struct manifest_row row = {entry->path, entry->sha256, next, entry->size, entry->mtime_ns, entry->scope, entry->root_length};
        if (!cache_manifest_set(publisher->cache, publisher->course_key, &row, error))
            return false;
    }
    return true;
}

static bool write_manifest(struct publisher *publisher, GError **error)
{
    if (publisher->changed->len == 0)
        return true;
    if (!cache_begin(publisher->cache, error))
        return false;
    bool ok = write_entries(publisher, error);
    if (!cache_commit(publisher->cache, ok ? error : NULL) || !ok)
        return false;
    for (unsigned i = 0; i < publisher->changed->len; i++)
        ((struct entry *)publisher->changed->pdata[i])->is_changed = false;
    g_ptr_array_set_size(publisher->changed, 0);
    return true;
}

/* False with an error only when an object is missing whose owner cannot be told. */
static bool write_queued(struct publisher *publisher, const struct item *item, GPtrArray *ret_missing, GError **error)
{
    struct stat info;
    GError *problem = NULL;
    if (write_item(publisher, item, &info, &problem)) {
        publisher->counts.written++;
        note_written(publisher, item->entry, item->sha256, &info);
        return true;
    }
    if (!g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND)) {
        note_unwritten(publisher, problem);
        return true;
    }
    if (ret_missing == NULL) {
        g_propagate_error(error, problem);
        return false;
    }
    g_error_free(problem);
    if (!g_ptr_array_find(ret_missing, item->owner, NULL))
        g_ptr_array_add(ret_missing, item->owner);
    return true;
}

bool publisher_flush(struct publisher *publisher, GPtrArray *ret_missing, GError **error)
{
    bool ok = publisher->queue->len == 0 || write_manifest(publisher, error);
    for (unsigned i = 0; i < publisher->queue->len && ok; i++)
        ok = write_queued(publisher, publisher->queue->pdata[i], ret_missing, error);
    g_ptr_array_set_size(publisher->queue, 0);
    folders_forget(publisher->folders);
    return write_manifest(publisher, ok ? error : NULL) && ok;
}

static void remove_empty_folders(const char *path, const char *root)
{
    g_autofree char *folder = g_path_get_dirname(path);
    while (strlen(folder) > strlen(root) && rmdir(folder) == 0) {
        char *above = g_path_get_dirname(folder);
        g_free(folder);
        folder = above;
    }
}

/* The bytes that a build wrote, or those that one was about to write when it was killed. */
static bool has_our_bytes(const struct entry *entry, int folder, const char *name, const char *path)
{
    struct stat info;
    return is_current(entry, folder, name, path, entry->sha256, &info) ||
           (entry->next_sha256[0] != '\0' && is_current(entry, folder, name, path, entry->next_sha256, &info));
}

/* True if the stray is gone, or is no longer ours to remove. */
static bool remove_stray(struct publisher *publisher, const char *path, const struct entry *entry, struct diag_list *diags)
{
    g_autoptr(GError) error = NULL;
    struct stat info;
    g_autofree char *root = g_strndup(path, (gsize)entry->root_length);
    const char *relative = path + entry->root_length + 1, *name = name_of(path);
    int folder = folders_open(publisher->folders, root, relative, false, &error);
    bool is_gone = folder < 0 ? g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND)
                              : fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
    if (is_gone)
        return true;
    if (folder < 0 || !has_our_bytes(entry, folder, name, path)) {
        diag_add(diags, DIAG_NOTE, path, 0, 0, "remove it yourself if nobody needs it",
                 "no longer belongs to the course, but was changed since it was built: left as it is");
        return true;
    }
    if (unlinkat(folder, name, 0) != 0) {
        diag_add(diags, DIAG_WARNING, path, 0, 0, NULL, "cannot remove it: %s", g_strerror(errno));
        return false;
    }
    publisher->counts.removed++;
    remove_empty_folders(path, root);
    return true;
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A path of the manifest that is not below its root has been tampered with. */
static bool is_below_root(const char *path, const struct entry *entry)
{
    return entry->root_length > 0 && (size_t)entry->root_length < strlen(path) && path[entry->root_length] == '/' &&
           is_relative_and_inside(path + entry->root_length + 1);
}

static GPtrArray *list_strays(const struct publisher *publisher, publish_is_considered *is_considered, gpointer data)
{
    GPtrArray *strays = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer path, value;
    g_hash_table_iter_init(&iter, publisher->entries);
    while (g_hash_table_iter_next(&iter, &path, &value)) {
        const struct entry *entry = value;
        if (entry->belongs || !is_below_root(path, entry))
            continue;
        g_autofree char *root = g_strndup(path, (gsize)entry->root_length);
        if (is_considered(root, entry->scope, data))
            g_ptr_array_add(strays, g_strdup(path));
    }
    g_ptr_array_sort(strays, compare_paths);
    return strays;
}

static bool remove_all(struct publisher *publisher, const GPtrArray *strays, struct diag_list *diags, GError **error)
{
    for (unsigned i = 0; i < strays->len; i++) {
        const char *path = strays->pdata[i];
        if (!remove_stray(publisher, path, g_hash_table_lookup(publisher->entries, path), diags))
            continue;
        if (!cache_manifest_remove(publisher->cache, publisher->course_key, path, error))
            return false;
        g_hash_table_remove(publisher->entries, path);
    }
    return true;
}

bool publisher_remove_strays(struct publisher *publisher, publish_is_considered *is_considered, gpointer data, struct diag_list *diags,
                             GError **error)
{
    g_autoptr(GPtrArray) strays = list_strays(publisher, is_considered, data);
    if (strays->len == 0)
        return true;
    if (!write_manifest(publisher, error) || !cache_begin(publisher->cache, error))
        return false;
    bool ok = remove_all(publisher, strays, diags, error);
    folders_forget(publisher->folders);
    return cache_commit(publisher->cache, ok ? error : NULL) && ok;
}

unsigned publisher_count_unwritten(const struct publisher *publisher, const char **ret_reason)
{
    if (publisher->n_unwritten > 0)
        *ret_reason = publisher->unwritten->message;
    return publisher->n_unwritten;
}

struct publish_counts publisher_counts(const struct publisher *publisher)
{
    return publisher->counts;
}
