/* One transaction for what comes in one turn of the main loop, and what has to wait until it is over. */
#include "web/api_private.h"

struct later {
    struct http_request *request;
    api_later *run;
    gpointer data;
    GDestroyNotify destroy;
};

static void run_later(struct worker_api *api, bool is_kept)
{
    struct later *later;

    while ((later = g_queue_pop_head(&api->later))) {
        if (is_kept)
            later->run(api, later->request, later->data);
        else {
            api_reply_error(later->request, 500, "the jobs database cannot be written");
            later->destroy(later->data);
        }
        g_free(later);
    }
}

void api_after_commit(struct worker_api *api, struct http_request *request, api_later *run, gpointer data, GDestroyNotify destroy)
{
    struct later *later = g_new(struct later, 1);

    *later = (struct later){request, run, data, destroy};
    g_queue_push_tail(&api->later, later);
    if (!api->is_grouped)
        run_later(api, true);
}

static bool belongs(const struct http_request *request, gpointer data)
{
    return g_str_equal(http_request_method(request), "POST");
}

/* Where no transaction can be had each request has its own, and says what is wrong. */
static void begin_group(gpointer data)
{
    struct worker_api *api = data;

    api->is_grouped = store_begin(api->store, NULL);
}

static bool end_group(gpointer data)
{
    struct worker_api *api = data;
    bool is_kept = !api->is_grouped || store_commit(api->store, NULL);

    api->is_grouped = false;
    run_later(api, is_kept);
    return is_kept;
}

const struct http_grouping api_grouping = {.belongs = belongs, .begin = begin_group, .end = end_group};
