/* The two state machines of the queue. The lists here are the only place that says which changes of a status are allowed: the functions, the
 * triggers of the database and the tests are made from them. Each status has one setter, job_set_status() and worker_set_status().
 *
 * A job:
 *                claimed                 done
 *     pending --------------> processing ------> completed
 *      ^   |                   |  |  |  `------> failed      (also: attempts used up, quarantined, a limit exceeded)
 *      |   |    given back     |  |
 *      `---|-------------------'  |
 *          `----------------------`-----------> cancelled
 *
 * A worker:
 *     created -----> idle <-----> busy -----> hung
 *        |    ready   |    a job   |    no    |
 *        |            |            | progress |
 *        `------------`------`-----`----------`-----> dead   (a worker that stops in order removes its row instead)
 */
#pragma once

#include <stdbool.h>

#include "base/glossary.h"

/* Each change: from and to, as the enum and as the database have them. */
#define JOB_CHANGES(X)                                                                                                                     \
    X(JOB_PENDING, "pending", JOB_PROCESSING, "processing")                                                                                \
    X(JOB_PENDING, "pending", JOB_CANCELLED, "cancelled")                                                                                  \
    X(JOB_PROCESSING, "processing", JOB_PENDING, "pending")                                                                                \
    X(JOB_PROCESSING, "processing", JOB_COMPLETED, "completed")                                                                            \
    X(JOB_PROCESSING, "processing", JOB_FAILED, "failed")                                                                                  \
    X(JOB_PROCESSING, "processing", JOB_CANCELLED, "cancelled")

#define WORKER_CHANGES(X)                                                                                                                  \
    X(WORKER_CREATED, "created", WORKER_IDLE, "idle")                                                                                      \
    X(WORKER_CREATED, "created", WORKER_DEAD, "dead")                                                                                      \
    X(WORKER_IDLE, "idle", WORKER_BUSY, "busy")                                                                                            \
    X(WORKER_IDLE, "idle", WORKER_DEAD, "dead")                                                                                            \
    X(WORKER_BUSY, "busy", WORKER_IDLE, "idle")                                                                                            \
    X(WORKER_BUSY, "busy", WORKER_HUNG, "hung")                                                                                            \
    X(WORKER_BUSY, "busy", WORKER_DEAD, "dead")                                                                                            \
    X(WORKER_HUNG, "hung", WORKER_DEAD, "dead")

/* An SQL condition over OLD.status and NEW.status: the change is in the list. */
#define STATE_CONDITION(FROM, from, TO, to) " OR OLD.status = '" from "' AND NEW.status = '" to "'"

/* Is the change in the list? Staying what one is, is none. */
bool job_may_become(enum job_status from, enum job_status to);
bool worker_may_become(enum worker_status from, enum worker_status to);
