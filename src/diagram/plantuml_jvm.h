/* A JVM with PlantUML that draws one diagram after the other: a source goes to its standard input, the picture comes out followed by a
 * delimiter, and what is wrong comes on standard error before that. It reads the files of the course, of the system and of the fonts, and has no
 * network. */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "diagram/picture.h"

#define PLANTUML_SIDE_LIMIT 16384 /* pixels: PlantUML cuts off what is wider or higher */

struct plantuml_jvm_options {
    const char *java, *jar;
    const char *archive;        /* of classes; NULL: none */
    const char *root;           /* absolute: the only folder of the user that diagrams may read */
    const char *folder;         /* private, exists, for temporary files */
    enum picture_format format; /* PNG or SVG */
    guint64 memory_limit;       /* bytes: three quarters of it may be heap */
};

struct plantuml_jvm;

/* NULL with INFRASTRUCTURE or NOT_FOUND when it could not be started. */
struct plantuml_jvm *plantuml_jvm_start(const struct plantuml_jvm_options *options, GError **error);
void plantuml_jvm_free(struct plantuml_jvm *jvm); /* kills it with all that it started, and waits for it */

enum plantuml_end { PLANTUML_DONE, PLANTUML_DIED, PLANTUML_LATE };

struct plantuml_answer {
    enum plantuml_end end;
    GByteArray *picture; /* what came on standard output */
    GString *problems;   /* what came on standard error */
};
void plantuml_answer_clear(struct plantuml_answer *answer);

/* Has a diagram drawn, running the default GMainContext. After another end than DONE the JVM is of no use any more. */
void plantuml_jvm_draw(struct plantuml_jvm *jvm, const char *text, struct plantuml_answer *ret_answer);

pid_t plantuml_jvm_pid(const struct plantuml_jvm *jvm);
guint64 plantuml_jvm_memory(const struct plantuml_jvm *jvm); /* bytes that it and what it started have for themselves */

/* The words of a command line that draws from standard input, up to and without "-pipe"; NULL-terminated, the caller frees it with g_strfreev(). */
char **plantuml_jvm_command(const struct plantuml_jvm_options *options);
