/* WorkerDiscovery: which rows still have a worker behind them, and tidying up after builds and workers that died. */
#pragma once

#include "store/store.h"

/* True if its executor finds that worker running; workers without an executor here (remote ones) are judged by their heartbeat. */
bool discovery_is_alive(const struct worker_row *row);

/* True if that worker lives, is neither stopped nor hung, and has given a sign of life as it must (see worker_is_silent()). */
bool discovery_is_healthy(const struct worker_row *row, double limit_s);

/* Cancels the jobs of builds that died, ends what is left of their workers, and marks rows without a worker as dead (with their jobs given
 * back and an event): ended processes, stuck in `created` for more than 30 s, or with a dead parent. Returns how many rows, -1 error. */
int discovery_tidy(struct store *store, GError **error);

/* Calls `each` for the rows that need a cleanup, with the reason: dead, hung, silent, stuck in `created`, or left behind by a build that
 * died; with `is_all` for every row. The worker may be ended in the call by discovery_end_worker(). */
typedef void discovery_each(const struct worker_row *row, const char *reason, gpointer data);
bool discovery_find_faulty(struct store *store, bool is_all, discovery_each *each, gpointer data, GError **error);

/* Calls `each` for every row, with what is wrong with it, or NULL. */
bool discovery_examine(struct store *store, discovery_each *each, gpointer data, GError **error);

/* Asks the worker behind a row to end, by SIGTERM, and does not wait; it gives back what it is doing and removes its row itself. */
void discovery_ask_to_end(const struct worker_row *row);

/* Ends a worker behind its row: TERM, KILL after `deadline_ms`, and everything that it started; its job goes back to the queue, the row is
 * removed. The process is recognised by its start time, a foreign one is never touched. */
bool discovery_end_worker(struct store *store, const struct worker_row *row, int deadline_ms, GError **error);
