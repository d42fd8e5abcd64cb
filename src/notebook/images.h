/* Image mode shared: what the pictures of Markdown cells are called in the output (spec: course.md, section 3.4). */
#pragma once

#include "notebook/notebook.h"

/* Replaces the `src` of <img>, <video> and <source> in Markdown cells whose address (without "./" in front) is a key of `images`, an object
 * of texts, by its value; and so the addresses of Markdown's own images and links, outside of code. Everything else stays byte for byte; ids of cells do not change. */
void notebook_rename_images(struct notebook *notebook, const json_t *images);
