/* SHA-256 by the functions of OpenSSL 1.1: those of 3.0 (EVP) first set up every algorithm and read a configuration, which costs each
 * process 2 ms before its first hash. SHA-3 has no other interface. */
#define OPENSSL_API_COMPAT 10101
#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <string.h>

struct hasher {
    SHA256_CTX context;
};

static char *to_hex(const unsigned char *digest, unsigned length)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = g_malloc(length * 2 + 1);
    for (unsigned i = 0; i < length; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[length * 2] = '\0';
    return hex;
}

char *hash_sha256_hex(const void *data, size_t length)
{
    struct hasher *hasher = hasher_new(); /* SHA256() would set up what this avoids */
    hasher_update(hasher, data, length);
    return hasher_finish(hasher);
}

char *hash_sha3_224_hex(const void *data, size_t length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int ok = EVP_Digest(data, length, digest, &size, EVP_sha3_224(), NULL);
    g_assert(ok == 1);
    return to_hex(digest, size);
}

struct hasher *hasher_new(void)
{
    struct hasher *hasher = g_new0(struct hasher, 1);
    SHA256_Init(&hasher->context);
    return hasher;
}

void hasher_update(struct hasher *hasher, const void *data, size_t length)
{
    SHA256_Update(&hasher->context, data, length);
}

static void update_text(struct hasher *hasher, const char *text)
{
    gint64 length = text != NULL ? (gint64)strlen(text) : -1;
    hasher_update(hasher, &length, sizeof length);
    if (text != NULL)
        hasher_update(hasher, text, (size_t)length);
}

void hasher_add_field(struct hasher *hasher, const char *name, const char *value)
{
    update_text(hasher, name);
    update_text(hasher, value);
}

char *hasher_finish(struct hasher *hasher)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_Final(digest, &hasher->context);
    g_free(hasher);
    return to_hex(digest, sizeof digest);
}

void hasher_free(struct hasher *hasher)
{
    g_free(hasher);
}

char *hash_text_hex(const void *text, size_t length)
{
    const char *p = text, *end = p + length;
    struct hasher *hasher = hasher_new();
    for (const char *cr; (cr = memchr(p, '\r', (size_t)(end - p))) != NULL; p = cr + 1) {
        bool is_line_end = cr + 1 < end && cr[1] == '\n';
        hasher_update(hasher, p, (size_t)(cr - p) + !is_line_end);
    }
    hasher_update(hasher, p, (size_t)(end - p));
    return hasher_finish(hasher);
}
