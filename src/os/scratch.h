/* A folder for the temporary files of this process and of all that it starts. It goes with the process, however that ends: a second process, which
 * only waits for the end of the first, then kills what was left running and removes the folder. When both were killed, whoever opens a scratch folder next
 * does so (scratch_sweep()). */
#pragma once

#include <glib.h>

struct scratch;

/* Makes the folder in the runtime folder and lets TMPDIR name it, which is also the mark of what this process starts from now on. */
struct scratch *scratch_open(GError **error);

/* When it returns, nothing of all that is left. NULL is fine. */
void scratch_close(struct scratch *scratch);
typedef struct scratch scratch;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(scratch, scratch_close)

/* Does the same for folders whose process has ended; the name has its pid and start time. */
void scratch_sweep(void);
