/* The lines at the bottom of a terminal that are written over while a build runs. */
#pragma once

#include <glib.h>

struct progress;

/* For the terminal behind standard error, whose width is asked for each time; `width` > 0 stands for it in tests. */
struct progress *progress_new(unsigned width);
void progress_free(struct progress *progress);

/* Shows `lines` (NULL-terminated) in the place of the lines shown last, each cut to the width of the terminal. */
void progress_show(struct progress *progress, const char *const *lines);

/* Takes the lines away, so that something else can be printed; the next progress_show() brings them back below it. */
void progress_hide(struct progress *progress);

/* A text cut to `width` columns of a terminal: wide characters take two, combining and control characters none. The caller frees it. */
char *progress_fit(const char *text, unsigned width);

/* "4 s", "1:20" or "1:02:03" from seconds; the caller frees it. */
char *progress_duration(double seconds);
