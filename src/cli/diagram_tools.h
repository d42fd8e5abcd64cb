/* The tools for diagrams as the settings name them. */
#pragma once

#include "config/settings.h"
#include "diagram/diagram.h"

/* Without folder and memory limit. Borrows from the settings. */
struct drawio_settings drawio_options(const struct settings *settings);
