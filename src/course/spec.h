/* What the two spec readers (YAML, XML) share: they fill one model and report with places. Internal to src/course. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "course/model.h"

#define SPEC_SIZE_LIMIT (4u * 1024 * 1024)
#define SPEC_ITEM_LIMIT 20000 /* sections, topics, groups, targets, words of a list: all together */

struct place {
    int line, col;
};

/* A spec while it is read. */
struct spec {
    const char *file; /* as the user typed it */
    struct diag_list *diags;
    struct course *course; /* target roots and template_dir are made absolute as they are read */
    char *output_dir;      /* absolute */
    GPtrArray *trees;      /* char *: the roots of all targets, also of those that the command line leaves out */
    bool default_kinds[N_KINDS];
    bool has_name, has_prog_lang, has_sections, has_outputs;
    unsigned n_items;
};

#define spec_error(spec, at, hint, ...) diag_add((spec)->diags, DIAG_ERROR, (spec)->file, (at).line, (at).col, hint, __VA_ARGS__)
#define spec_warning(spec, at, hint, ...) diag_add((spec)->diags, DIAG_WARNING, (spec)->file, (at).line, (at).col, hint, __VA_ARGS__)

/* Read the text into spec->course; every mistake goes to spec->diags. */
void spec_read_yaml(struct spec *spec, const char *text, size_t length);
void spec_read_xml(struct spec *spec, const char *text, size_t length);

/* Counts one more item; false, with one error, once there are too many. */
bool spec_count(struct spec *spec, struct place at);

/* The index of a word in a NULL-terminated table, or -1 with an error that names the nearest. */
int spec_find_word(struct spec *spec, struct place at, const char *what, const char *const *names, const char *word);

/* True for an ISO 639-1 code; reports anything else. */
bool spec_check_language(struct spec *spec, struct place at, const char *code);

/* Takes ownership of the thing, checks it and puts it in its list. */
void spec_add_dir_group(struct spec *spec, struct place at, struct dir_group *group, GPtrArray *groups);
void spec_add_target(struct spec *spec, struct place at, struct output_target *target);
void spec_add_topic(struct spec *spec, struct place at, struct topic *topic, struct section *section);
void spec_add_section(struct spec *spec, struct place at, struct section *section);

/* An absolute path from one that is relative to the course root; the caller frees it. */
char *spec_resolve(const struct spec *spec, const char *path);

/* Reports what is missing in the whole and fills defaults, after a reader. `at` is the place of the root. */
void spec_finish(struct spec *spec, struct place at);

/* Makers and destructors of the model's parts (NULL-tolerant), with the defaults of section 1.1. */
struct course *course_new(void);
struct section *section_new(void);
void section_free(struct section *section);
struct topic *topic_new(void);
void topic_free(struct topic *topic);
struct dir_group *dir_group_new(void);
void dir_group_free(struct dir_group *group);
struct output_target *output_target_new(void); /* all kinds and formats, no languages: all */
void output_target_free(struct output_target *target);
text_map *text_map_new(void);
