#include "build/scope.h"

#include <string.h>

static const char *const origins[] = {"spec", "option"};

char *scope_describe(const struct course_output *output, bool has_own_root)
{
    return g_strconcat(origins[has_own_root], "/", output->language != NULL ? output->language : "", "/",
                       output->kind >= 0 ? kind_names[output->kind] : "", "/", output->topic != NULL ? output->topic->id : "", NULL);
}

static bool has_topic(const struct section *section, const char *id)
{
    for (unsigned i = 0; i < section->topics->len; i++)
        if (strcmp(((const struct topic *)section->topics->pdata[i])->id, id) == 0)
            return true;
    return false;
}

/* `only` is the topic, or a section that has it. */
static bool is_topic_considered(const struct scope_filter *filter, const char *topic)
{
    if (filter->only == NULL || strcmp(filter->only, topic) == 0)
        return true;
    for (unsigned i = 0; i < filter->course->sections->len; i++) {
        const struct section *section = filter->course->sections->pdata[i];
        if (section_has_name(section, filter->only) && has_topic(section, topic))
            return true;
    }
    return false;
}

static bool is_in_target(const struct scope_filter *filter, const struct output_target *target, const char *language, const char *kind)
{
    int index = glossary_find(kind_names, kind);
    return !filter->is_filtered || ((language[0] == '\0' || g_strv_contains((const char *const *)target->languages, language)) &&
                                    (index < 0 || target->kinds[index]));
}

static bool is_whole(const struct scope_filter *filter)
{
    return !filter->is_filtered && filter->only == NULL && !filter->has_own_root;
}

bool scope_is_considered(const char *root, const char *scope, gpointer data)
{
    const struct scope_filter *filter = data;
    g_auto(GStrv) parts = g_strsplit(scope != NULL ? scope : "", "/", 4);
    bool is_complete = g_strv_length(parts) == 4;
    for (unsigned i = 0; i < filter->course->targets->len; i++) {
        const struct output_target *target = filter->course->targets->pdata[i];
        if (strcmp(root, target->root) == 0)
            return is_complete ? is_in_target(filter, target, parts[1], parts[2]) && is_topic_considered(filter, parts[3])
                               : is_whole(filter);
    }
    /* A tree that the spec once named, and no longer does. */
    return is_whole(filter) && is_complete && strcmp(parts[0], origins[0]) == 0;
}
