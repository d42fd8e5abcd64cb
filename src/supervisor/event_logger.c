#include "supervisor/event_logger.h"

#include <stdarg.h>

void event_logger_add(struct event_logger *logger, const char *event_type, enum job_type type, gint64 worker_id, json_t *metadata,
                      const char *format, ...)
{
    g_autoptr(json_t) owned = metadata;
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;
    va_list values;

    va_start(values, format);
    message = g_strdup_vprintf(format, values);
    va_end(values);
    if (event_add(logger->store, event_type, worker_id, job_type_names[type], logger->modes[type], logger->session_id, message, owned,
                  &error))
        return;
    if (!logger->has_complained)
        g_printerr("clx: event %s not written: %s\n", event_type, error->message);
    logger->has_complained = true;
}
