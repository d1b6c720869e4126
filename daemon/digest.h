/*
 * Hashes, keyed hashes, random bytes and text forms of bytes; the only part that knows libsodium.
 * SHA-256 is libcrypto's, which uses the processor's own instructions for it. Call digest_start()
 * once before any other part and before threads.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum { DIGEST_KEY = 32, DIGEST_FULL = 32, DIGEST_ID = 16 };

void digest_start(void);

/* SHA-256 of the bytes, for what others may want to check (audit chain, template and message
 * hashes). */
void digest_sha256(unsigned char out[DIGEST_FULL], const void *bytes, size_t len);

/* Keyed BLAKE2b with `size` bytes of result (16 to 64): worthless without the key, so that a
 * stored hash of an envelope or an id cannot be tried out against guesses. */
void digest_keyed(unsigned char *out, size_t size, const unsigned char key[DIGEST_KEY],
                  const void *bytes, size_t len);

/* Keyed SipHash-2-4, 64 bit: for hash tables and index columns. */
uint64_t digest_short(const unsigned char key[DIGEST_KEY], const void *bytes, size_t len);

/* HMAC-SHA256 (RFC 2104), for tokens that others carry. */
void digest_hmac(unsigned char out[DIGEST_FULL], const unsigned char key[DIGEST_KEY],
                 const void *bytes, size_t len);

void digest_random(void *out, size_t len);

/* The same without asking the kernel for each few bytes. The caller owns the pool, which begins
 * zeroed and is for one thread and process. */
struct digest_pool {
    unsigned char byte[512];
    size_t left;
};
void digest_random_from(struct digest_pool *pool, void *out, size_t len);

/* Uniform in [0, below); for jitter. */
uint32_t digest_random_below(uint32_t below);

/* Appends lower-case hex. */
void digest_hex(struct buf *out, const void *bytes, size_t len);

/* base64url without padding (RFC 4648 section 5): appends it; reads exactly `len` bytes back. False
 * when the text has other characters, another length or loose bits at its end. */
void digest_base64url(struct buf *out, const void *bytes, size_t len);
bool digest_base64url_read(void *bytes, size_t len, const char *text);

/* True when the bytes are the same; takes the same time wherever they differ. */
bool digest_equal(const void *a, const void *b, size_t len);

#endif
