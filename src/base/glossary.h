/* The words of the field, one enum and one table each; code, SQL, API and screen use the same names. */
#pragma once

#include <stdbool.h>

enum job_type { JOB_NOTEBOOK, JOB_PLANTUML, JOB_DRAWIO, N_JOB_TYPES };
enum job_status { JOB_PENDING, JOB_PROCESSING, JOB_COMPLETED, JOB_FAILED, JOB_CANCELLED, N_JOB_STATUSES };
enum worker_status { WORKER_CREATED, WORKER_IDLE, WORKER_BUSY, WORKER_HUNG, WORKER_DEAD, N_WORKER_STATUSES };
enum kind { KIND_CODE_ALONG, KIND_COMPLETED, KIND_SPEAKER, N_KINDS };
enum format { FORMAT_HTML, FORMAT_NOTEBOOK, FORMAT_CODE, N_FORMATS };
enum image_format { IMAGES_PNG, IMAGES_SVG };         /* what diagrams become in a build */
enum image_mode { IMAGES_DUPLICATED, IMAGES_SHARED }; /* pictures beside each notebook, or once per course folder */
enum prog_lang {
    PROG_LANG_PYTHON,
    PROG_LANG_CPP,
    PROG_LANG_C,
    PROG_LANG_CSHARP,
    PROG_LANG_JAVA,
    PROG_LANG_TYPESCRIPT,
    PROG_LANG_RUST,
    N_PROG_LANGS,
};

struct prog_lang_info {
    const char *name;    /* in specs: "python" */
    const char *suffix;  /* of sources and code files: ".py" */
    const char *comment; /* line comment: "#" or "//" */
    const char *folder;  /* output folder of code files: "Python" */
    const char *kernel;  /* default kernelspec name */
};

extern const char *const job_type_names[]; /* NULL-terminated, as are all name tables */
extern const char *const job_status_names[];
extern const char *const worker_status_names[];
extern const char *const event_type_names[];
extern const char *const execution_mode_names[]; /* what settings offer: direct, docker, swarm */
extern const char *const kind_names[];           /* code-along, completed, speaker */
extern const char *const kind_folders[];         /* Code-Along, Completed, Speaker */
extern const char *const format_names[];         /* html, notebook, code */
extern const char *const image_format_names[];
extern const char *const image_format_names[]; /* png, svg */
extern const char *const image_mode_names[];   /* duplicated, shared */
extern const char *const prog_lang_names[];
extern const struct prog_lang_info prog_langs[N_PROG_LANGS];

/* The index of `name` in a NULL-terminated table, or -1. */
int glossary_find(const char *const *names, const char *name);

/* The language of a file by its suffix, or -1. ".md" has none. */
int prog_lang_of_suffix(const char *file_name);
