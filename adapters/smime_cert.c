/*
 * Certificates and keys for S/MIME: see smime.h.
 *
 * Everything that can be wrong with a file is found here, when the configuration is loaded, and
 * said in a sentence that a person without knowledge of certificates can act on. Refuses a private
 * key beside a reader's certificate: it would be the key to that mailbox, on a machine that has no
 * business with it. Keeps nothing of a refused file in memory.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "../daemon/buf.h"
#include "../daemon/util.h"
#include "smime.h"
#include "smime_parts.h"

enum { FILE_MAX = 64 * 1024, SECURITY_BITS_MIN = 112 };

/* OpenSSL keeps its complaints per thread, and libcurl would take them for its own. */
static void forget_errors(void)
{
    ERR_clear_error();
}

/* Never asks a terminal for a password. */
static int no_password(char *into, int size, int writing, void *context)
{
    (void)into, (void)size, (void)writing, (void)context;
    return -1;
}

static bool read_time(const ASN1_TIME *time, int64_t *at_ms)
{
    struct tm tm;
    memset(&tm, 0, sizeof tm);
    if (!ASN1_TIME_to_tm(time, &tm))
        return false;
    *at_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

/* Extensions that are absent allow everything (RFC 8550 4.4.2, 4.4.4). */
static bool usage_allows(X509 *x509, uint32_t usage)
{
    return (X509_get_key_usage(x509) & usage) != 0 &&
           (X509_get_extended_key_usage(x509) & (XKU_SMIME | XKU_ANYEKU)) != 0;
}

/* What is wrong with it for this use, or NULL. */
static const char *judge(const struct smime_certificate *c, enum smime_use use)
{
    const int kind = EVP_PKEY_get_base_id(c->key);
    if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC)
        return "its key is of a kind that S/MIME readers do not know; ask for one with RSA or EC";
    if (EVP_PKEY_get_security_bits(c->key) < SECURITY_BITS_MIN)
        return "its key is too short; ask for RSA of at least 2048 bits, or EC";
    if (use == SMIME_SIGN && !usage_allows(c->x509, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION))
        return "it must not be used to sign mail; ask for one for e-mail protection";
    if (use == SMIME_READ &&
        !usage_allows(c->x509, kind == EVP_PKEY_EC ? KU_KEY_AGREEMENT : KU_KEY_ENCIPHERMENT))
        return "it must not be used to encrypt mail to; ask for one for e-mail protection, with "
               "encryption";
    return NULL;
}

static struct smime_certificate *parse(const struct buf *text)
{
    struct smime_certificate *c = xcalloc(1, sizeof *c);
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
    c->x509 = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    c->key = c->x509 ? X509_get0_pubkey(c->x509) : NULL;
    BIO_free(bio);
    if (c->key && read_time(X509_get0_notBefore(c->x509), &c->from_ms) &&
        read_time(X509_get0_notAfter(c->x509), &c->to_ms))
        return c;
    smime_certificate_free(c);
    return NULL;
}

static bool holds(const struct buf *text, const char *mark)
{
    return text->len && memmem(text->data, text->len, mark, strlen(mark));
}

struct smime_certificate *smime_certificate_for(const char *path, enum smime_use use,
                                                struct buf *err)
{
    struct buf text = BUF_INIT;
    struct smime_certificate *c = NULL;
    const char *fault = NULL;
    if (buf_read_file(&text, path, FILE_MAX, err) != 0) {
        buf_wipe(&text);
        return NULL;
    }
    if (holds(&text, "PRIVATE KEY-----"))
        fault = "it holds a private key, which must not be here; remove the file, take the "
                "certificate alone, and tell the owner of the key";
    else if (!holds(&text, "-----BEGIN "))
        fault = "it is no PEM file; a binary one is changed by: openssl x509 -inform der -in FILE "
                "-out FILE.pem";
    else if (!(c = parse(&text)))
        fault = "it holds no certificate that can be read; ask its owner for it again";
    else
        fault = judge(c, use);
    if (fault) {
        buf_printf(err, "%s: %s", path, fault);
        smime_certificate_free(c);
        c = NULL;
    }
    forget_errors();
    buf_wipe(&text);
    return c;
}

struct smime_certificate *smime_certificate_load(const char *path, struct buf *err)
{
    return smime_certificate_for(path, SMIME_READ, err);
}

void smime_certificate_free(struct smime_certificate *certificate)
{
    if (!certificate)
        return;
    X509_free(certificate->x509);
    free(certificate);
}

bool smime_certificate_names(const struct smime_certificate *certificate, const char *address)
{
    const size_t len = strlen(address);
    bool found = false;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate->x509, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_EMAIL)
            continue;
        const ASN1_IA5STRING *text = name->d.rfc822Name;
        found =
            found || ((size_t)ASN1_STRING_length(text) == len &&
                      strncasecmp((const char *)ASN1_STRING_get0_data(text), address, len) == 0);
    }
    GENERAL_NAMES_free(names);
    forget_errors();
    return found;
}

int64_t smime_certificate_from_ms(const struct smime_certificate *certificate)
{
    return certificate->from_ms;
}

int64_t smime_certificate_to_ms(const struct smime_certificate *certificate)
{
    return certificate->to_ms;
}

EVP_PKEY *smime_key_load(const char *path, const struct smime_certificate *certificate,
                         struct buf *err)
{
    struct buf text = BUF_INIT;
    if (buf_read_file(&text, path, FILE_MAX, err) != 0) {
        buf_wipe(&text);
        return NULL;
    }
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    if (!key)
        buf_printf(err, "%s: it holds no private key in PEM form without a password", path);
    else if (EVP_PKEY_eq(key, certificate->key) != 1)
        buf_printf(err, "%s: this key does not belong to the certificate in sign_cert", path);
    if (key && EVP_PKEY_eq(key, certificate->key) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    BIO_free(bio);
    forget_errors();
    buf_wipe(&text);
    return key;
}
