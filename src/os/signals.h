/* Signals as events of the main loop (signalfd); no handlers. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef void signal_callback(int signal_number, gpointer data);

/* Blocks the signals of the 0-terminated list and calls `callback` from the default main context when one arrives.
 * Returns the source id. */
guint signals_watch(const int *signal_numbers, signal_callback *callback, gpointer data);

/* Has one of a watched list arrived that the main loop has not taken yet? For what blocks, and shall be given up then. */
bool signals_have_arrived(const int *signal_numbers);
