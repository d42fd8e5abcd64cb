/* What a cell prints and shows, collected from iopub messages as nbformat 4 outputs. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"

struct cell_outputs;

/* Displays of a whole run by their display_id, so that a later cell can update them; free with g_hash_table_unref(). */
GHashTable *displays_new(void);

/* Begins a cell; `displays` is borrowed. */
struct cell_outputs *cell_outputs_new(GHashTable *displays);

/* Takes the outputs (a JSON array, the caller's) and frees the collector: carriage returns and backspaces are carried out. */
json_t *cell_outputs_finish(struct cell_outputs *outputs);

/* Adds what a message of this type shows; other types are left alone. False when the cell shows more than the limits (64 MiB, or
 * 200000 lines of text: a page of them is of no use, and a loop without end reaches them soon also with short lines). */
bool cell_outputs_add(struct cell_outputs *outputs, const char *type, json_t *content);

/* Carries out update_display_data for the displays of all cells. */
void displays_update(GHashTable *displays, const json_t *content);

/* What is printed to standard error, and what errors say, without names that differ from run to run: files in the kernel's working directory `work` get their name relative
 * to it, the file in which IPython says that a cell is, "/tmp/ipykernel_PID/HASH.py", becomes "<cell>". */
void outputs_hide_folders(json_t *outputs, const char *work);

/* The text with carriage returns and backspaces carried out, as a terminal shows it; the caller frees it. */
char *text_settle(const char *text, size_t length, size_t *ret_length);
