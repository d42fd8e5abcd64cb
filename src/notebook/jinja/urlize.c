/* The filter urlize: addresses in text become links. */
#include "notebook/jinja/engine.h"

#include <string.h>

static const char web_address[] = "^((https?://|www\\.)(([\\w%-]+\\.)+)?([a-z]{2,63}|xn--[\\w%]{2,59})|"
                                  "([\\w%-]{2,63}\\.)+(com|net|int|edu|gov|org|info|mil)|"
                                  "(https?://)((\\d{1,3}(\\.\\d{1,3}){3})|(\\[([\\da-f]{0,4}:){2}([\\da-f]{0,4}:?){1,6}])))"
                                  "(?::\\d{1,5})?(?:[/?#]\\S*)?$";
static const char mail_address[] = "^\\S+@\\w[\\w.-]*\\.\\w+$";

struct linker {
    engine *e;
    struct buf out;
    value *attributes; /* of links to pages */
    value *schemes;    /* list of further beginnings, or NULL */
    gint64 limit;      /* of shown characters; -1: none */
};

static bool matches(const char *pattern, value *text)
{
    return g_regex_match_simple(pattern, text->s, G_REGEX_CASELESS, 0);
}

static value *cut(engine *e, const char *from, const char *to)
{
    return v_str(e, j_copy(e, from, (gsize)(to - from)), (gsize)(to - from));
}

static gsize count_of(const value *text, const char *what)
{
    gsize n = 0;
    for (const char *p = text->s; (p = strstr(p, what)) != NULL; p += strlen(what))
        n++;
    return n;
}

static bool starts_with(const value *text, const char *what)
{
    return g_str_has_prefix(text->s, what);
}

static void put_link(struct linker *l, const char *scheme, value *target, const char *attributes, value *shown, gint64 limit)
{
    engine *e = l->e;
    bool trims = limit >= 0 && (gint64)text_length(shown->s, shown->n) > limit;
    buf_str(e, &l->out, "<a href=\"");
    buf_str(e, &l->out, scheme);
    buf_add(e, &l->out, target->s, target->n);
    buf_str(e, &l->out, "\"");
    buf_str(e, &l->out, attributes);
    buf_str(e, &l->out, ">");
    buf_add(e, &l->out, shown->s, trims ? (gsize)(text_at(shown->s, shown->n, (gsize)limit) - shown->s) : shown->n);
    buf_str(e, &l->out, trims ? "...</a>" : "</a>");
}

static bool put_scheme(struct linker *l, value *text)
{
    for (gsize i = 0; l->schemes && i < l->schemes->n; i++) {
        const value *scheme = l->schemes->items[i];
        if (text->n > scheme->n && starts_with(text, scheme->s)) {
            put_link(l, "", text, l->attributes->s, text, -1);
            return true;
        }
    }
    return false;
}

static void put_middle(struct linker *l, value *text)
{
    value *behind = starts_with(text, "mailto:") ? cut(l->e, text->s + 7, text->s + text->n) : NULL;
    if (matches(web_address, text))
        put_link(l, starts_with(text, "http://") || starts_with(text, "https://") ? "" : "https://", text, l->attributes->s, text,
                 l->limit);
    else if (behind && matches(mail_address, behind))
        put_link(l, "", text, "", behind, -1);
    else if (*text->s != '@' && !starts_with(text, "www.") && !strchr(text->s, ':') && matches(mail_address, text))
        put_link(l, "mailto:", text, "", text, -1);
    else if (!put_scheme(l, text))
        buf_add(l->e, &l->out, text->s, text->n);
}

/* The begin of the closing marks at the text's end. */
static const char *tail_of(const char *from, const char *end)
{
    for (;;) {
        if (end - from >= 4 && memcmp(end - 4, "&gt;", 4) == 0)
            end -= 4;
        else if (end > from && strchr(")>.,", end[-1]))
            end--;
        else
            return end;
    }
}

/* Marks that close what was opened inside belong to the address. */
static const char *balance(engine *e, const char *from, const char *tail, const char *end)
{
    static const char *const pairs[][2] = {{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}};
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        value *middle = cut(e, from, tail), *rest = cut(e, tail, end);
        gsize open = count_of(middle, pairs[i][0]);
        if (open <= count_of(middle, pairs[i][1]))
            continue;
        for (gsize left = MIN(open, count_of(rest, pairs[i][1])); left > 0; left--)
            tail = strstr(tail, pairs[i][1]) + strlen(pairs[i][1]);
    }
    return tail;
}

static void put_word(struct linker *l, value *word)
{
    const char *from = word->s, *end = from + word->n;
    for (;;) {
        if (*from == '(' || *from == '<')
            from++;
        else if (g_str_has_prefix(from, "&lt;"))
            from += 4;
        else
            break;
    }
    const char *tail = balance(l->e, from, tail_of(from, end), end);
    buf_add(l->e, &l->out, word->s, (gsize)(from - word->s));
    put_middle(l, cut(l->e, from, tail));
    buf_add(l->e, &l->out, tail, (gsize)(end - tail));
}

static gint compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The relations of links, sorted, each once. */
static char *relations(value *given, bool nofollow)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_auto(GStrv) own = g_strsplit_set(given ? given->s : "", " \t\n", -1);
    g_ptr_array_add(words, (char *)"noopener");
    if (nofollow)
        g_ptr_array_add(words, (char *)"nofollow");
    for (char **word = own; *word; word++)
        if (**word && !g_ptr_array_find_with_equal_func(words, *word, g_str_equal, NULL))
            g_ptr_array_add(words, *word);
    g_ptr_array_sort(words, compare_words);
    g_ptr_array_add(words, NULL);
    return g_strjoinv(" ", (char **)words->pdata);
}

static value *read_attributes(engine *e, value **arg)
{
    struct buf b = {0};
    value *given = arg[3] && arg[3]->type != V_NONE ? v_to_str(e, arg[3]) : NULL;
    char *joined = relations(given, arg[1] && v_true(e, arg[1]));
    value *rel = v_text(e, j_copy(e, joined, strlen(joined)));
    g_free(joined);
    rel = v_escape(e, rel);
    buf_str(e, &b, " rel=\"");
    buf_add(e, &b, rel->s, rel->n);
    buf_str(e, &b, "\"");
    if (arg[2] && v_true(e, arg[2])) {
        value *target = v_escape(e, arg[2]);
        buf_str(e, &b, " target=\"");
        buf_add(e, &b, target->s, target->n);
        buf_str(e, &b, "\"");
    }
    return buf_value(e, &b);
}

static value *read_schemes(engine *e, value *given)
{
    value *list = given && given->type != V_NONE ? v_iterate(e, given) : NULL;
    for (gsize i = 0; list && i < list->n; i++)
        if (list->items[i]->type != V_STR || !g_regex_match_simple("^[\\w.+-]{2,}:(/){0,2}$", list->items[i]->s, 0, 0))
            j_fail(e, "%s is not a valid URI scheme prefix", v_to_repr(e, list->items[i])->s);
    return list;
}

value *filter_urlize(engine *e, value *self, value **arg, struct args *all)
{
    value *text = v_escape(e, self);
    struct linker l = {.e = e, .attributes = read_attributes(e, arg), .schemes = read_schemes(e, arg[4])};
    l.limit = arg[0] && arg[0]->type != V_NONE ? MAX(0, v_to_int(e, arg[0], "trim_url_limit")) : -1;
    for (const char *p = text->s, *end = p + text->n; p < end;) {
        const char *from = p;
        while (p < end && !g_unichar_isspace(g_utf8_get_char(p)))
            p = g_utf8_next_char(p);
        if (p > from)
            put_word(&l, cut(e, from, p));
        from = p;
        while (p < end && g_unichar_isspace(g_utf8_get_char(p)))
            p = g_utf8_next_char(p);
        buf_add(e, &l.out, from, (gsize)(p - from));
    }
    value *result = buf_value(e, &l.out);
    result->safe = e->autoescape;
    return result;
}
