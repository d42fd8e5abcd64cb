/* What the commands that look after the databases share. */
#pragma once

#include "cli/command.h"
#include "store/cache_upkeep.h"

/* Opens the cache of the project, which must be there; NULL after a message. The settings go to `ret_settings` (may be NULL). */
struct cache *cache_command_open(struct invocation *invocation, struct settings **ret_settings);

/* Lets --max-size and --max-age take precedence over the settings; returns the exit status. */
int cache_command_limits(struct invocation *invocation, struct settings *settings);
struct cache_limits cache_command_get_limits(const struct settings *settings);

void cache_command_tell(const struct invocation *invocation, const struct cache_collection *removed, bool is_dry_run);
