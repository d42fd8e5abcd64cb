/* File classes and what is left out of every course (spec: course.md, section 2.2). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "course/model.h"

/* True for a folder that is never entered. Also a file_enter callback in the negative: see classify_enter(). */
bool classify_is_ignored_folder(const char *name);

/* A file_enter callback: true for folders that belong to a course. */
bool classify_enter(const char *name, gpointer data);

/* True for a file (by its path relative to the topic) that is left out. */
bool classify_is_ignored_file(const char *relative);

/* True when the name has the suffix of a notebook source. */
bool classify_has_notebook_suffix(const char *name);

/* The class of a file by its path relative to the topic; `is_any_name` makes a notebook of every source suffix. */
enum file_class classify_file(const char *relative, bool is_any_name);

/* True for a file that is no source and yet is called like one: an `.ipynb` named as notebooks are. */
bool classify_is_like_notebook(const char *relative);

/* True when one of the folders of the path has this name. */
bool classify_is_below(const char *relative, const char *folder);
