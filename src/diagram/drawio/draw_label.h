/* Labels of cells: where they lie, and how they are drawn there. */
#pragma once

#include "diagram/drawio/draw.h"
#include "diagram/drawio/label.h"

/* Draws the label of a cell, if it has one. */
void draw_label(struct drawing *drawing, int index);

/* How a style wants its labels to be set, without the width. */
void draw_label_options(const struct style *style, struct label_options *ret_options);
