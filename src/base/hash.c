#include "base/hash.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

struct hasher {
    EVP_MD_CTX *context;
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

static char *digest_hex(const EVP_MD *type, const void *data, size_t length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int ok = EVP_Digest(data, length, digest, &size, type, NULL);
    g_assert(ok == 1);
    return to_hex(digest, size);
}

char *hash_sha256_hex(const void *data, size_t length)
{
    return digest_hex(EVP_sha256(), data, length);
}

char *hash_sha3_224_hex(const void *data, size_t length)
{
    return digest_hex(EVP_sha3_224(), data, length);
}

struct hasher *hasher_new(void)
{
    struct hasher *hasher = g_new0(struct hasher, 1);
    hasher->context = EVP_MD_CTX_new();
    int ok = EVP_DigestInit_ex(hasher->context, EVP_sha256(), NULL);
    g_assert(ok == 1);
    return hasher;
}

void hasher_update(struct hasher *hasher, const void *data, size_t length)
{
    int ok = EVP_DigestUpdate(hasher->context, data, length);
    g_assert(ok == 1);
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
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int ok = EVP_DigestFinal_ex(hasher->context, digest, &size);
    g_assert(ok == 1);
    EVP_MD_CTX_free(hasher->context);
    g_free(hasher);
    return to_hex(digest, size);
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
