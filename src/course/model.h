/* The course model: what a spec file says, whichever form it has (spec: course.md, section 1.1). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"
#include "base/glossary.h"

/* A text per language code; a single text for all languages has the key "". */
typedef GHashTable text_map; /* char * -> char * */

struct dir_group {
    char *name;     /* "/"-separated output folder; "" is the course folder */
    char *path;     /* relative to the course root */
    char **subdirs; /* NULL: the whole tree */
    bool include_root_files;
    bool is_recursive;
};

enum file_class { FILE_NOTEBOOK, FILE_PLANTUML, FILE_DRAWIO, FILE_IMAGE, FILE_DATA };

struct topic_file {
    char *path;     /* absolute */
    char *relative; /* to the topic's folder; where it goes beside the notebook's output */
    enum file_class file_class;
    char **titles;        /* notebooks: one per course language, in the order of course->languages; else NULL */
    int prog_lang;        /* notebooks: enum prog_lang; else -1 */
    int number;           /* notebooks: NN, counted in the section from 1 */
    char **more_pictures; /* PlantUML: names without suffix of the pictures besides the one that is called like the file; NULL: none */
};

struct topic {
    char *id;
    char *folder; /* absolute: the topic's folder, or the folder of a file topic */
    bool is_file; /* a file topic */
    bool has_html, is_evaluated, skips_errors;
    int prog_lang;         /* enum prog_lang or -1: the course's */
    char *module;          /* or NULL */
    char **explicit_files; /* or NULL */
    int line, col;         /* in the spec */
    GPtrArray *files;      /* struct topic_file *, filled by discovery */
    GPtrArray *dir_groups; /* struct dir_group * */
};

struct section {
    text_map *name;
    char *dir;         /* or NULL */
    GPtrArray *topics; /* struct topic * */
};

struct output_target {
    char *name;
    char *root;      /* absolute */
    bool is_default; /* has the public/speaker level */
    bool kinds[N_KINDS];
    bool formats[N_FORMATS];
    char **languages; /* NULL-terminated */
};

struct course {
    char *spec_path; /* absolute */
    char *root;      /* absolute: the course root */
    text_map *name, *description, *certificate;
    char *author, *organization;
    enum prog_lang prog_lang;
    char **languages;
    GPtrArray *sections;            /* struct section * */
    GPtrArray *dir_groups;          /* struct dir_group * */
    GPtrArray *targets;             /* struct output_target *, at least one */
    char *template_dir;             /* absolute, or NULL */
    bool shares_images;             /* image mode shared: each picture once per course folder */
    enum image_format image_format; /* what diagrams become */
    char *github_project_slug, *github_repository_base;
    bool github_include_speaker;
    struct cache *cache; /* of the options, while the course is loaded */
};

struct course_options {
    const char *data_dir;         /* --data-dir or NULL */
    const char *output_dir;       /* --output-dir or NULL */
    const char *const *targets;   /* --targets or NULL */
    const char *const *languages; /* --language or NULL */
    bool is_speaker_only;
    bool shares_images;             /* --image-mode=shared */
    enum image_format image_format; /* --image-format */
    struct cache *cache;            /* remembers what sources say, so that unchanged ones are not read; may be NULL */
};

/* The text for a language: the exact one, else the text for all languages, else any; never NULL for a valid course. */
const char *text_map_get(const text_map *map, const char *language);

/* Whether a section is called that in any of its languages. */
bool section_has_name(const struct section *section, const char *name);

/* Reads a spec (YAML or XML by content), resolves its topics, classifies their files, reads titles and selects targets.
 * All mistakes and warnings go to `diags`; NULL if one of them is an error. */
struct course *course_load(const char *spec_path, const struct course_options *options, struct diag_list *diags);
void course_free(struct course *course);

/* g_autoptr(course), written out: GLib's macro needs a type of that name, which every variable named course would shadow. */
typedef struct course *course_autoptr;
static inline void glib_autoptr_cleanup_course(struct course **course)
{
    course_free(*course);
}
