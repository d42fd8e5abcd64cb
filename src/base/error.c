#include "base/error.h"

G_DEFINE_QUARK(clx - error, clx_error)

int clx_error_exit_status(const GError *error)
{
    if (error == NULL)
        return 0;
    return g_error_matches(error, CLX_ERROR, CLX_ERROR_USAGE) ? 2 : 1;
}
