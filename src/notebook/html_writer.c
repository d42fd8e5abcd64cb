#include "notebook/html_writer.h"

#include <string.h>

#include "notebook/html_style.h"

enum { MAX_DEPTH = 400 }; /* browsers flatten what is nested deeper than 512 */

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define CELLS "td", "th", "caption"

static bool is_one_of(const char *name, const char *const *names)
{
    return g_strv_contains(names, name);
}

static bool is_void(const char *name)
{
    return is_one_of(name, LIST("area", "br", "col", "hr", "img", "input", "source", "track", "wbr"));
}

/* Elements whose tags are left out: of a document, of forms, of plug-ins and frames, and those that change how a parser reads on. */
static bool is_unwanted(const char *name)
{
    return is_one_of(name, LIST("html", "head", "body", "main", "base", "meta", "link", "title", "plaintext", "xmp", "noscript", "noembed",
                                "noframes", "frame", "frameset", "template", "form", "select", "option", "optgroup", "textarea", "object",
                                "embed", "applet", "param", "marquee", "nobr", "rb", "rtc", "keygen", "bgsound", "basefont", "fencedframe",
                                "permission", "geolocation"));
}

/* Tags that end svg and math. */
static bool is_breakout(const char *name)
{
    return is_one_of(name,
                     LIST("b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "font", "h1",
                          "h2", "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre",
                          "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var"));
}

/* Within svg: all but the elements in which HTML goes on. */
static bool is_allowed_in_svg(const char *name)
{
    return !is_void(name) && !is_one_of(name, LIST("math", "foreignobject", "desc"));
}

static bool is_allowed_in_maths(const char *name)
{
    return is_one_of(name, LIST("maction", "math", "menclose", "merror", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover",
                                "mpadded", "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup",
                                "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none", "semantics", "annotation"));
}

static bool is_heading(const char *name)
{
    return name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && name[2] == '\0';
}

/* Start tags that end a paragraph. */
static bool ends_paragraph(const char *name)
{
    return is_heading(name) ||
           is_one_of(name, LIST("address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt",
                                "fieldset", "figcaption", "figure", "footer", "header", "hgroup", "hr", "li", "listing", "menu", "nav",
                                "ol", "p", "pre", "search", "section", "summary", "table", "ul"));
}

static const char *top(const struct html_writer *writer)
{
    return writer->open->len == 0 ? "" : writer->open->pdata[writer->open->len - 1];
}

static void close_until(struct html_writer *writer, guint count)
{
    while (writer->open->len > count) {
        g_string_append_printf(writer->out, "</%s>", top(writer));
        g_ptr_array_set_size(writer->open, writer->open->len - 1);
    }
}

/* The number of the last open element with one of the names, counted from 1; 0: there is none, or one of `limits` is in between. */
static guint find_open(const struct html_writer *writer, const char *const *names, const char *const *limits)
{
    for (guint i = writer->open->len; i > 0; i--) {
        if (is_one_of(writer->open->pdata[i - 1], names))
            return i;
        if (is_one_of(writer->open->pdata[i - 1], limits))
            return 0;
    }
    return 0;
}

static void close_last(struct html_writer *writer, const char *const *names, const char *const *limits)
{
    guint found = find_open(writer, names, limits);
    if (found > 0)
        close_until(writer, found - 1);
}

/* Closes what a parser would close, and in doubt more. */
static void close_what_ends(struct html_writer *writer, const char *name)
{
    if (ends_paragraph(name))
        close_last(writer, LIST("p"), LIST(CELLS));
    if (strcmp(name, "li") == 0)
        close_last(writer, LIST("li"), LIST("ul", "ol", "menu", "dir", CELLS));
    else if (strcmp(name, "dd") == 0 || strcmp(name, "dt") == 0)
        close_last(writer, LIST("dd", "dt"), LIST("dl", CELLS));
    else if (strcmp(name, "a") == 0)
        close_last(writer, LIST("a"), LIST(CELLS));
    else if (strcmp(name, "button") == 0)
        close_last(writer, LIST("button"), LIST(CELLS));
    else if (is_heading(name) && is_heading(top(writer)))
        close_until(writer, writer->open->len - 1);
    else if (strcmp(name, "rt") == 0 || strcmp(name, "rp") == 0)
        while (is_one_of(top(writer), LIST("dd", "dt", "li", "p", "rt", "rp")))
            close_until(writer, writer->open->len - 1);
}

struct table_part {
    const char *name, *parents[4], *implied; /* the parent that a parser adds by itself */
};

static const struct table_part *find_table_part(const char *name)
{
    static const struct table_part parts[] = {
        {"caption", {"table"}, NULL}, {"colgroup", {"table"}, NULL}, {"col", {"colgroup"}, "colgroup"},
        {"thead", {"table"}, NULL},   {"tbody", {"table"}, NULL},    {"tfoot", {"table"}, NULL},
        {"td", {"tr"}, "tr"},         {"th", {"tr"}, "tr"},          {"tr", {"tbody", "thead", "tfoot"}, "tbody"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}

static void write_start(struct html_writer *writer, const char *name, const char *attributes)
{
    g_string_append_printf(writer->out, "<%s%s>", name, attributes);
    if (!is_void(name))
        g_ptr_array_add(writer->open, g_strdup(name));
}

/* Makes the parent that the part of a table needs the last open element; false outside of a table. */
static bool enter_parent(struct html_writer *writer, const struct table_part *part)
{
    if (find_open(writer, LIST("table"), LIST("")) == 0)
        return false;
    guint parent = find_open(writer, part->parents, LIST("table"));
    if (parent > 0)
        close_until(writer, parent);
    else {
        if (part->implied == NULL || !enter_parent(writer, find_table_part(part->implied)))
            return false;
        write_start(writer, part->implied, "");
    }
    return true;
}

static bool is_between_cells(const struct html_writer *writer)
{
    return is_one_of(top(writer), LIST("table", "thead", "tbody", "tfoot", "tr", "colgroup"));
}

/* The name of the svg or math that is open, and its number; NULL in HTML. */
static const char *find_foreign(const struct html_writer *writer, guint *ret_number)
{
    guint found = 0;
    for (guint i = 0; i < writer->open->len && found == 0; i++)
        if (is_one_of(writer->open->pdata[i], LIST("svg", "math")))
            found = i + 1;
    if (found == 0)
        return NULL;
    *ret_number = found;
    return writer->open->pdata[found - 1];
}

/* Closes what must be closed before the element begins; false if it has no place here. */
static bool prepare(struct html_writer *writer, const char *name)
{
    guint number;
    const char *foreign = find_foreign(writer, &number);
    if (foreign != NULL && !is_breakout(name))
        return strcmp(foreign, "svg") == 0 ? is_allowed_in_svg(name) : is_allowed_in_maths(name);
    if (foreign != NULL)
        close_until(writer, number - 1);
    const struct table_part *part = find_table_part(name);
    if (part != NULL)
        return enter_parent(writer, part);
    bool is_lost = is_one_of(name, LIST("rt", "rp")) && find_open(writer, LIST("ruby"), LIST(CELLS)) == 0;
    if (is_lost || is_between_cells(writer) || strcmp(name, "image") == 0)
        return false;
    close_what_ends(writer, name);
    return true;
}

void html_writer_init(struct html_writer *writer, GString *out)
{
    *writer = (struct html_writer){.out = out, .open = g_ptr_array_new_with_free_func(g_free)};
}

void html_writer_clear(struct html_writer *writer)
{
    close_until(writer, 0);
    g_ptr_array_unref(writer->open);
}

void html_writer_open(struct html_writer *writer, const char *name, const char *attributes, bool is_complete)
{
    guint number;
    if (is_unwanted(name) || writer->open->len >= MAX_DEPTH || !prepare(writer, name))
        return;
    write_start(writer, name, attributes);
    if (is_complete && find_foreign(writer, &number) != NULL)
        close_until(writer, writer->open->len - 1);
}

void html_writer_close(struct html_writer *writer, const char *name)
{
    bool is_of_table = strcmp(name, "table") == 0 || find_table_part(name) != NULL;
    close_last(writer, LIST(name), is_of_table ? LIST("table") : LIST(CELLS));
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isspace(text[i]))
            return false;
    return true;
}

/* Text between cells, which a parser would move to before the table, gets a cell. */
void html_writer_append_text(struct html_writer *writer, const char *text, size_t length)
{
    if (is_between_cells(writer) && !is_blank(text, length)) {
        enter_parent(writer, find_table_part("td"));
        write_start(writer, "td", "");
    }
    g_string_append_len(writer->out, text, length);
}

void html_writer_append_style(struct html_writer *writer, const char *css, size_t length, bool scoped)
{
    guint number;
    bool is_decoded = find_foreign(writer, &number) != NULL && memchr(css, '&', length) != NULL;
    if (strcmp(top(writer), "colgroup") == 0)
        close_until(writer, writer->open->len - 1);
    if (!is_decoded)
        html_append_style(writer->out, css, length, scoped);
}
