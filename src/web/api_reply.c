#include <string.h>

#include "base/error.h"
#include "web/api_private.h"

void api_reply(struct http_request *request, unsigned status, json_t *object)
{
    g_autoptr(json_t) owner = object;
    g_autofree char *text = json_to_text(object);

    http_reply_text(request, status, "application/json", text);
}

void api_reply_error(struct http_request *request, unsigned status, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list values;

    va_start(values, format);
    text = g_strdup_vprintf(format, values);
    va_end(values);
    json_t *object = json_pack("{s:s}", "detail", text);
    api_reply(request, status, object ? object : json_pack("{s:s}", "detail", "the request is not UTF-8"));
}

void api_reply_problem(struct http_request *request, const GError *error)
{
    unsigned status = g_error_matches(error, CLX_ERROR, CLX_ERROR_STALE)       ? 409
                      : g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND) ? 404
                                                                               : 500;

    api_reply_error(request, status, "%s", error->message);
}

void api_reply_too_many(struct http_request *request)
{
    static const struct http_header headers[] = {{"Content-Type", "application/json"}, {"Retry-After", "1"}, {NULL, NULL}};
    g_autoptr(GBytes) text = g_bytes_new_static("{\"detail\": \"too many requests\"}", strlen("{\"detail\": \"too many requests\"}"));

    http_reply(request, 429, headers, text);
}

void api_reply_acknowledged(struct http_request *request, const char *time_name)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%F %T");

    api_reply(request, 200, json_pack("{s:b, s:s}", "acknowledged", 1, time_name, time));
}
