#include "config/settings_file.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "config/toml.h"
#include "os/file.h"

struct reading {
    const char *file;
    const char *const *keys;
    settings_file_each *each;
    gpointer data;
    struct diag_list *diags;
};

static bool is_section(const struct reading *reading, const char *name)
{
    g_autofree char *prefix = g_strconcat(name, ".", NULL);
    for (const char *const *key = reading->keys; *key != NULL; key++)
        if (g_str_has_prefix(*key, prefix))
            return true;
    return false;
}

static const char *find_key(const struct reading *reading, const char *name)
{
    for (const char *const *key = reading->keys; *key != NULL; key++)
        if (strcmp(*key, name) == 0)
            return *key;
    return NULL;
}

static void give_value(const struct reading *reading, const char *key, const struct toml *value)
{
    g_autofree char *number = value->type == TOML_INTEGER ? g_strdup_printf("%" G_GINT64_FORMAT, value->integer) : NULL;
    if (value->type != TOML_STRING && value->type != TOML_INTEGER && value->type != TOML_BOOL)
        diag_add(reading->diags, DIAG_ERROR, reading->file, value->line, value->col, NULL, "'%s' cannot be %s", key,
                 toml_type_name(value->type));
    else if (strlen(value->text) != value->length)
        diag_add(reading->diags, DIAG_ERROR, reading->file, value->line, value->col, NULL, "'%s' cannot hold U+0000", key);
    else
        reading->each(key, number != NULL ? number : value->text, value->line, value->col, reading->data);
}

/* Among what the table of this name has, settings and tables; NULL when nothing is near. */
static char *suggest(const struct reading *reading, const char *prefix, const char *word)
{
    g_autofree char *start = prefix[0] != '\0' ? g_strconcat(prefix, ".", NULL) : g_strdup("");
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (const char *const *key = reading->keys; *key != NULL; key++) {
        const char *rest = g_str_has_prefix(*key, start) ? *key + strlen(start) : "";
        g_autofree char *name = g_strndup(rest, strcspn(rest, "."));
        if (name[0] != '\0')
            g_strv_builder_add(builder, name);
    }
    g_auto(GStrv) names = g_strv_builder_end(builder);
    const char *nearest = text_nearest(word, (const char *const *)names);
    return nearest != NULL ? g_strdup_printf("did you mean '%s%s'?", start, nearest) : NULL;
}

static void read_table(const struct reading *reading, const struct toml *table, const char *prefix)
{
    for (guint i = 0; i < table->items->len; i++) {
        const struct toml *value = table->items->pdata[i];
        g_autofree char *name = g_strconcat(prefix, prefix[0] != '\0' ? "." : "", table->keys->pdata[i], NULL);
        const char *key = find_key(reading, name);
        if (key != NULL) {
            give_value(reading, key, value);
        } else if (!is_section(reading, name)) {
            g_autofree char *hint = suggest(reading, prefix, table->keys->pdata[i]);
            diag_add(reading->diags, DIAG_WARNING, reading->file, value->line, value->col, hint, "unknown setting '%s'", name);
        } else if (value->type == TOML_TABLE) {
            read_table(reading, value, name);
        } else {
            diag_add(reading->diags, DIAG_ERROR, reading->file, value->line, value->col, NULL, "'%s' must be a table", name);
        }
    }
}

static char *trust_record(const char *path, const void *data, size_t length)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL), *content = hash_sha256_hex(data, length);
    struct hasher *hasher = hasher_new();
    hasher_add_field(hasher, "path", absolute);
    hasher_add_field(hasher, "content", content);
    g_autofree char *name = hasher_finish(hasher);
    return g_build_filename(g_get_user_state_dir(), "clx", "trusted", name, NULL);
}

void settings_file_parse(const char *text, size_t length, const char *file, const char *const *keys, settings_file_each *each,
                         gpointer data, struct diag_list *diags)
{
    struct reading reading = {file, keys, each, data, diags};
    g_autoptr(toml) root = toml_parse(text, length, file, diags);
    if (root != NULL)
        read_table(&reading, root, "");
}

bool settings_file_is_trusted(const char *path, const void *data, size_t length)
{
    g_autofree char *record = trust_record(path, data, length);
    return g_file_test(record, G_FILE_TEST_IS_REGULAR);
}

bool settings_file_trust(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, SETTINGS_FILE_LIMIT, error);
    gsize length = 0;
    const void *data = bytes != NULL ? g_bytes_get_data(bytes, &length) : NULL;
    if (bytes == NULL)
        return false;
    g_autofree char *record = trust_record(path, data, length);
    return file_write_atomic(record, path, strlen(path), error);
}
