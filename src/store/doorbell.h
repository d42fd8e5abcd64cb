/* Wake-ups between processes: a unix datagram socket per listener in the runtime folder of a database. Nobody polls. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Listens under a channel name ("notebook" for workers, "build-<session>" for a build); returns a pollable non-blocking
 * descriptor, or -1. The socket file's path goes to `ret_path` (caller frees; for doorbell_close()). */
int doorbell_listen(const char *db_path, const char *channel, char **ret_path, GError **error);

/* Removes a listener's socket file, and the folder of the database with the last one; the descriptor is the caller's to close. */
void doorbell_close(const char *path);

/* Empties a listener's queue. */
void doorbell_drain(int fd);

/* Rings every listener of a channel; listeners that are gone are swept away. Never fails, never blocks. */
void doorbell_ring(const char *db_path, const char *channel);

/* Removes the sockets that nobody listens at any more, of all channels, and a folder without sockets: what killed processes left. */
void doorbell_sweep(const char *db_path);
