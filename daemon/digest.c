/*
 * Hashes and random bytes: see digest.h.
 */
#include "digest.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

#include "buf.h"
#include "log.h"

/* Looked up once: EVP_sha256() would be looked up at each use. */
static EVP_MD *sha256;

void digest_start(void)
{
    if (sodium_init() < 0)
        fatal("libsodium cannot start: no source of random numbers");
    if (!sha256 && !(sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)))
        fatal("libcrypto cannot start: it has no SHA-256");
}

void digest_sha256(unsigned char out[DIGEST_FULL], const void *bytes, size_t len)
{
    if (EVP_Digest(bytes, len, out, NULL, sha256 ? sha256 : EVP_sha256(), NULL) != 1)
        fatal("libcrypto cannot hash");
}

void digest_keyed(unsigned char *out, size_t size, const unsigned char key[DIGEST_KEY],
                  const void *bytes, size_t len)
{
    crypto_generichash(out, size, bytes, len, key, DIGEST_KEY);
}

uint64_t digest_short(const unsigned char key[DIGEST_KEY], const void *bytes, size_t len)
{
    uint64_t value;
    unsigned char out[crypto_shorthash_BYTES];
    crypto_shorthash(out, bytes, len, key);
    memcpy(&value, out, sizeof value);
    return value;
}

void digest_hmac(unsigned char out[DIGEST_FULL], const unsigned char key[DIGEST_KEY],
                 const void *bytes, size_t len)
{
    crypto_auth_hmacsha256(out, bytes, len, key);
}

void digest_random_from(struct digest_pool *pool, void *out, size_t len)
{
    unsigned char *bytes = out;
    for (size_t n; len > 0; bytes += n, len -= n) {
        if (!pool->left) {
            randombytes_buf(pool->byte, sizeof pool->byte);
            pool->left = sizeof pool->byte;
        }
        n = len < pool->left ? len : pool->left;
        pool->left -= n;
        memcpy(bytes, pool->byte + pool->left, n);
        /* Given once: what was given is nowhere else. */
        explicit_bzero(pool->byte + pool->left, n);
    }
}

void digest_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}

uint32_t digest_random_below(uint32_t below)
{
    return randombytes_uniform(below);
}

void digest_hex(struct buf *out, const void *bytes, size_t len)
{
    buf_reserve(out, 2 * len);
    sodium_bin2hex(out->data + out->len, 2 * len + 1, bytes, len);
    out->len += 2 * len;
}

void digest_base64url(struct buf *out, const void *bytes, size_t len)
{
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    size_t room = sodium_base64_encoded_len(len, variant);
    buf_reserve(out, room);
    sodium_bin2base64(out->data + out->len, room, bytes, len, variant);
    out->len += room - 1;
}

bool digest_base64url_read(void *bytes, size_t len, const char *text)
{
    size_t done = 0;
    return sodium_base642bin(bytes, len, text, strlen(text), NULL, &done, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           done == len;
}

bool digest_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}
