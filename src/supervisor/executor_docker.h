/* Workers in containers of this machine's engine. Executor id: first the container's name, clx-<type>-<session>-<index>, then its id. They speak the
 * Worker API and find the course, read-only, at /source. What a container writes goes to the engine's log; its last lines go into the worker's log
 * file when it ends. */
#pragma once

#include "supervisor/executor.h"

extern const struct executor_class executor_docker;
