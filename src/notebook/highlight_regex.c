#include "notebook/highlight_regex.h"

#include "notebook/lexer_tables.h"

enum { MATCH_LIMIT = 200 * 1000, DEPTH_LIMIT = 20 * 1000 };

struct compiled {
    pcre2_code *code;
    guint8 first_bytes[32];
    bool any_first_byte, tried;
};

static struct compiled *compiled_regexes;
static pcre2_match_data *match_data;
static pcre2_match_context *match_context;

static pcre2_code *compile(const struct lex_regex *regex, guint32 more_options)
{
    guint32 options = PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | more_options;
    options |= regex->flags & LEX_MULTILINE ? PCRE2_MULTILINE : 0;
    options |= regex->flags & LEX_DOTALL ? PCRE2_DOTALL : 0;
    options |= regex->flags & LEX_CASELESS ? PCRE2_CASELESS : 0;
    options |= regex->flags & LEX_EXTENDED ? PCRE2_EXTENDED : 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    int error;
    size_t offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)regex->pattern, PCRE2_ZERO_TERMINATED, options, &error, &offset, context);
    pcre2_compile_context_free(context);
    return code;
}

/* Which bytes a match can begin with: PCRE2 knows it of patterns that are not anchored. */
static void learn_first_bytes(struct compiled *compiled, const struct lex_regex *regex)
{
    compiled->any_first_byte = true;
    pcre2_code *code = compile(regex, 0);
    if (code == NULL)
        return;
    const guint8 *bitmap = NULL;
    guint32 kind = 0, unit = 0;
    pcre2_pattern_info(code, PCRE2_INFO_FIRSTBITMAP, &bitmap);
    pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODETYPE, &kind);
    pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
    if (bitmap != NULL) {
        memcpy(compiled->first_bytes, bitmap, sizeof compiled->first_bytes);
        compiled->any_first_byte = false;
    } else if (kind == 1 && unit < 256 && !(regex->flags & LEX_CASELESS)) {
        compiled->first_bytes[unit / 8] |= 1 << unit % 8;
        compiled->any_first_byte = false;
    }
    pcre2_code_free(code);
}

static const struct compiled *get_compiled(int regex)
{
    if (compiled_regexes == NULL) {
        compiled_regexes = g_new0(struct compiled, n_lex_regexes);
        match_data = pcre2_match_data_create(LEX_MAX_GROUPS, NULL);
        match_context = pcre2_match_context_create(NULL);
        pcre2_set_match_limit(match_context, MATCH_LIMIT);
        pcre2_set_depth_limit(match_context, DEPTH_LIMIT);
    }
    struct compiled *compiled = &compiled_regexes[regex];
    if (compiled->tried)
        return compiled;
    compiled->tried = true;
    compiled->code = compile(&lex_regexes[regex], PCRE2_ANCHORED);
    if (compiled->code == NULL) {
        g_warning("code colours: regular expression %d cannot be compiled", regex);
        return compiled;
    }
    pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);
    learn_first_bytes(compiled, &lex_regexes[regex]);
    return compiled;
}

static bool can_begin_with(const struct compiled *compiled, const char *text, size_t length, size_t place)
{
    if (compiled->any_first_byte)
        return true;
    if (place >= length)
        return false;
    guint8 byte = text[place];
    return compiled->first_bytes[byte / 8] & 1 << byte % 8;
}

bool lex_regex_match(int regex, const char *text, size_t length, size_t place, struct lex_match *match, int *too_hard)
{
    const struct compiled *compiled = get_compiled(regex);
    if (compiled->code == NULL || !can_begin_with(compiled, text, length, place))
        return false;
    int found = pcre2_match(compiled->code, (PCRE2_SPTR)text, length, place, PCRE2_NO_UTF_CHECK, match_data, match_context);
    if (found < 0) {
        *too_hard += found != PCRE2_ERROR_NOMATCH;
        return false;
    }
    const size_t *offsets = pcre2_get_ovector_pointer(match_data);
    match->n_groups = found == 0 ? LEX_MAX_GROUPS : found;
    for (int i = 0; i < match->n_groups; i++) {
        match->start[i] = offsets[2 * i];
        match->end[i] = offsets[2 * i + 1];
    }
    return match->end[0] >= place; /* \K and lookaround tricks cannot move backwards */
}
