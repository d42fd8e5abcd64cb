#include "build/inputs.h"

#include <stdbool.h>
#include <string.h>

#include "base/hash.h"

#define TOLD_LIMIT 6
#define VALUE_LIMIT 60 /* characters */
#define HASH_DIGITS 8

char *inputs_key(const struct plan_job *job, const json_t *inputs)
{
    g_autoptr(json_t) whole = json_pack("{s:s, s:O}", "type", job_type_names[job->type], "inputs", inputs);
    char *text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    char *key = hash_sha256_hex(text, strlen(text));
    free(text);
    return key;
}

static bool is_hash(const char *text)
{
    size_t n = strspn(text, "0123456789abcdef");
    return n >= 16 && (text[n] == '\0' || strcmp(text + n, "+x") == 0);
}

char *inputs_show(const json_t *value)
{
    if (json_is_string(value) && is_hash(json_string_value(value)))
        return g_strdup_printf("%.*s%s", HASH_DIGITS, json_string_value(value), strchr(json_string_value(value), '+') != NULL ? "+x" : "");
    char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    char *text = g_strdup(dumped != NULL ? dumped : "?");
    free(dumped);
    if (g_utf8_strlen(text, -1) > VALUE_LIMIT)
        strcpy(g_utf8_offset_to_pointer(text, VALUE_LIMIT - 3), "...");
    return text;
}

struct telling {
    GString *text;
    unsigned n, n_more;
};

static void tell(struct telling *telling, const char *what, const json_t *before, const json_t *now)
{
    if (telling->n == TOLD_LIMIT) {
        telling->n_more++;
        return;
    }
    g_autofree char *old = before != NULL ? inputs_show(before) : NULL, *new = now != NULL ? inputs_show(now) : NULL;
    g_string_append(telling->text, telling->n++ > 0 ? "; " : "");
    if (old == NULL)
        g_string_append_printf(telling->text, "%s is new (%s)", what, new);
    else if (new == NULL)
        g_string_append_printf(telling->text, "%s is gone (was %s)", what, old);
    else
        g_string_append_printf(telling->text, "%s changed (%s -> %s)", what, old, new);
}

/* Members of an object are told one by one, each under its own name. */
static void tell_members(struct telling *telling, const char *kind, const json_t *before, const json_t *now)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)now, name, value)
    {
        g_autofree char *what = g_strdup_printf("%s '%s'", kind, name);
        if (!json_equal(json_object_get(before, name), value))
            tell(telling, what, json_object_get(before, name), value);
    }
    json_object_foreach((json_t *)before, name, value)
    {
        g_autofree char *what = g_strdup_printf("%s '%s'", kind, name);
        if (json_object_get(now, name) == NULL)
            tell(telling, what, value, NULL);
    }
}

char *inputs_explain(const json_t *before, const json_t *now)
{
    static const struct {
        const char *key, *what;
        bool has_members;
    } parts[] = {
        {"source", "source", false},   {"files", "file", true},          {"deps", "template or include", true},
        {"settings", "setting", true}, {"program", "clx itself", false}, {"tool", "tool", true},
    };
    struct telling telling = {.text = g_string_new(NULL)};
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        const json_t *old = json_object_get(before, parts[i].key), *new = json_object_get(now, parts[i].key);
        if (parts[i].has_members)
            tell_members(&telling, parts[i].what, old, new);
        else if (old != new && !json_equal(old, new))
            tell(&telling, parts[i].what, old, new);
    }
    if (telling.n_more > 0)
        g_string_append_printf(telling.text, "; and %u more", telling.n_more);
    return g_string_free(telling.text, telling.n == 0);
}
