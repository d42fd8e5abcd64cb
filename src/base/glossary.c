#include "base/glossary.h"

#include <string.h>

const char *const job_type_names[] = {"notebook", "plantuml", "drawio", 0};
const char *const job_status_names[] = {"pending", "processing", "completed", "failed", "cancelled", 0};
const char *const worker_status_names[] = {"created", "idle", "busy", "hung", "dead", 0};
const char *const event_type_names[] = {"worker_starting", "worker_registered", "worker_ready",  "worker_stopping",
                                        "worker_stopped",  "worker_failed",     "pool_starting", "pool_started",
                                        "pool_stopping",   "pool_stopped",      "parent_died",   0};
const char *const execution_mode_names[] = {"direct", "docker", "swarm", 0};
const char *const kind_names[] = {"code-along", "completed", "speaker", 0};
const char *const kind_folders[] = {"Code-Along", "Completed", "Speaker", 0};
const char *const image_format_names[] = {"png", "svg", NULL};
const char *const image_mode_names[] = {"duplicated", "shared", NULL};
const char *const format_names[] = {"html", "notebook", "code", 0};
const char *const prog_lang_names[] = {"python", "cpp", "c", "csharp", "java", "typescript", "rust", 0};

const struct prog_lang_info prog_langs[N_PROG_LANGS] = {
    [PROG_LANG_PYTHON] = {"python", ".py", "#", "Python", "python3"},
    [PROG_LANG_CPP] = {"cpp", ".cpp", "//", "Cpp", "xcpp20"},
    [PROG_LANG_C] = {"c", ".c", "//", "C", "c"},
    [PROG_LANG_CSHARP] = {"csharp", ".cs", "//", "CSharp", ".net-csharp"},
    [PROG_LANG_JAVA] = {"java", ".java", "//", "Java", "java"},
    [PROG_LANG_TYPESCRIPT] = {"typescript", ".ts", "//", "TypeScript", "deno"},
    [PROG_LANG_RUST] = {"rust", ".rs", "//", "Rust", "rust"},
};

int glossary_find(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != 0; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

int prog_lang_of_suffix(const char *file_name)
{
    const char *dot = strrchr(file_name, '.');
    for (int i = 0; dot != 0 && i < N_PROG_LANGS; i++)
        if (strcmp(prog_langs[i].suffix, dot) == 0)
            return i;
    return -1;
}
