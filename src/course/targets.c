#include "course/targets.h"

#include <string.h>

#include "base/text.h"

static void make_default(struct spec *spec, const char *output_dir)
{
    struct output_target *target = output_target_new();
    target->name = g_strdup("default");
    target->is_default = true;
    memcpy(target->kinds, spec->default_kinds, sizeof target->kinds);
    if (output_dir != NULL)
        target->root = g_canonicalize_filename(output_dir, NULL);
    else
        target->root = spec->output_dir != NULL ? g_strdup(spec->output_dir) : spec_resolve(spec, "output");
    g_ptr_array_set_size(spec->course->targets, 0);
    g_ptr_array_add(spec->course->targets, target);
}

static const char **target_names(const struct course *course)
{
    const char **names = g_new0(const char *, course->targets->len + 1);
    for (unsigned i = 0; i < course->targets->len; i++)
        names[i] = ((const struct output_target *)course->targets->pdata[i])->name;
    return names;
}

static void check_words(struct spec *spec, const char *what, const char *const *words, const char *const *known)
{
    for (; words != NULL && *words != NULL; words++) {
        if (g_strv_contains(known, *words))
            continue;
        g_autofree char *hint = text_did_you_mean(*words, known);
        g_autofree char *all = g_strjoinv(", ", (char **)known);
        g_autofree char *choices = g_strdup_printf("the course has: %s", all);
        diag_add(spec->diags, DIAG_ERROR, NULL, 0, 0, hint != NULL ? hint : choices, "the course has no %s '%s'", what, *words);
    }
}

static void select_named(struct spec *spec, const char *const *wanted)
{
    GPtrArray *targets = spec->course->targets;
    g_autofree const char **names = target_names(spec->course);
    check_words(spec, "output target", wanted, names);
    for (unsigned i = targets->len; i-- > 0;)
        if (!g_strv_contains(wanted, ((const struct output_target *)targets->pdata[i])->name))
            g_ptr_array_remove_index(targets, i);
}

/* The languages of `all` that are in `wanted`; NULL means all. */
static char **intersect(char *const *all, const char *const *wanted)
{
    GPtrArray *both = g_ptr_array_new();
    for (; *all != NULL; all++)
        if (wanted == NULL || g_strv_contains(wanted, *all))
            g_ptr_array_add(both, g_strdup(*all));
    g_ptr_array_add(both, NULL);
    return (char **)g_ptr_array_free(both, FALSE);
}

static void filter(const struct course *course, const struct course_options *options, struct output_target *target)
{
    g_auto(GStrv) own = intersect(course->languages, (const char *const *)target->languages);
    g_strfreev(target->languages);
    target->languages = intersect(own, options->languages);
    for (int kind = 0; options->is_speaker_only && kind < N_KINDS; kind++)
        target->kinds[kind] &= kind == KIND_SPEAKER;
}

static bool makes_something(const struct output_target *target)
{
    bool has_kind = false, has_format = false;
    for (int i = 0; i < N_KINDS; i++)
        has_kind |= target->kinds[i];
    for (int i = 0; i < N_FORMATS; i++)
        has_format |= target->formats[i];
    return has_kind && has_format && target->languages[0] != NULL;
}

static void note_trees(struct spec *spec)
{
    for (unsigned i = 0; i < spec->course->targets->len; i++)
        g_ptr_array_add(spec->trees, g_strdup(((const struct output_target *)spec->course->targets->pdata[i])->root));
}

void targets_select(struct spec *spec, const struct course_options *options)
{
    struct course *course = spec->course;
    note_trees(spec);
    if (options->output_dir != NULL || course->targets->len == 0) {
        make_default(spec, options->output_dir);
        note_trees(spec);
    }
    if (options->targets != NULL)
        select_named(spec, options->targets);
    check_words(spec, "language", options->languages, (const char *const *)course->languages);
    for (unsigned i = course->targets->len; i-- > 0;) {
        struct output_target *target = course->targets->pdata[i];
        filter(course, options, target);
        if (!makes_something(target))
            g_ptr_array_remove_index(course->targets, i);
    }
    if (course->targets->len == 0 && !diag_has_errors(spec->diags))
        diag_add(spec->diags, DIAG_ERROR, spec->file, 0, 0, "drop a filter or widen a target", "nothing is left to build");
}
