#include "course/spec.h"

#include <string.h>

#include "base/text.h"

/* ISO 639-1. */
static const char *const language_codes[] = {
    "aa", "ab", "ae", "af", "ak", "am", "an", "ar", "as", "av", "ay", "az", "ba", "be", "bg", "bh", "bi", "bm", "bn", "bo", "br",
    "bs", "ca", "ce", "ch", "co", "cr", "cs", "cu", "cv", "cy", "da", "de", "dv", "dz", "ee", "el", "en", "eo", "es", "et", "eu",
    "fa", "ff", "fi", "fj", "fo", "fr", "fy", "ga", "gd", "gl", "gn", "gu", "gv", "ha", "he", "hi", "ho", "hr", "ht", "hu", "hy",
    "hz", "ia", "id", "ie", "ig", "ii", "ik", "io", "is", "it", "iu", "ja", "jv", "ka", "kg", "ki", "kj", "kk", "kl", "km", "kn",
    "ko", "kr", "ks", "ku", "kv", "kw", "ky", "la", "lb", "lg", "li", "ln", "lo", "lt", "lu", "lv", "mg", "mh", "mi", "mk", "ml",
    "mn", "mr", "ms", "mt", "my", "na", "nb", "nd", "ne", "ng", "nl", "nn", "no", "nr", "nv", "ny", "oc", "oj", "om", "or", "os",
    "pa", "pi", "pl", "ps", "pt", "qu", "rm", "rn", "ro", "ru", "rw", "sa", "sc", "sd", "se", "sg", "si", "sk", "sl", "sm", "sn",
    "so", "sq", "sr", "ss", "st", "su", "sv", "sw", "ta", "te", "tg", "th", "ti", "tk", "tl", "tn", "to", "tr", "ts", "tt", "tw",
    "ty", "ug", "uk", "ur", "uz", "ve", "vi", "vo", "wa", "wo", "xh", "yi", "yo", "za", "zh", "zu", NULL,
};

bool spec_count(struct spec *spec, struct place at)
{
    if (spec->n_items == SPEC_ITEM_LIMIT)
        spec_error(spec, at, NULL, "the spec has more than %d entries", SPEC_ITEM_LIMIT);
    return spec->n_items++ < SPEC_ITEM_LIMIT;
}

int spec_find_word(struct spec *spec, struct place at, const char *what, const char *const *names, const char *word)
{
    int index = glossary_find(names, word);
    if (index >= 0)
        return index;
    g_autofree char *hint = text_did_you_mean(word, names);
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    g_autofree char *choices = g_strconcat("one of: ", all, NULL);
    spec_error(spec, at, hint != NULL ? hint : choices, "unknown %s '%.100s'", what, word);
    return -1;
}

bool spec_check_language(struct spec *spec, struct place at, const char *code)
{
    if (glossary_find(language_codes, code) >= 0)
        return true;
    spec_error(spec, at, "use a two-letter code of ISO 639-1, such as 'de' or 'en'", "unknown language '%.100s'", code);
    return false;
}

char *spec_resolve(const struct spec *spec, const char *path)
{
    return g_canonicalize_filename(path, spec->course->root);
}

/* True for a relative path that stays below its start. */
static bool stays_below(const char *path)
{
    if (path[0] == '/')
        return false;
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    return !g_strv_contains((const char *const *)parts, "..");
}

static bool is_folder(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static void check_subdirs(struct spec *spec, struct place at, const struct dir_group *group, const char *folder)
{
    for (char **name = group->subdirs; name != NULL && *name != NULL; name++) {
        if (!stays_below(*name))
            spec_error(spec, at, NULL, "the subdir '%s' leaves the folder '%s'", *name, group->path);
        else if (!is_folder(folder, *name))
            spec_error(spec, at, NULL, "there is no folder '%s' in '%s'", *name, group->path);
    }
}

void spec_add_dir_group(struct spec *spec, struct place at, struct dir_group *group, GPtrArray *groups)
{
    g_ptr_array_add(groups, group);
    if (group->name == NULL)
        group->name = g_strdup("");
    if (!stays_below(group->name))
        spec_error(spec, at, "name a folder below the course folder", "the name '%s' of the directory group leaves the course folder",
                   group->name);
    if (group->path == NULL || group->path[0] == '\0') {
        spec_error(spec, at, "add the folder to copy", "a directory group has no path");
        return;
    }
    g_autofree char *folder = spec_resolve(spec, group->path);
    if (!is_folder(folder, "."))
        spec_error(spec, at, "the path is relative to the course root", "there is no folder '%s' to copy", group->path);
    else
        check_subdirs(spec, at, group, folder);
}

static const char *clash(const struct output_target *a, const struct output_target *b)
{
    if (a->name != NULL && g_strcmp0(a->name, b->name) == 0)
        return "name";
    return a->root != NULL && g_strcmp0(a->root, b->root) == 0 ? "path" : NULL;
}

void spec_add_target(struct spec *spec, struct place at, struct output_target *target)
{
    if (target->name == NULL || target->name[0] == '\0')
        spec_error(spec, at, NULL, "an output target has no name");
    if (target->root == NULL)
        spec_error(spec, at, NULL, "the output target '%s' has no path", target->name != NULL ? target->name : "");
    for (unsigned i = 0; i < spec->course->targets->len; i++) {
        const struct output_target *other = spec->course->targets->pdata[i];
        const char *what = clash(other, target);
        if (what != NULL)
            spec_error(spec, at, "give each target a name and a path of its own", "two output targets have the same %s '%s'", what,
                       strcmp(what, "name") == 0 ? target->name : target->root);
    }
    g_ptr_array_add(spec->course->targets, target);
}

void spec_add_topic(struct spec *spec, struct place at, struct topic *topic, struct section *section)
{
    topic->line = at.line;
    topic->col = at.col;
    g_ptr_array_add(section->topics, topic);
    if (topic->id == NULL || topic->id[0] == '\0')
        spec_error(spec, at, NULL, "a topic has neither an id nor files");
}

void spec_add_section(struct spec *spec, struct place at, struct section *section)
{
    spec->has_sections = true;
    if (section->topics->len == 0) {
        spec_warning(spec, at, NULL, "a section without topics is left out");
        section_free(section);
        return;
    }
    g_ptr_array_add(spec->course->sections, section);
    if (g_hash_table_size(section->name) == 0)
        spec_error(spec, at, NULL, "a section has no name");
}

/* Languages that nobody named: those of the course's name, in their order; a single text is in English. */
static char **languages_of(text_map *name)
{
    GPtrArray *codes = g_ptr_array_new();
    GList *keys = g_list_sort(g_hash_table_get_keys(name), (GCompareFunc)strcmp);
    for (GList *key = keys; key != NULL; key = key->next)
        if (*(const char *)key->data != '\0')
            g_ptr_array_add(codes, g_strdup(key->data));
    g_list_free(keys);
    if (codes->len == 0)
        g_ptr_array_add(codes, g_strdup("en"));
    g_ptr_array_add(codes, NULL);
    return (char **)g_ptr_array_free(codes, FALSE);
}

static void check_target_languages(struct spec *spec, struct place at)
{
    const char *const *known = (const char *const *)spec->course->languages;
    for (unsigned i = 0; i < spec->course->targets->len; i++) {
        const struct output_target *target = spec->course->targets->pdata[i];
        for (char **code = target->languages; code != NULL && *code != NULL; code++)
            if (!g_strv_contains(known, *code))
                spec_error(spec, at, "add it to the languages of the course",
                           "the output target '%s' wants the language '%s', which the course does not have", target->name, *code);
    }
}

void spec_finish(struct spec *spec, struct place at)
{
    struct course *course = spec->course;
    if (!spec->has_name)
        spec_error(spec, at, "add 'name'", "the course has no name");
    if (!spec->has_prog_lang)
        spec_error(spec, at, "add the programming language, such as 'python'", "the course has no prog_lang");
    if (course->languages == NULL)
        course->languages = languages_of(course->name);
    if (spec->has_outputs && course->targets->len > 0)
        spec_warning(spec, at, "'outputs' is the short form for the default target; remove one of them",
                     "'outputs' has no effect beside 'output_targets'");
    check_target_languages(spec, at);
}
