/* Content hashes (libcrypto), always as lower-case hex text. */
#pragma once

#include <glib.h>
#include <stddef.h>

#define SHA256_HEX_LENGTH 64

/* SHA-256 of `length` bytes; the caller frees the 64 hex digits. */
char *hash_sha256_hex(const void *data, size_t length);

/* SHA-256 of a text with every CR LF as LF: for what is the same with either line end; the caller frees the 64 hex digits. */
char *hash_text_hex(const void *text, size_t length);

/* SHA3-224 of `length` bytes (cell ids); the caller frees the 56 hex digits. */
char *hash_sha3_224_hex(const void *data, size_t length);

/* A running SHA-256 over several parts. */
struct hasher;
struct hasher *hasher_new(void);

/* Feeds bytes as they are. */
void hasher_update(struct hasher *hasher, const void *data, size_t length);

/* Feeds a name and a value, each with its length in front, so that no two lists of fields collide; NULL differs from "". */
void hasher_add_field(struct hasher *hasher, const char *name, const char *value);

/* Ends the hash and frees the hasher; the caller frees the 64 hex digits. */
char *hasher_finish(struct hasher *hasher);

/* Frees a hasher that is not finished; NULL is fine. */
void hasher_free(struct hasher *hasher);
