/* Publication (spec: course.md, section 3.5): nothing is written in place, unchanged outputs keep their mtime, and only what an earlier
 * build of the same course wrote, and nobody changed since, is ever removed. A manifest in the cache says what that is; it names a file
 * before the file is written, so that a build that is killed leaves nothing that the next one does not know. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"
#include "store/cache.h"

struct publisher;

struct publish_counts {
    unsigned written, unchanged, removed;
};

struct publish_place {
    const char *root, *relative; /* root: absolute */
    const char *scope;           /* which part of the course the file belongs to: for publish_is_considered */
};

/* Loads the manifest of a course. `course_key` names it: the path of its spec. `is_trusting`: a file that the manifest has with the wanted
 * bytes is not looked at (--incremental). */
struct publisher *publisher_new(struct cache *cache, const char *course_key, bool is_trusting, GError **error);
void publisher_free(struct publisher *publisher);
typedef struct publisher publisher;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(publisher, publisher_free)

/* Looks whether the object is at its place, and queues it to be written if it is not. `owner` is what publisher_flush() names when the object
 * turns out to be missing. A symbolic link between the root and the file is refused: it could lead out of the tree. An output that cannot be
 * put there (such a link, no permission) stops nothing: it is counted by publisher_count_unwritten(). */
bool publisher_put_object(struct publisher *publisher, const struct publish_place *place, const char *sha256, gpointer owner,
                          GError **error);

/* The same for a copy of `source`, whose bytes have the hash `sha256`; the copy is executable as the source is. */
bool publisher_put_copy(struct publisher *publisher, const struct publish_place *place, const char *source, bool is_executable,
                        const char *sha256, GError **error);

/* Says that a path belongs to the course although this build did not write it, so that it is no stray. */
void publisher_keep(struct publisher *publisher, const char *root, const char *relative);

/* Writes what is queued, and the manifest. What cannot be written (disk full) is counted, too, and tried again by the next build. Owners of objects that are missing or damaged are added to `ret_missing` (NULL: an error). */
bool publisher_flush(struct publisher *publisher, GPtrArray *ret_missing, GError **error);

/* Removes the strays that `is_considered` accepts: files of the manifest that no put or keep named and that still have our bytes, and the
 * folders that this empties. Files changed by hand are left, with a note in `diags`. Only after a build that succeeded. */
typedef bool publish_is_considered(const char *root, const char *scope, gpointer data);
bool publisher_remove_strays(struct publisher *publisher, publish_is_considered *is_considered, gpointer data, struct diag_list *diags,
                             GError **error);

/* How many outputs could not be written; the first one's reason (borrowed) goes to `ret_reason` unless there is none. */
unsigned publisher_count_unwritten(const struct publisher *publisher, const char **ret_reason);

struct publish_counts publisher_counts(const struct publisher *publisher);
