#include "notebook/yaml.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/yaml.h"

#define MAX_DEPTH 64

static json_t *to_json(struct fy_node *node, int depth);

/* The places of a number: digits and underscores. */
static const char *skip_digits(const char *p)
{
    return p + strspn(p, "0123456789_");
}

/* "1.5", "1.", ".5", "1.5e+3": a point, and an exponent only with its sign. */
static bool is_real(const char *p)
{
    const char *point = skip_digits(p);
    if (*point != '.' || *p == '_' || (point == p && !g_ascii_isdigit(point[1])))
        return false;
    p = skip_digits(point + 1);
    if (*p == 'e' || *p == 'E') {
        if (p[1] != '+' && p[1] != '-')
            return false;
        size_t digits = strspn(p + 2, "0123456789");
        p += 2 + digits;
        return digits > 0 && *p == 0;
    }
    return *p == 0;
}

static json_t *resolve_integer(const char *digits, bool negative)
{
    guint base = 10;
    if (*digits == '0' && digits[1] != 0) {
        base = digits[1] == 'x' ? 16 : digits[1] == 'b' ? 2 : 8;
        digits += base == 8 ? 1 : 2;
    }
    char *end = 0;
    errno = 0;
    gint64 value = g_ascii_isxdigit(*digits) ? g_ascii_strtoll(digits, &end, base) : 0;
    return errno == 0 && end != 0 && *end == 0 ? json_integer(negative ? -value : value) : 0;
}

static json_t *resolve_number(const char *text)
{
    bool negative = *text == '-';
    const char *digits = negative || *text == '+' ? text + 1 : text;
    if (!g_ascii_isdigit(*digits) && *digits != '.')
        return 0;
    g_auto(GStrv) parts = g_strsplit(digits, "_", -1);
    g_autofree char *plain = g_strjoinv("", parts);
    if (!is_real(digits))
        return resolve_integer(plain, negative);
    double value = g_ascii_strtod(plain, 0);
    return isfinite(value) ? json_real(negative ? -value : value) : 0;
}

static bool is_one_of(const char *text, const char *const *words)
{
    return g_strv_contains(words, text);
}

static json_t *resolve_plain(const char *text)
{
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL", 0};
    static const char *const truths[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", 0};
    static const char *const lies[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", 0};
    if (is_one_of(text, nothing))
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

static void set_error(struct fy_diag *diag, int *ret_line, int *ret_col, GError **error)
{
    void *iterator = 0;
    struct fy_diag_error *first = fy_diag_errors_iterate(diag, &iterator);
    *ret_line = first != 0 ? MAX(first->line, 1) : 1;
    *ret_col = first != 0 ? MAX(first->column, 1) : 1;
    g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "the YAML header cannot be read: %s",
                first != 0 ? first->msg : "it is nested too deeply, or has a list as a key");
}

json_t *yaml_header_parse(const char *text, int *ret_line, int *ret_col, GError **error)
{
    struct fy_diag *diag = yaml_diag_new();
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET, .diag = diag};
    struct fy_document *document = fy_document_build_from_string(&config, text, strlen(text));
    json_t *json = document != 0 ? to_json(fy_document_root(document), 0) : 0;
    if (json == 0)
        set_error(diag, ret_line, ret_col, error);
    if (document != 0)
        fy_document_destroy(document);
    fy_diag_destroy(diag);
    return json;
}
