#include "notebook/yaml.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/yaml.h"

#define MAX_DEPTH 64

static json_t *to_json(struct fy_node *node, int depth);

static bool is_one_of(const char *text, const char *const *words)
{
    for (int i = 0; words[i] != 0; i++)
        if (g_ascii_strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

static json_t *resolve_number(const char *text)
{
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    if (strspn(digits, "0123456789_.eE+-xabcdfABCDF") != strlen(digits) || !g_ascii_isdigit(*digits))
        return 0;
    g_auto(GStrv) parts = g_strsplit(text, "_", -1);
    g_autofree char *plain = g_strjoinv("", parts);
    char *end = 0;
    errno = 0;
    gint64 integer = g_ascii_strtoll(plain, &end, 0);
    if (errno == 0 && *end == 0)
        return json_integer(integer);
    if (strchr(plain, '.') == 0 || strchr(plain, 'x') != 0)
        return 0;
    double real = g_ascii_strtod(plain, &end);
    return *end == 0 && isfinite(real) ? json_real(real) : 0;
}

static json_t *resolve_plain(const char *text)
{
    static const char *const truths[] = {"true", "yes", "on", 0}, *const lies[] = {"false", "no", "off", 0};
    if (*text == 0 || strcmp(text, "~") == 0 || g_ascii_strcasecmp(text, "null") == 0)
        return json_null();
    if (is_one_of(text, truths))
        return json_true();
    if (is_one_of(text, lies))
        return json_false();
    json_t *number = resolve_number(text);
    return number != 0 ? number : json_string(text);
}

static json_t *scalar_to_json(struct fy_node *node)
{
    size_t length = 0;
    const char *text = fy_node_get_scalar(node, &length);
    if (text == 0)
        return json_null();
    g_autofree char *copy = g_strndup(text, length);
    return fy_node_get_style(node) == FYNS_PLAIN ? resolve_plain(copy) : json_stringn(text, length);
}

static json_t *mapping_to_json(struct fy_node *node, int depth)
{
    g_autoptr(json_t) object = json_object();
    void *iterator = 0;
    for (struct fy_node_pair *pair = 0; (pair = fy_node_mapping_iterate(node, &iterator)) != 0;) {
        size_t length = 0;
        const char *key = fy_node_get_scalar(fy_node_pair_key(pair), &length);
        json_t *value = to_json(fy_node_pair_value(pair), depth);
        if (key == 0 || value == 0 || json_object_setn_new(object, key, length, value) != 0)
            return 0;
    }
    return g_steal_pointer(&object);
}

static json_t *sequence_to_json(struct fy_node *node, int depth)
{
    g_autoptr(json_t) array = json_array();
    void *iterator = 0;
    for (struct fy_node *item = 0; (item = fy_node_sequence_iterate(node, &iterator)) != 0;) {
        json_t *value = to_json(item, depth);
        if (value == 0 || json_array_append_new(array, value) != 0)
            return 0;
    }
    return g_steal_pointer(&array);
}

static json_t *to_json(struct fy_node *node, int depth)
{
    if (depth > MAX_DEPTH)
        return 0;
    if (node == 0)
        return json_null();
    if (fy_node_get_type(node) == FYNT_MAPPING)
        return mapping_to_json(node, depth + 1);
    if (fy_node_get_type(node) == FYNT_SEQUENCE)
        return sequence_to_json(node, depth + 1);
    return fy_node_is_alias(node) ? 0 : scalar_to_json(node);
}

json_t *yaml_header_parse(const char *text, GError **error)
{
    struct fy_diag *diag = yaml_diag_new();
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET, .diag = diag};
    struct fy_document *document = fy_document_build_from_string(&config, text, strlen(text));
    json_t *json = document != 0 ? to_json(fy_document_root(document), 0) : 0;
    if (document != 0)
        fy_document_destroy(document);
    fy_diag_destroy(diag);
    if (json == 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "the YAML header cannot be read; check its indentation and quotes");
    return json;
}
