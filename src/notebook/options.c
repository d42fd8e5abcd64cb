#include "notebook/options.h"

#include <string.h>

#include "notebook/lines.h"

#define MAX_PAIRS 256

static json_t *unreadable(const char *text)
{
    return json_pack("{s:s}", OPTIONS_UNREADABLE, text);
}

static bool is_identifier(const char *text)
{
    if (!g_ascii_isalpha(*text) && *text != '_' && *text != '.')
        return false;
    for (; *text != 0; text++)
        if (!g_ascii_isalnum(*text) && *text != '_' && *text != '.')
            return false;
    return true;
}

static bool is_key(const char *text)
{
    if (*text == 0)
        return false;
    for (; *text != 0; text++)
        if (!g_ascii_isalnum(*text) && *text != '_' && *text != '.' && *text != '-')
            return false;
    return true;
}

/* The position of the last blank before text[end], or -1; white space in front of `end` does not count. */
static gssize blank_before(const char *text, gssize end)
{
    while (end > 0 && g_ascii_isspace(text[end - 1]))
        end--;
    for (end--; end >= 0 && text[end] != ' '; end--)
        ;
    return end;
}

/* Splits the last pair off `text`: the key and value that end it. The rest is text[0 .. *ret_rest). */
static json_t *last_pair(const char *text, char **ret_key, gssize *ret_rest)
{
    for (gssize equal = (gssize)strlen(text) - 1; equal >= 0; equal--) {
        if (text[equal] != '=')
            continue;
        gssize blank = blank_before(text, equal);
        g_autofree char *raw = g_strndup(text + blank + 1, (gsize)(equal - blank - 1));
        g_autofree char *key = strip_copy(raw);
        json_t *value = is_key(key) ? literal_parse(text + equal + 1) : 0;
        if (value == 0)
            continue;
        *ret_key = g_steal_pointer(&key);
        *ret_rest = MAX(blank, 0);
        return value;
    }
    return 0;
}

/* Takes one pair or bare word off the end of `text` (in place); bare words count only where no pair has their name. False when the rest
 * cannot be read. */
static bool take_last(char *text, json_t *pairs, json_t *words)
{
    const char *blank = strrchr(text, ' ');
    const char *word = blank != 0 ? blank + 1 : text;
    if (!g_str_has_prefix(text, "--") && is_identifier(word)) {
        json_object_set_new(words, word, json_null());
        text[word > text ? word - text - 1 : 0] = 0;
        return true;
    }
    g_autofree char *key = 0;
    gssize rest = 0;
    g_autoptr(json_t) value = last_pair(text, &key, &rest);
    if (value == 0)
        return false;
    if (json_object_get(pairs, key) == 0)
        json_object_set(pairs, key, value);
    text[rest] = 0;
    return true;
}

json_t *options_parse_pairs(const char *text)
{
    json_t *pairs = json_object();
    g_autoptr(json_t) words = json_object();
    g_autofree char *rest = strip_copy(text);
    for (int i = 0; *rest != 0; i++) {
        if (i >= MAX_PAIRS || !take_last(rest, pairs, words)) {
            g_autoptr(json_t) left = unreadable(rest);
            json_object_update_missing(pairs, left);
            break;
        }
        char *stripped = strip_copy(rest);
        g_free(rest);
        rest = stripped;
    }
    json_object_update_missing(pairs, words);
    return pairs;
}

bool options_are_json(const char *text)
{
    const char *brace = strchr(text, '{'), *equal = strchr(text, '=');
    return brace != 0 && (equal == 0 || brace < equal);
}

/* The title in front of `key=value` pairs: all words but the key before the first equal sign, without attributes (".name"). */
static char *title_before_pairs(const char *text)
{
    const char *equal = strchr(text, '=');
    gsize end = equal != 0 ? (gsize)(equal - text) : strlen(text);
    if (equal != 0) {
        while (end > 0 && text[end - 1] == ' ')
            end--;
        while (end > 0 && text[end - 1] != ' ')
            end--;
        end = end > 0 ? end - 1 : 0;
    }
    for (;;) {
        gsize word = end;
        while (word > 0 && text[word - 1] != ' ')
            word--;
        g_autofree char *last = g_strndup(text + word, end - word);
        if (end == 0 || (!is_blank(last) && *last != '.'))
            return g_strndup(text, end);
        end = word > 0 ? word - 1 : 0;
    }
}

json_t *options_parse(const char *text, char **ret_title)
{
    g_autofree char *options = strip_copy(text);
    if (!options_are_json(options)) {
        *ret_title = title_before_pairs(options);
        return options_parse_pairs(options + strlen(*ret_title));
    }
    const char *brace = strchr(options, '{');
    g_autofree char *title = g_strndup(options, (gsize)(brace - options));
    *ret_title = strip_copy(title);
    json_t *metadata = literal_parse(brace);
    if (json_is_object(metadata))
        return metadata;
    json_decref(metadata);
    return unreadable(brace);
}

static bool has_part(const char *text, const char *separators, const char *part)
{
    g_auto(GStrv) parts = g_strsplit_set(text, separators, -1);
    return g_strv_contains((const char *const *)parts, part);
}

bool options_are_active(const json_t *metadata, const char *extension, bool fallback)
{
    if (json_is_true(json_object_get(json_object_get(metadata, "run_control"), "frozen")))
        return strcmp(extension, "ipynb") == 0;
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(metadata, "tags"), i, tag)
    {
        const char *name = json_string_value(tag);
        if (name != 0 && g_str_has_prefix(name, "active-"))
            return has_part(name, "-", extension);
    }
    const char *active = json_get_text(metadata, "active", 0);
    return active == 0 ? fallback : has_part(active, ".,", extension);
}
