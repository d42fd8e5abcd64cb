/* Images of workers: built from docker/ with this very program in them, pulled, pushed, looked at. */
#pragma once

#include "base/glossary.h"
#include "docker/engine.h"

#define LABEL_VERSION "clx.version" /* of the program in an image */

/* The image of a worker type when none is configured: "localhost/clx-notebook:latest"; the caller frees it. */
char *image_default(const char *worker_type);

/* What an engine says while it works: a line, and, where it counts bytes, how many of how many (else 0) over all layers. False gives the work up, which
 * is asked at least once a second: `text` is NULL when there is nothing new. */
typedef bool image_progress(const char *text, gint64 current, gint64 total, gpointer data);

struct image_info {
    char *id, *created, *version; /* version: NULL for an image that was not made by `clx docker build` */
    guint64 size;
};
void image_info_clear(struct image_info *info);

/* 1 and what it is, 0 the engine does not have it, -1 error. `ret_info` may be NULL. */
int image_inspect(struct engine *engine, const char *image, struct image_info *ret_info, GError **error);

/* `progress` of these may be NULL. They block until the engine is done. */
/* A name without a tag or digest means its tag "latest". */
bool image_pull(struct engine *engine, const char *image, image_progress *progress, gpointer data, GError **error);

/* Gives an image another name, and sends it to the registry that this name begins with, with the credentials that are kept for it in the
 * configuration of docker. */
bool image_push(struct engine *engine, const char *image, const char *as, image_progress *progress, gpointer data, GError **error);

struct image_build_options {
    const char *name, *worker_type;
    const char *base;                         /* image it is built on; NULL: that of the Dockerfile */
    const char *network;                      /* of the steps; NULL: the engine's default */
    const char *packages;                     /* more Debian packages, separated by blanks; or NULL */
    const char *application;                  /* folder of the Draw.io application that is to be in it, or NULL */
    const char *program, *data, *dockerfiles; /* paths that the context is made from */
    bool is_uncached;                         /* every step is done again */
};

/* Builds an image. An error holds the last lines of the step that failed. */
bool image_build(struct engine *engine, const struct image_build_options *options, image_progress *progress, gpointer data, GError **error);
