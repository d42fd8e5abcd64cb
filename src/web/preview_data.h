/* Files of data/preview, part of the program. */
#pragma once

extern const char preview_index_html[];
extern const char preview_missing_html[];
extern const char preview_js[];
