/* The error domain of clx and what its codes mean for the exit status. */
#pragma once

#include <glib.h>

#define CLX_ERROR (clx_error_quark())

enum clx_error {
    CLX_ERROR_FAILED,         /* the work failed: exit status 1 */
    CLX_ERROR_USAGE,          /* wrong usage, spec or configuration: exit status 2 */
    CLX_ERROR_SOURCE,         /* a course source is wrong: exit status 1, never retried */
    CLX_ERROR_INFRASTRUCTURE, /* a tool, kernel or process died: may be retried */
    CLX_ERROR_NOT_FOUND,      /* a file, row or tool is not there */
    CLX_ERROR_STALE,          /* a fencing token is no longer the current one */
};

/* The GError domain; messages are lower case, name the thing and the remedy. */
GQuark clx_error_quark(void);

/* The process exit status (1 or 2) that an error leads to; NULL gives 0. */
int clx_error_exit_status(const GError *error);
