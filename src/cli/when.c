#include "cli/when.h"

#include <string.h>

#include "base/error.h"

#define SECONDS_LIMIT (100 * 366 * 86400LL)

/* Seconds of "10m", or -1. */
static gint64 parse_duration(const char *text)
{
    static const char letters[] = "smhd";
    static const gint64 seconds[] = {1, 60, 3600, 86400};
    char *end;
    guint64 number = g_ascii_strtoull(text, &end, 10);
    const char *letter = *end != '\0' && end[1] == '\0' ? strchr(letters, *end) : NULL;
    if (!g_ascii_isdigit(text[0]) || letter == NULL || number > (guint64)SECONDS_LIMIT)
        return -1;
    gint64 result = (gint64)number * seconds[letter - letters];
    return result <= SECONDS_LIMIT ? result : -1;
}

static GDateTime *parse_time(const char *text)
{
    g_autofree char *full = g_strdup(text);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    size_t length = strlen(text);
    if (length > 10 && full[10] == ' ')
        full[10] = 'T';
    if (length == 10 || length == 16) {
        char *short_form = full;
        full = g_strconcat(short_form, length == 10 ? "T00:00:00" : ":00", NULL);
        g_free(short_form);
    }
    return g_date_time_new_from_iso8601(full, utc);
}

char *when_parse(const char *text, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    gint64 ago = parse_duration(text);
    g_autoptr(GDateTime) time = ago >= 0 ? g_date_time_add_seconds(now, (double)-ago) : parse_time(text);
    g_autoptr(GDateTime) in_utc = time != NULL ? g_date_time_to_utc(time) : NULL;
    if (in_utc != NULL)
        return g_date_time_format(in_utc, "%Y-%m-%d %H:%M:%S");
    g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE,
                "'%s' is no time\nwrite a time like '2024-05-01 12:30' (UTC) or a duration like 10m, 2h or 3d", text);
    return NULL;
}
