/* The Worker API as a build needs it: where it listens follows from the settings and, for containers, from the engine's network. */
#pragma once

#include "config/settings.h"
#include "supervisor/lifecycle_manager.h"

/* Nothing is opened before its open() is called; then it says on standard error where workers of other machines are served, unless quiet. The caller frees it with api_host_free() after the build. */
struct api_host *api_host_new(const struct settings *settings, bool is_quiet);
void api_host_free(struct api_host *host);
typedef struct api_host api_host;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(api_host, api_host_free)
