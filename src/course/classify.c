#include "course/classify.h"

#include <string.h>

static const char *const ignored_folders[] = {
    "__pycache__", ".cargo",  ".git",   ".idea", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".tox",      ".venv",
    ".vs",         ".vscode", "bin",    "build", "chroma_db",          "CMakeFiles",  "dist",          "img-large", "localdata",
    "obj",         "out",     "target", NULL,
};
static const char *const ignored_suffixes[] = {".keras", ".bkp", ".bin", NULL};
static const char *const notebook_prefixes[] = {"slides_", "topic_", "project_", NULL};
static const char *const plantuml_suffixes[] = {".pu", ".puml", ".plantuml", NULL};
static const char *const image_suffixes[] = {".png", ".jpg", ".jpeg", ".gif", ".svg", NULL};

static bool has_suffix(const char *name, const char *const *suffixes)
{
    for (; *suffixes != NULL; suffixes++)
        if (g_str_has_suffix(name, *suffixes) && strlen(name) > strlen(*suffixes))
            return true;
    return false;
}

static bool has_prefix(const char *name, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++)
        if (g_str_has_prefix(name, *prefixes))
            return true;
    return false;
}

/* The patterns that hold for files and folders: *.egg-info*, *cmake-build*, *.bkp, *.bak, chroma_*db*. */
static bool matches_pattern(const char *name)
{
    if (strstr(name, ".egg-info") != NULL || strstr(name, "cmake-build") != NULL)
        return true;
    if (g_str_has_suffix(name, ".bkp") || g_str_has_suffix(name, ".bak"))
        return true;
    return g_str_has_prefix(name, "chroma_") && strstr(name + strlen("chroma_"), "db") != NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool classify_is_ignored_folder(const char *name)
{
    return g_strv_contains(ignored_folders, name) || matches_pattern(name);
}

bool classify_enter(const char *name, gpointer data)
{
    return !classify_is_ignored_folder(name);
}

bool classify_is_ignored_file(const char *relative)
{
    const char *name = base_name(relative);
    return matches_pattern(name) || has_suffix(name, ignored_suffixes);
}

bool classify_has_notebook_suffix(const char *name)
{
    return prog_lang_of_suffix(name) >= 0 || g_str_has_suffix(name, ".md");
}

bool classify_is_below(const char *relative, const char *folder)
{
    size_t length = strlen(folder);
    const char *part = relative;
    for (const char *slash; (slash = strchr(part, '/')) != NULL; part = slash + 1)
        if ((size_t)(slash - part) == length && strncmp(part, folder, length) == 0)
            return true;
    return false;
}

bool classify_is_like_notebook(const char *relative)
{
    const char *name = base_name(relative);
    return g_str_has_suffix(name, ".ipynb") && has_prefix(name, notebook_prefixes);
}

enum file_class classify_file(const char *relative, bool is_any_name)
{
    const char *name = base_name(relative);
    if (classify_has_notebook_suffix(name) && (is_any_name || has_prefix(name, notebook_prefixes)))
        return FILE_NOTEBOOK;
    if (is_any_name && g_str_has_suffix(name, ".ipynb"))
        return FILE_NOTEBOOK;
    if (has_suffix(name, plantuml_suffixes))
        return FILE_PLANTUML;
    if (g_str_has_suffix(name, ".drawio"))
        return FILE_DRAWIO;
    if (has_suffix(name, image_suffixes) && !classify_is_below(relative, "imgdata"))
        return FILE_IMAGE;
    return FILE_DATA;
}
