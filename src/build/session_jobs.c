#include <string.h>

#include "build/session_private.h"
#include "store/doorbell.h"

static void session_wait_for(struct session *session, struct session_job *item, gint64 job_id)
{
    gint64 *id = g_new(gint64, 1);
    *id = job_id;
    struct waiting *waiting = g_new(struct waiting, 1);
    *waiting = (struct waiting){item, item->job->type, g_strdup(item->key)};
    g_hash_table_insert(session->waiting, id, waiting);
}

int session_take_over(struct session *session, struct session_job *item, const struct job *row, GError **error)
{
    if (!session->options->may_take(item, row, session->options->data))
        return 0;
    int taken = job_take_over(session->store, row->id, session->id, error);
    if (taken > 0)
        session_wait_for(session, item, row->id);
    return taken;
}

/* A job that was tried again outside of a build is this one: its end is told like that of any other. 1 taken, 0 there is none, -1 error. */
static int find_and_take(struct session *session, struct session_job *item, const struct job *wanted, GError **error)
{
    g_autoptr(job) found = NULL;
    int got = session->options->may_take != NULL ? job_find_free(session->store, wanted, &found, error) : 0;
    int taken = got > 0 ? session_take_over(session, item, found, error) : got;
    session->n_taken[wanted->type] += taken > 0 && found->status == JOB_COMPLETED;
    return taken;
}

static bool submit_one(struct session *session, struct session_job *item, GError **error)
{
    const struct plan_output *first = item->job->outputs->pdata[0];
    struct job row = {
        .type = item->job->type,
        .input_file = item->job->source,
        .output_file = first->path,
        .content_hash = item->key,
        .session_id = session->id,
        .payload = item->payload,
        .fit = session->fit,
    };
    int taken = find_and_take(session, item, &row, error);
    if (taken != 0)
        return taken == 1;
    if (!job_submit(session->store, &row, error))
        return false;
    session_wait_for(session, item, row.id);
    return true;
}

static bool is_same_job(const struct waiting *waiting, const struct session_job *item)
{
    return waiting->type == item->job->type && strcmp(waiting->key, item->key) == 0;
}

/* The item takes the place of one that was given earlier and is the same job; false if there is none. */
static bool adopt(struct session *session, struct session_job *item)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, session->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct waiting *waiting = value;
        if (waiting->item != NULL || !is_same_job(waiting, item))
            continue;
        waiting->item = item;
        return true;
    }
    return false;
}

bool session_submit(struct session *session, GPtrArray *jobs, GError **error)
{
    if (!store_begin(session->store, error))
        return false;
    bool ok = true;
    for (unsigned i = 0; i < jobs->len && ok; i++)
        ok = adopt(session, jobs->pdata[i]) || submit_one(session, jobs->pdata[i], error);
    return store_commit(session->store, ok ? error : NULL) && ok;
}

void session_release_items(struct session *session)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, session->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        ((struct waiting *)value)->item = NULL;
}

void session_cancel_released(struct session *session)
{
    bool is_cancelled[N_JOB_TYPES] = {false};
    GHashTableIter iter;
    gpointer id, value;
    g_hash_table_iter_init(&iter, session->waiting);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const struct waiting *waiting = value;
        if (waiting->item != NULL)
            continue;
        job_cancel(session->store, *(const gint64 *)id, "build", NULL);
        is_cancelled[waiting->type] = true;
        g_hash_table_iter_remove(&iter);
    }
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (is_cancelled[type])
            doorbell_ring(session->jobs_db, job_type_names[type]);
}
