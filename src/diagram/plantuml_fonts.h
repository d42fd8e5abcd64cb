/* The fonts that a PlantUML source asks for by name. */
#pragma once

#include <glib.h>

/* Adds a warning (a text) for each family of `text` (FontName of skinparams and styles, <font:NAME>) that is not installed. */
void plantuml_warn_of_fonts(const char *text, GPtrArray *warnings);
