#include "build/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/folders.h"

struct entry {
    char *sha256;
    gint64 size, mtime_ns;
    bool belongs;    /* named by this build */
    bool is_changed; /* not yet in the manifest like this */
};

struct publisher {
    struct cache *cache;
    char *course_key;
    GHashTable *entries; /* absolute path -> struct entry * */
    struct folders *folders;
    char *object; /* name of the object that was read last: one picture goes to many places */
    GBytes *object_bytes;
    struct publish_counts counts;
};

static void entry_free(gpointer data)
{
    struct entry *entry = data;
    g_free(entry->sha256);
    g_free(entry);
}

static void load_entry(const char *path, const char *sha256, gint64 size, gint64 mtime_ns, gpointer data)
{
    struct publisher *publisher = data;
    struct entry *entry = g_new0(struct entry, 1);
    *entry = (struct entry){.sha256 = g_strdup(sha256), .size = size, .mtime_ns = mtime_ns};
    g_hash_table_insert(publisher->entries, g_strdup(path), entry);
}

struct publisher *publisher_new(struct cache *cache, const char *course_key, GError **error)
{
    g_autoptr(publisher) publisher = g_new0(struct publisher, 1);
    publisher->cache = cache;
    publisher->course_key = g_strdup(course_key);
    publisher->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    publisher->folders = folders_new();
    if (!cache_manifest_list(cache, course_key, load_entry, publisher, error))
        return NULL;
    return g_steal_pointer(&publisher);
}

void publisher_free(struct publisher *publisher)
{
    if (publisher == NULL)
        return;
    g_free(publisher->course_key);
    g_hash_table_unref(publisher->entries);
    folders_free(publisher->folders);
    g_free(publisher->object);
    g_clear_pointer(&publisher->object_bytes, g_bytes_unref);
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
    if (entry != NULL && entry->size != ret_info->st_size && strcmp(entry->sha256, sha256) == 0)
        return false;
    g_autofree char *actual = file_sha256(path, NULL);
    return actual != NULL && strcmp(actual, sha256) == 0;
}

static void note(struct publisher *publisher, const char *path, struct entry *entry, const char *sha256, const struct stat *info)
{
    bool is_same = is_known(entry, sha256, info);
    if (entry == NULL) {
        entry = g_new0(struct entry, 1);
        g_hash_table_insert(publisher->entries, g_strdup(path), entry);
    }
    entry->belongs = true;
    if (is_same)
        return;
    g_free(entry->sha256);
    entry->sha256 = g_strdup(sha256);
    entry->size = info->st_size;
    entry->mtime_ns = mtime_ns_of(info);
    entry->is_changed = true;
}

/* What is to be put where. `source` NULL: an object of the cache. */
struct item {
    const char *root, *relative, *path, *source, *sha256;
};

static GBytes *read_object(struct publisher *publisher, const char *sha256, GError **error)
{
    if (g_strcmp0(publisher->object, sha256) == 0)
        return publisher->object_bytes;
    GBytes *bytes = cache_get_object(publisher->cache, sha256, error);
    if (bytes == NULL)
        return NULL;
    g_clear_pointer(&publisher->object_bytes, g_bytes_unref);
    g_free(publisher->object);
    publisher->object = g_strdup(sha256);
    return publisher->object_bytes = bytes;
}

static bool write_object(struct publisher *publisher, const struct item *item, GBytes *bytes, struct stat *ret_info, GError **error)
{
    int folder = folders_open(publisher->folders, item->root, item->relative, true, error);
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    return folder >= 0 && folders_write(folder, name_of(item->relative), item->path, data, length, 0666, ret_info, error);
}

static bool copy_source(struct publisher *publisher, const struct item *item, struct stat *ret_info, GError **error)
{
    int folder = folders_open(publisher->folders, item->root, item->relative, true, error);
    if (folder < 0 || !file_copy_atomic(item->source, item->path, error))
        return false;
    if (fstatat(folder, name_of(item->relative), ret_info, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "cannot read '%s' just after writing it: %s", item->path, g_strerror(errno));
    return false;
}

/* NOT_FOUND is kept for the object: a folder that is not there says nothing about the cache. */
static bool write_item(struct publisher *publisher, const struct item *item, struct stat *ret_info, GError **error)
{
    g_autoptr(GError) problem = NULL;
    GBytes *bytes = item->source == NULL ? read_object(publisher, item->sha256, error) : NULL;
    if (item->source == NULL && bytes == NULL)
        return false;
    if (item->source != NULL ? copy_source(publisher, item, ret_info, &problem) : write_object(publisher, item, bytes, ret_info, &problem))
        return true;
    g_set_error_literal(error, CLX_ERROR, CLX_ERROR_FAILED, problem->message);
    return false;
}

/* 1: the file is there with its bytes; 0: it is not; -1: it cannot be put there. */
static int look(struct publisher *publisher, const struct item *item, const struct entry *entry, struct stat *ret_info, GError **error)
{
    g_autoptr(GError) problem = NULL;
    int folder = folders_open(publisher->folders, item->root, item->relative, false, &problem);
    if (folder >= 0)
        return is_current(entry, folder, name_of(item->relative), item->path, item->sha256, ret_info);
    if (g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND))
        return 0;
    g_propagate_error(error, g_steal_pointer(&problem));
    return -1;
}

static bool put(struct publisher *publisher, const char *root, const char *relative, const char *source, const char *sha256, GError **error)
{
    if (!is_relative_and_inside(relative)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "'%s' is not a path inside of the output folder", relative);
        return false;
    }
    g_autofree char *path = g_strconcat(root, "/", relative, NULL);
    struct item item = {root, relative, path, source, sha256};
    struct entry *entry = g_hash_table_lookup(publisher->entries, path);
    if (entry != NULL)
        entry->belongs = true;
    struct stat info;
    int found = look(publisher, &item, entry, &info, error);
    if (found < 0 || (found == 0 && !write_item(publisher, &item, &info, error)))
        return false;
    publisher->counts.unchanged += found == 1;
    publisher->counts.written += found == 0;
    note(publisher, path, entry, sha256, &info);
    return true;
}

bool publisher_put_object(struct publisher *publisher, const char *root, const char *relative, const char *sha256, GError **error)
{
    return put(publisher, root, relative, NULL, sha256, error);
}

bool publisher_put_copy(struct publisher *publisher, const char *root, const char *relative, const char *source, const char *sha256,
                        GError **error)
{
    return put(publisher, root, relative, source, sha256, error);
}

void publisher_keep(struct publisher *publisher, const char *root, const char *relative)
{
    g_autofree char *path = g_strconcat(root, "/", relative, NULL);
    struct entry *entry = g_hash_table_lookup(publisher->entries, path);
    if (entry != NULL)
        entry->belongs = true;
}

static bool write_changes(struct publisher *publisher, GError **error)
{
    GHashTableIter iter;
    gpointer path, value;
    g_hash_table_iter_init(&iter, publisher->entries);
    while (g_hash_table_iter_next(&iter, &path, &value)) {
        struct entry *entry = value;
        if (!entry->is_changed)
            continue;
        if (!cache_manifest_set(publisher->cache, publisher->course_key, path, entry->sha256, entry->size, entry->mtime_ns, error))
            return false;
        entry->is_changed = false;
    }
    return true;
}

static bool has_changes(const struct publisher *publisher)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, publisher->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((const struct entry *)value)->is_changed)
            return true;
    return false;
}

bool publisher_flush(struct publisher *publisher, GError **error)
{
    folders_forget(publisher->folders);
    if (!has_changes(publisher))
        return true;
    return cache_begin(publisher->cache, error) && write_changes(publisher, error) && cache_commit(publisher->cache, error);
}

/* The root that a path of the manifest lies below, or NULL. */
static const char *find_root(const char *path, const char *const *roots)
{
    for (; *roots != NULL; roots++) {
        size_t length = strlen(*roots);
        if (strncmp(path, *roots, length) == 0 && path[length] == '/' && is_relative_and_inside(path + length + 1))
            return *roots;
    }
    return NULL;
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

/* True if the stray is gone, or is no longer ours to remove. */
static bool remove_stray(struct publisher *publisher, const char *path, const struct entry *entry, const char *root,
                         struct diag_list *diags)
{
    g_autoptr(GError) error = NULL;
    struct stat info;
    const char *relative = path + strlen(root) + 1, *name = name_of(path);
    int folder = folders_open(publisher->folders, root, relative, false, &error);
    bool is_gone = folder < 0 ? g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND)
                              : fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
    if (is_gone)
        return true;
    if (folder < 0 || !is_current(entry, folder, name, path, entry->sha256, &info)) {
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

static GPtrArray *list_strays(const struct publisher *publisher, const char *const *roots)
{
    GPtrArray *strays = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer path, value;
    g_hash_table_iter_init(&iter, publisher->entries);
    while (g_hash_table_iter_next(&iter, &path, &value))
        if (!((const struct entry *)value)->belongs && find_root(path, roots) != NULL)
            g_ptr_array_add(strays, g_strdup(path));
    g_ptr_array_sort(strays, compare_paths);
    return strays;
}

bool publisher_remove_strays(struct publisher *publisher, const char *const *roots, struct diag_list *diags, GError **error)
{
    g_autoptr(GPtrArray) strays = list_strays(publisher, roots);
    if (strays->len == 0)
        return true;
    if (!cache_begin(publisher->cache, error))
        return false;
    for (unsigned i = 0; i < strays->len; i++) {
        const char *path = strays->pdata[i];
        const struct entry *entry = g_hash_table_lookup(publisher->entries, path);
        if (!remove_stray(publisher, path, entry, find_root(path, roots), diags))
            continue;
        if (!cache_manifest_remove(publisher->cache, publisher->course_key, path, error))
            return false;
        g_hash_table_remove(publisher->entries, path);
    }
    return cache_commit(publisher->cache, error);
}

struct publish_counts publisher_counts(const struct publisher *publisher)
{
    return publisher->counts;
}
