/* Whether the HTML of a label can be drawn here. */
#pragma once

/* What in the label cannot be drawn ("the element <img>", "the style 'float: left'"), or NULL; the caller frees it. */
char *label_check_html(const char *html);
