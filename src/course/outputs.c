#include "course/outputs.h"

#include <string.h>

#include "course/classify.h"
#include "course/layout.h"
#include "course/spec.h"
#include "os/file.h"

#define OUTPUT_LIMIT 2000000
#define GROUP_FILE_LIMIT 100000

struct plan {
    const struct course *course;
    struct diag_list *diags;
    GPtrArray *outputs;
    GHashTable *by_path; /* absolute path, the output's own -> struct course_output * */
    GHashTable *settled; /* pairs of sources with one path: what became of them is known */
    GHashTable *groups;  /* struct dir_group * -> GPtrArray of its files */
    bool is_full;
    char *folders[N_KINDS][N_FORMATS]; /* of the section in the language that the loops are at */
    char *names[N_FORMATS];            /* of the file in that language */
};

/* Where in the loops the plan is. */
struct spot {
    const struct output_target *target;
    const char *language;
    const struct section *section;
    const struct topic *topic;
    const struct topic_file *file;
    int kind, format;
    const char *picture; /* one of file->more_pictures, or NULL */
};

static void output_free(gpointer data)
{
    struct course_output *output = data;
    g_free(output->absolute);
    g_free(output->source);
    g_free(output);
}

static bool have_equal_bytes(const char *a, const char *b)
{
    g_autofree char *hash_a = file_sha256(a, NULL), *hash_b = file_sha256(b, NULL);
    return hash_a != NULL && g_strcmp0(hash_a, hash_b) == 0;
}

/* A diagram's picture and an authored one of the same topic: the diagram's wins. */
static bool is_picture_of(const struct course_output *diagram, const struct course_output *copy)
{
    return diagram->what == OUTPUT_DIAGRAM && copy->what == OUTPUT_COPY && diagram->topic != NULL && diagram->topic == copy->topic;
}

static const char *picture_suffix(const struct plan *plan)
{
    return plan->course->image_format == IMAGES_SVG ? ".svg" : ".png";
}

/* A name behind "@startuml" is easily copied with the rest, and earlier tools did not care: such a picture gives way. */
static bool gives_way(const struct course_output *one, const struct course_output *other)
{
    return one->picture != NULL && other->picture == NULL && !is_picture_of(one, other);
}

static bool is_shared(const struct plan *plan, const struct course_output *output)
{
    bool may_be = plan->course->shares_images && output->topic_file != NULL;
    g_autofree char *name = may_be ? layout_shared_name(output->topic_file, output->picture, picture_suffix(plan)) : NULL;
    return name != NULL;
}

static void report_clash(struct plan *plan, const struct course_output *first, const struct course_output *second)
{
    if ((first->picture != NULL && !is_picture_of(first, second)) || (second->picture != NULL && !is_picture_of(second, first))) {
        const struct course_output *left_out = gives_way(first, second) ? first : second, *kept = left_out == first ? second : first;
        diag_add(plan->diags, DIAG_WARNING, left_out->source, 0, 0, "give the diagram another name behind '@startuml'",
                 "has a picture '%s', which '%s' makes", left_out->picture != NULL ? left_out->picture : kept->picture, kept->source);
        return;
    }
    if (is_picture_of(first, second) || is_picture_of(second, first)) {
        const struct course_output *diagram = first->what == OUTPUT_DIAGRAM ? first : second;
        const struct course_output *copy = diagram == first ? second : first;
        diag_add(plan->diags, DIAG_NOTE, copy->source, 0, 0, NULL, "is replaced in the output by the picture of '%s'", diagram->source);
        return;
    }
    if (first->what == OUTPUT_COPY && second->what == OUTPUT_COPY && have_equal_bytes(first->source, second->source))
        return;
    if (is_shared(plan, first) && is_shared(plan, second)) {
        diag_add(plan->diags, DIAG_ERROR, first->source, 0, 0, "rename one of them, or use --image-mode=duplicated",
                 "is another image than '%s', but both would be shared as '%s'", second->source, first->path);
        return;
    }
    diag_add(plan->diags, DIAG_ERROR, first->source, 0, 0, "rename one of the sources", "has the same output path as '%s': '%s'",
             second->source, first->path);
}

/* A second source for a path: reported once for each pair. */
static void settle_clash(struct plan *plan, struct course_output *first, struct course_output *second)
{
    g_autofree char *pair = g_strjoin("\n", first->source, second->source, NULL);
    if (strcmp(first->source, second->source) != 0 && g_hash_table_add(plan->settled, g_steal_pointer(&pair)))
        report_clash(plan, first, second);
    if (is_picture_of(second, first) || gives_way(first, second)) {
        struct course_output kept = *first;
        *first = *second;
        first->absolute = kept.absolute; /* the same text, which the table of paths has */
        first->path = kept.path;
        kept.absolute = second->absolute;
        *second = kept;
    }
}

static void add_output(struct plan *plan, const struct spot *spot, enum output_what what, const char *folder, const char *name,
                       const char *source)
{
    struct course_output *output = g_new0(struct course_output, 1);
    char *absolute = g_strconcat(spot->target->root, "/", folder, "/", name, NULL);
    *output = (struct course_output){
        .target = spot->target,
        .absolute = absolute,
        .path = absolute + strlen(spot->target->root) + 1,
        .what = what,
        .section = spot->section,
        .topic = spot->topic,
        .topic_file = spot->file,
        .source = g_strdup(source),
        .language = spot->language,
        .kind = spot->kind,
        .format = spot->format,
        .picture = spot->picture,
    };
    struct course_output *first = g_hash_table_lookup(plan->by_path, absolute);
    if (first != NULL) {
        settle_clash(plan, first, output);
        output_free(output);
        return;
    }
    plan->is_full = plan->outputs->len >= OUTPUT_LIMIT;
    g_hash_table_insert(plan->by_path, absolute, output);
    g_ptr_array_add(plan->outputs, output);
}

static void forget_folders(struct plan *plan)
{
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int format = 0; format < N_FORMATS; format++)
            g_clear_pointer(&plan->folders[kind][format], g_free);
}

static void forget_names(struct plan *plan)
{
    for (int format = 0; format < N_FORMATS; format++)
        g_clear_pointer(&plan->names[format], g_free);
}

static char *make_name(const struct plan *plan, const struct spot *spot)
{
    switch (spot->file->file_class) {
    case FILE_NOTEBOOK:
        return layout_notebook_name(plan->course, spot->file, spot->language, (enum format)spot->format);
    case FILE_PLANTUML:
    case FILE_DRAWIO:
        return layout_diagram_name(spot->file, NULL, picture_suffix(plan));
    case FILE_IMAGE:
    case FILE_DATA:
        break;
    }
    return g_strdup(spot->file->relative);
}

/* It is the same for all kinds. */
static const char *file_name(struct plan *plan, const struct spot *spot)
{
    char **name = &plan->names[spot->format];
    if (*name == NULL)
        *name = make_name(plan, spot);
    return *name;
}

static enum output_what what_of(const struct topic_file *file)
{
    bool is_diagram = file->file_class == FILE_PLANTUML || file->file_class == FILE_DRAWIO;
    return file->file_class == FILE_NOTEBOOK ? OUTPUT_NOTEBOOK : is_diagram ? OUTPUT_DIAGRAM : OUTPUT_COPY;
}

static const char *section_folder(struct plan *plan, const struct spot *spot)
{
    char **folder = &plan->folders[spot->kind][spot->format];
    if (*folder == NULL)
        *folder = layout_section_folder(plan->course, spot->target, spot->section, spot->language, (enum kind)spot->kind,
                                        (enum format)spot->format);
    return *folder;
}

/* A picture of image mode shared: once per course folder, whatever kinds and formats show it. */
static void add_shared(struct plan *plan, const struct spot *spot, enum output_what what, const char *name)
{
    g_autofree char *folder = layout_course_folder(plan->course, spot->target, spot->language, (enum kind)spot->kind);
    add_output(plan, spot, what, folder, name, spot->file->path);
}

static void add_one(struct plan *plan, const struct spot *spot)
{
    const char *suffix = picture_suffix(plan);
    g_autofree char *shared = plan->course->shares_images ? layout_shared_name(spot->file, spot->picture, suffix) : NULL;
    g_autofree char *picture = spot->picture != NULL ? layout_diagram_name(spot->file, spot->picture, suffix) : NULL;
    if (shared != NULL)
        add_shared(plan, spot, what_of(spot->file), shared);
    else
        add_output(plan, spot, what_of(spot->file), section_folder(plan, spot), picture != NULL ? picture : file_name(plan, spot),
                   spot->file->path);
}

static void add_file(struct plan *plan, struct spot *spot)
{
    add_one(plan, spot);
    for (char **picture = spot->file->more_pictures; picture != NULL && *picture != NULL; picture++) {
        spot->picture = *picture;
        add_one(plan, spot);
    }
    spot->picture = NULL;
}

static void add_kinds_and_formats(struct plan *plan, struct spot *spot)
{
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int format = 0; format < N_FORMATS && !plan->is_full; format++) {
            bool is_wanted = spot->target->kinds[kind] && spot->target->formats[format];
            if (!is_wanted || (format == FORMAT_HTML && !spot->topic->has_html))
                continue;
            spot->kind = kind;
            spot->format = format;
            add_file(plan, spot);
        }
    forget_names(plan);
}

struct group_walk {
    GPtrArray *files;
    const char *prefix;
    bool is_flat;
};

static bool list_group_file(const char *relative, const struct stat *info, gpointer data)
{
    struct group_walk *walk = data;
    bool is_wanted = !classify_is_ignored_file(relative) && (!walk->is_flat || strchr(relative, '/') == NULL);
    if (is_wanted)
        g_ptr_array_add(walk->files, g_strconcat(walk->prefix, relative, NULL));
    return walk->files->len < GROUP_FILE_LIMIT;
}

static bool enter_nothing(const char *name, gpointer data)
{
    return false;
}

/* Lists the files of `subdir` ("" for the group's own folder) with their paths relative to the group's folder. */
static void list_group_folder(struct plan *plan, const struct dir_group *group, const char *subdir, bool is_flat, GPtrArray *files)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_canonicalize_filename(group->path, plan->course->root);
    g_autofree char *folder = g_build_filename(path, subdir, NULL);
    g_autofree char *prefix = subdir[0] != '\0' ? g_strconcat(subdir, "/", NULL) : g_strdup("");
    struct group_walk walk = {files, prefix, is_flat};
    if (!file_walk(folder, is_flat ? enter_nothing : classify_enter, list_group_file, &walk, &error))
        diag_add(plan->diags, DIAG_ERROR, NULL, 0, 0, NULL, "%s", error->message);
    if (files->len >= GROUP_FILE_LIMIT)
        diag_add(plan->diags, DIAG_ERROR, folder, 0, 0, NULL, "a directory group has more than %d files", GROUP_FILE_LIMIT);
}

static GPtrArray *group_files(struct plan *plan, const struct dir_group *group)
{
    GPtrArray *files = g_hash_table_lookup(plan->groups, group);
    if (files != NULL)
        return files;
    files = g_ptr_array_new_with_free_func(g_free);
    g_hash_table_insert(plan->groups, (gpointer)group, files);
    if (group->subdirs == NULL)
        list_group_folder(plan, group, "", !group->is_recursive, files);
    else if (group->include_root_files)
        list_group_folder(plan, group, "", true, files);
    for (char **subdir = group->subdirs; subdir != NULL && *subdir != NULL; subdir++)
        list_group_folder(plan, group, *subdir, !group->is_recursive, files);
    return files;
}

static void add_group_level(struct plan *plan, struct spot *spot, const struct dir_group *group, enum kind kind)
{
    g_autofree char *folder = layout_course_folder(plan->course, spot->target, spot->language, kind);
    g_autofree char *root = g_canonicalize_filename(group->path, plan->course->root);
    const GPtrArray *files = group_files(plan, group);
    for (unsigned i = 0; i < files->len && !plan->is_full; i++) {
        g_autofree char *source = g_build_filename(root, files->pdata[i], NULL);
        g_autofree char *name = g_build_filename(group->name, files->pdata[i], NULL);
        add_output(plan, spot, OUTPUT_COPY, folder, name, source);
    }
}

/* A default target has the group once for participants and once for the speaker. */
static void add_groups(struct plan *plan, struct spot *spot, const GPtrArray *groups)
{
    const bool *kinds = spot->target->kinds;
    bool is_public = kinds[KIND_CODE_ALONG] || kinds[KIND_COMPLETED];
    spot->kind = spot->format = -1;
    spot->file = NULL;
    for (unsigned i = 0; i < groups->len; i++) {
        if (is_public || !spot->target->is_default)
            add_group_level(plan, spot, groups->pdata[i], KIND_COMPLETED);
        if (kinds[KIND_SPEAKER] && spot->target->is_default)
            add_group_level(plan, spot, groups->pdata[i], KIND_SPEAKER);
    }
}

static void add_topic(struct plan *plan, struct spot *spot, const struct topic *topic)
{
    spot->topic = topic;
    for (unsigned i = 0; i < topic->files->len && !plan->is_full; i++) {
        spot->file = topic->files->pdata[i];
        add_kinds_and_formats(plan, spot);
    }
    add_groups(plan, spot, topic->dir_groups);
}

static void add_language(struct plan *plan, const struct output_target *target, const char *language)
{
    struct spot spot = {.target = target, .language = language};
    for (unsigned i = 0; i < plan->course->sections->len; i++) {
        spot.section = plan->course->sections->pdata[i];
        forget_folders(plan);
        for (unsigned k = 0; k < spot.section->topics->len; k++)
            add_topic(plan, &spot, spot.section->topics->pdata[k]);
    }
    spot.section = NULL;
    spot.topic = NULL;
    add_groups(plan, &spot, plan->course->dir_groups);
}

GPtrArray *course_outputs(const struct course *course, struct diag_list *diags)
{
    g_autoptr(GHashTable) by_path = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) settled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) groups = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
    GPtrArray *outputs = g_ptr_array_new_with_free_func(output_free);
    struct plan plan = {course, diags, outputs, by_path, settled, groups, false, {{NULL}}, {NULL}};
    for (unsigned i = 0; i < course->targets->len; i++) {
        const struct output_target *target = course->targets->pdata[i];
        for (char **language = target->languages; *language != NULL; language++)
            add_language(&plan, target, *language);
    }
    forget_folders(&plan);
    if (plan.is_full)
        diag_add(diags, DIAG_ERROR, course->spec_path, 0, 0, NULL, "the course has more than %d outputs", OUTPUT_LIMIT);
    return outputs;
}
