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
