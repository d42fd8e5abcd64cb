/* Sockets that a server listens at: TCP with the next free port, unix in a private folder. Non-blocking and CLOEXEC. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Listens at a numeric or named address ("127.0.0.1", "::", "localhost"); a port that is taken is followed by the next one, at most
 * `n_ports` of them; port 0 lets the system choose. Returns the descriptor, the bound port in `ret_port`; -1 with `error`. */
int http_listen_tcp(const char *host, unsigned port, unsigned n_ports, unsigned *ret_port, GError **error);

/* Listens at a path that only this user can connect to; a socket that somebody left there is replaced, any other file refused. -1 with `error`. */
int http_listen_unix(const char *path, GError **error);
