/* Layered settings: default < system file < user file < project file < environment < option. One table of keys (settings.c). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"

enum setting_origin { ORIGIN_DEFAULT, ORIGIN_SYSTEM, ORIGIN_USER, ORIGIN_PROJECT, ORIGIN_ENVIRONMENT, ORIGIN_OPTION };

struct settings;

/* Loads all layers. `start_dir`: where the walk-up for the project root (nearest folder with `.clx/` or `clx.toml`) begins.
 * `config_file` (--config) replaces the project file; may be NULL. Unknown keys are warnings with "did you mean", bad values errors,
 * both with FILE:LINE:COL, in `diags`. NULL if there is an error. */
struct settings *settings_load(const char *start_dir, const char *config_file, struct diag_list *diags);
void settings_free(struct settings *settings);
typedef struct settings settings;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(settings, settings_free)

/* Keys are dotted: "worker_management.auto_start", "worker_management.notebook.count", "paths.jobs_db_path",
 * "external_tools.plantuml_jar", "external_tools.drawio_executable", "logging.level". An unknown key is a programming error. Borrowed; NULL: unset. */
const char *settings_get_text(const struct settings *settings, const char *key);
gint64 settings_get_int(const struct settings *settings, const char *key);
bool settings_get_bool(const struct settings *settings, const char *key);
bool settings_is_set(const struct settings *settings, const char *key); /* anything above the default */
/* "1g", "512m" as bytes; 0: no limit. */
guint64 settings_get_size(const struct settings *settings, const char *key);

/* A command line option takes precedence over all layers; false with a message when the value is out of bounds. */
bool settings_override(struct settings *settings, const char *key, const char *value, GError **error);

/* Per-type settings fall back to the default ones: "count" and "execution_mode" of "worker_management.<type>". */
int settings_worker_count(const struct settings *settings, const char *worker_type);
/* Without any setting: as many notebook workers as processors, and no more than fit into the memory that is left, `each` bytes for one. */
int settings_default_count(unsigned n_processors, guint64 memory, guint64 each);
const char *settings_execution_mode(const struct settings *settings, const char *worker_type);

/* The project root (absolute) and the absolute paths of the two databases. Borrowed. */
const char *settings_project_root(const struct settings *settings);
const char *settings_jobs_db(const struct settings *settings);
const char *settings_cache_db(const struct settings *settings);

#define SETTINGS_SYSTEM_FILE "/etc/clx/config.toml"

/* The user's file, whether it is there or not; the caller frees it. */
char *settings_user_file(void);

/* All that is known of one setting, for showing it; everything borrowed. */
struct setting_view {
    const char *key, *help;
    const char *text; /* NULL: unset */
    enum setting_origin origin;
    const char *source; /* the file or environment variable; NULL: default or option */
    bool is_number, is_bool;
};
/* Fills the view of the setting at `index`, in the order of their names; false behind the last one. `settings` NULL: the defaults. */
bool settings_describe(const struct settings *settings, unsigned index, struct setting_view *ret_view);
