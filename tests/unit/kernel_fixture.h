/* What the tests that run kernels share: a private folder, kernelspecs in it, cells. */
#pragma once

#include "notebook/notebook.h"

/* The folder of the running test: the kernels' folders are made in it. Made and removed by the two fixtures of a case. */
extern char *fixture_folder;
void fixture_make_folder(void);
void fixture_remove_folder(void);

/* Writes a kernelspec that this process and no other finds under `name`. */
void fixture_write_spec(const char *name, const char *text);

/* An empty list of cells, the caller's. */
GPtrArray *fixture_make_cells(void);

/* Appends a code cell, which begins at line 10 times its number; `tag` may be NULL. */
void fixture_add_cell(struct notebook *notebook, const char *source, const char *tag);
