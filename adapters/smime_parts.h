/*
 * Inside of S/MIME: what smime.c and smime_cert.c share. For these two only.
 */
#ifndef SMIME_PARTS_H
#define SMIME_PARTS_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

struct buf;

struct smime_certificate {
    X509 *x509;
    EVP_PKEY *key; /* public; borrowed from x509 */
    int64_t from_ms, to_ms;
};

struct smime_setup {
    const EVP_CIPHER *cipher;
    struct smime_certificate *certificate; /* NULL: nothing is signed */
    EVP_PKEY *key;                         /* private; NULL likewise */
};

enum smime_use { SMIME_READ, SMIME_SIGN };

/* smime_certificate_load() for either use. */
struct smime_certificate *smime_certificate_for(const char *path, enum smime_use use,
                                                struct buf *err);

/* Reads the private key for a certificate. NULL with one sentence in err. */
EVP_PKEY *smime_key_load(const char *path, const struct smime_certificate *certificate,
                         struct buf *err);

#endif
