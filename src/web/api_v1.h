/* Workers of the earlier implementation of the Worker API (version 1): they know neither tokens of attempts nor blobs, and make one output of a job at a
 * time. A job of theirs has the members of version 1 in its payload beside the others; its outputs are handed out one after another, each is written to a
 * file of the session's staging folder, and is taken from there when the worker says that it is done. Who claims without `wait` and `api_version` is one.
 *
 *   job in hand -> output 1 handed out -> done -> output 2 handed out -> … -> the last one done -> the job is completed
 */
#pragma once

#include "web/api_private.h"

/* The table of `v1_jobs`. */
GHashTable *api_v1_new_jobs(void);

/* Is this the claim of such a worker? */
bool api_v1_is_claim(const json_t *body);

/* The payload with the members of version 1 for the next output that is to be made; the caller owns it. NULL when the inputs cannot be read. */
json_t *api_v1_payload(struct worker_api *api, const struct job *job, gint64 worker_id, GError **error);

/* True if the job was handed out in this way, and to this worker. */
bool api_v1_has(const struct worker_api *api, gint64 job_id, gint64 worker_id);

/* Takes the output that is done: 1 and the whole result when it was the last one, 0 when others are to come, -1 error. */
int api_v1_take_output(struct worker_api *api, const struct job *job, json_t **ret_result, GError **error);

/* Forgets a job that has ended. */
void api_v1_forget(struct worker_api *api, gint64 job_id);

/* Removes the staging folder of the session, and those of sessions that run no more. */
void api_v1_clean_up(struct worker_api *api);
