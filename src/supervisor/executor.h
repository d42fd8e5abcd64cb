/* Executors run workers: one table of functions for each execution mode (executor_direct.c: processes of this machine). The pool manager
 * and discovery know workers by these functions only. A new mode is a new table and a line in executor.c. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/glossary.h"
#include "os/process.h"
#include "store/store.h"

/* Tells what is waited for before workers can start (NULL: nothing that is worth a word), and how many bytes of how many are here (0 of 0: not known).
 * False gives it up, which is asked at least once a second. */
typedef bool waits(const char *what, gint64 current, gint64 total, gpointer data);

struct executor_options {
    const char *program;                        /* path of clx */
    const char *jobs_db, *cache_db, *workspace; /* absolute */
    const char *log_level;
    const char *ready_bell;          /* the doorbell that a worker rings when it is ready */
    const char *session_id;          /* of the build, also when the workers stay */
    int idle_limit_s;                /* for workers that stay; 0: none */
    bool stays;                      /* survives this process */
    int max_jobs;                    /* after which it starts anew; 0: none */
    guint64 recycle_memory;          /* bytes after a job beyond which it starts anew; 0: none */
    guint64 memory_limit;            /* bytes of it and all that it starts; 0: none */
    const char *memory_limit_text;   /* as the user wrote it, or NULL */
    bool has_control_groups;         /* hold the limit by a control group where one may be made */
    const char *data_dir;            /* the course's folder, absolute: mounted read-only into containers */
    const char *image;               /* of containers, or NULL */
    const char *network;             /* of containers */
    const char *api_url, *api_token; /* of the Worker API, for classes that need it */
    waits *waits;                    /* may be NULL */
    gpointer waits_data;
};

/* What starts the workers of one type. */
struct executor {
    const struct executor_class *class;
    struct executor_options options; /* borrowed texts */
    gpointer state;                  /* of the class */
};

/* A worker that was started or adopted. */
struct executor_worker {
    const struct executor_class *class;
    char *id;               /* executor id; owned */
    int end_fd;             /* readable once it has ended; -1: there is none */
    struct process process; /* pid 0: in a container */
    gpointer state;         /* of the class */
};

struct executor_class {
    const char *mode; /* execution_mode of the rows */
    bool needs_api;   /* its workers cannot open the database */

    /* Before the first start: is there all that every worker of this type needs? NULL: nothing to do. */
    bool (*open)(struct executor *executor, enum job_type type, GError **error);
    void (*close)(struct executor *executor); /* NULL: nothing to do */

    /* A new executor id for the row; the caller frees it. */
    char *(*make_id)(const struct executor *executor, enum job_type type, int index);

    /* Starts a worker for a row that is registered; `worker->id` is set, and may be replaced by a better one. */
    bool (*start)(struct executor *executor, enum job_type type, gint64 worker_id, struct executor_worker *worker, GError **error);

    /* Takes hold of the worker behind a row, however it was started; false when there is none. A stranger is never taken. */
    bool (*adopt)(const struct worker_row *row, struct executor_worker *worker);

    bool (*is_alive)(const struct worker_row *row);
    void (*ask_to_end)(const struct executor_worker *worker); /* it ends in order */
    void (*kill)(const struct executor_worker *worker);       /* at once, with all that it started */

    /* After its end: its wait status as waitpid() has it; 0 when it is not known. */
    int (*reap)(const struct executor_worker *worker);

    /* After its end: was its memory limit the cause? NULL: limits are not held by the class. */
    bool (*is_out_of_memory)(const struct executor_worker *worker);

    /* After its end: the last lines it wrote, for the one who has to find out why; the caller frees them. NULL: they are in its log. */
    char *(*last_words)(const struct executor_worker *worker);

    /* Bytes of it and of all that it started; 0 when its limit is held without looking. */
    guint64 (*measure_memory)(const struct executor_worker *worker);

    /* The most that it had, in bytes; 0: not known. NULL: never known. */
    guint64 (*peak_memory)(const struct executor_worker *worker);

    void (*clear)(struct executor_worker *worker); /* lets go of it; it runs on */

    /* Removes whatever a worker that has ended left behind: processes, folders, container. */
    void (*clean_up)(const char *executor_id);

    /* After open(): removes what builds of this database left behind that no row tells of; `sessions` are the names of those that run (a set).
     * NULL: nothing can be left behind. */
    void (*remove_leftovers)(struct executor *executor, GHashTable *sessions);

    /* Removes what workers of any database left behind that nobody uses. NULL: nothing can be left behind. */
    void (*sweep)(void);
};

/* The class of an execution mode, NULL when there is none. */
const struct executor_class *executor_find(const char *mode);

/* Removes what workers of any class and database left behind that nobody uses. */
void executor_sweep(void);

/* Lets go of a worker, if there is one; it runs on. */
void executor_worker_clear(struct executor_worker *worker);

/* Waits until it has ended, at most until `deadline` (monotonic, us); false if it runs on. */
bool executor_worker_wait(const struct executor_worker *worker, gint64 deadline);
