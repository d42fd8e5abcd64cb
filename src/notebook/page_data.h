/* The style sheet and the script of pages (data/page.css, data/page.js), part of the program. */
#pragma once

extern const char page_css[];
extern const char page_js[];
