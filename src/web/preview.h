/* The pages of a course while it is edited (clx build --watch --serve): a server on loopback that shows the output trees, an index of the
 * course with search, and tells open pages over server-sent events when they were built anew, what is wrong, and what was just edited.
 *
 *   /                     the index                    /t/<n>/<path>      files of the n-th output tree
 *   /_clx/pages.json      what the index shows         /_clx/events       state: {build, errors, changed, follow}
 *   /_clx/search?q=TEXT   pages whose source has it    /_clx/preview.js   what is put into each page */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"
#include "build/build.h"

struct preview;

/* Listens on 127.0.0.1; `may_move`: a port that is taken is followed by the next free one. NULL with `error`. */
struct preview *preview_open(unsigned port, bool may_move, GError **error);
void preview_free(struct preview *preview);

/* "http://127.0.0.1:8700/"; borrowed. */
const char *preview_address(const struct preview *preview);

/* A build has ended (`build` NULL: none could begin); `messages` are its warnings and errors, `changed` (char *) the files that led to it. */
void preview_update(struct preview *preview, const struct build *build, const struct diag_list *messages, const GPtrArray *changed);
