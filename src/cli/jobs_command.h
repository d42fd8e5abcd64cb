/* What the commands that look into the jobs database share. */
#pragma once

#include "cli/command.h"
#include "store/store.h"

/* Opens the jobs database for reading: 1 opened, 0 there is none, -1 after a message, with the exit status in `ret_status`. */
int jobs_command_open(struct invocation *invocation, struct store **ret_store, int *ret_status);

/* The same for writing; a missing one is not made. */
int jobs_command_open_writable(struct invocation *invocation, struct store **ret_store, int *ret_status);

/* True if `words` (NULL: all) holds the word. */
bool jobs_command_is_wanted(char *const *words, const char *word);
