/* The connection behind struct cache. Private to store/. */
#pragma once

#include "store/cache.h"
#include "store/db.h"

struct cache {
    struct db db;
    char *objects;         /* the folder of the objects */
    GPtrArray *new_hashes; /* of files, to be written; NULL: each is written at once */
};
