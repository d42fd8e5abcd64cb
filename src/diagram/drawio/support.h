/* What of a cell can be drawn here as the original draws it. */
#pragma once

#include "diagram/drawio/model.h"

/* What of a cell cannot be drawn as the original does, or NULL; the caller frees it. */
char *support_find_unknown(const struct page *page, const struct cell *cell);
