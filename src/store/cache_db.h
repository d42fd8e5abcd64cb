/* The connection behind struct cache. Private to store/. */
#pragma once

#include "store/cache.h"
#include "store/db.h"

struct cache {
    struct db db;
    char *objects;        /* the folder of the objects */
    GPtrArray *new_files; /* struct file_row *, to be written; NULL: each is written at once */
    char *object;         /* name of what cache_read_object() read last, or NULL */
    char *object_bytes;   /* of it, and room for more */
    size_t object_length, object_room;
    GPtrArray *used_keys; /* char *, of results whose day of use is to be written; NULL as above */
};

/* Writes what was remembered between cache_begin_reading() and cache_end_reading(). */
bool cache_write_files(struct cache *cache, const GPtrArray *files, GError **error);
void cache_file_row_free(gpointer row);

/* Adds every text in a result that may be the name of an object (char *, the array's). */
void cache_find_names(const json_t *value, GPtrArray *names);
