/* Images of workers. */
#pragma once

#include "base/glossary.h"
#include "docker/engine.h"

/* The image of a worker type when none is configured: "localhost/clx-notebook:latest"; the caller frees it. */
char *image_default(const char *worker_type);

/* Called with what the engine says of its progress, line by line. */
typedef void image_progress(const char *text, gpointer data);

/* 1 the engine has it, 0 not, -1 error. */
int image_exists(struct engine *engine, const char *image, GError **error);
bool image_pull(struct engine *engine, const char *image, image_progress *progress, gpointer data, GError **error);
bool image_push(struct engine *engine, const char *image, image_progress *progress, gpointer data, GError **error);

/* Builds from a tar archive (the context with its Dockerfile). `build_args`: a JSON object, or NULL. */
bool image_build(struct engine *engine, const char *image, const char *dockerfile, GBytes *context, const json_t *build_args,
                 image_progress *progress, gpointer data, GError **error);

/* The images whose names begin with "localhost/clx-", or that are given: array of {name, id, size, created}; the caller's. */
json_t *image_list(struct engine *engine, GError **error);
