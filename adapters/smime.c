/*
 * S/MIME: see smime.h.
 *
 * The MIME entity is made as for any other mail, signed (opaque: signed-data inside, so that no
 * relay can break the signature), encrypted, and put under headers that tell nothing. Runs on the
 * carriers: about 0.1 ms for a reader's key, 1 ms more for our own. Promises that what cannot be
 * encrypted does not leave at all; whether a notice without content leaves instead is decided
 * before, in protect.c. A crash leaves nothing: plain text lives in memory only and is wiped.
 */
#include "smime.h"

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/util.h"
#include "adapter.h"
#include "mime.h"
#include "smime_parts.h"

/* R14: the subject outside the encryption is constant. */
static const char outer_subject[] = "Verschlüsselte Nachricht";

static const struct {
    const char *name;
    const EVP_CIPHER *(*cipher)(void);
} ciphers[] = {
    {"aes-256-cbc", EVP_aes_256_cbc}, /* what every S/MIME reader can open */
    {"aes-256-gcm", EVP_aes_256_gcm}, /* RFC 5083, 5084; not every one */
};

static const EVP_CIPHER *find_cipher(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(ciphers); i++)
        if (str_eq(ciphers[i].name, name))
            return ciphers[i].cipher();
    return NULL;
}

static int load_signer(struct smime_setup *setup, const struct transport *t, const char *from,
                       struct buf *err)
{
    const char *cert = transport_text(t, "sign_cert"), *key = transport_text(t, "sign_key");
    struct stat st;
    if (str_empty(cert) && str_empty(key))
        return 0;
    if (str_empty(cert) || str_empty(key)) {
        buf_puts(err, "sign_cert and sign_key belong together; name both or none");
        return -1;
    }
    setup->certificate = smime_certificate_for(cert, SMIME_SIGN, err);
    if (!setup->certificate)
        return -1;
    if (!smime_certificate_names(setup->certificate, from)) {
        buf_printf(err, "%s: it is not for the address in \"from\"; ask for one that is", cert);
        return -1;
    }
    if (stat(key, &st) == 0 && (st.st_mode & S_IRWXO)) {
        buf_printf(err, "%s is open to everybody; chmod 0600 %s", key, key);
        return -1;
    }
    setup->key = smime_key_load(key, setup->certificate, err);
    return setup->key ? 0 : -1;
}

struct smime_setup *smime_setup_load(const struct transport *t, const char *from,
                                     const struct conf_node *node, struct conf_faults *faults)
{
    struct smime_setup *setup = xcalloc(1, sizeof *setup);
    struct buf err = BUF_INIT;
    setup->cipher = find_cipher(transport_text(t, "smime_cipher"));
    if (!setup->cipher)
        buf_puts(&err, "smime_cipher is \"aes-256-cbc\" or \"aes-256-gcm\"");
    else
        load_signer(setup, t, from, &err);
    if (err.len) {
        conf_fault(faults, node, "transport \"%s\": %s", t->name, buf_str(&err));
        smime_setup_free(setup);
        setup = NULL;
    }
    buf_release(&err);
    return setup;
}

void smime_setup_free(struct smime_setup *setup)
{
    if (!setup)
        return;
    smime_certificate_free(setup->certificate);
    EVP_PKEY_free(setup->key);
    free(setup);
}

bool smime_signature_ends(const struct transport *t, int64_t *to_ms)
{
    struct buf err = BUF_INIT;
    const char *path = transport_option(t, "sign_cert");
    struct smime_certificate *c =
        path && *path ? smime_certificate_for(path, SMIME_SIGN, &err) : NULL;
    const bool known = c != NULL;
    if (known)
        *to_ms = c->to_ms;
    smime_certificate_free(c);
    buf_release(&err);
    return known;
}

/* Appends the structure as an entity of its own (RFC 8551 3.2). */
static int put_structure(struct buf *out, CMS_ContentInfo *cms, const char *type)
{
    unsigned char *der = NULL;
    int len = cms ? i2d_CMS_ContentInfo(cms, &der) : -1;
    if (len < 0)
        return -1;
    buf_printf(out,
               "Content-Type: application/pkcs7-mime; smime-type=%s;\r\n name=\"smime.p7m\"\r\n"
               "Content-Transfer-Encoding: base64\r\n"
               "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n",
               type);
    mime_base64(out, der, (size_t)len);
    OPENSSL_free(der);
    return 0;
}

/* Replaces the entity by a signed one. */
static int sign(struct buf *entity, const struct smime_setup *setup)
{
    struct buf plain = BUF_INIT;
    BIO *in = BIO_new_mem_buf(entity->data, (int)entity->len);
    CMS_ContentInfo *cms =
        in ? CMS_sign(setup->certificate->x509, setup->key, NULL, in, CMS_BINARY) : NULL;
    int rc = put_structure(&plain, cms, "signed-data");
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    buf_wipe(entity);
    *entity = plain;
    return rc;
}

/* The default of OpenSSL derives the key of an EC reader by SHA-1. */
static int add_reader(CMS_ContentInfo *cms, const struct smime_certificate *reader)
{
    CMS_RecipientInfo *info =
        CMS_add1_recipient_cert(cms, reader->x509, CMS_BINARY | CMS_KEY_PARAM);
    if (!info)
        return -1;
    if (EVP_PKEY_get_base_id(reader->key) != EVP_PKEY_EC)
        return 0;
    EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx(info);
    return context && EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) > 0 ? 0 : -1;
}

static int seal(struct buf *out, const struct buf *entity, const EVP_CIPHER *cipher,
                const struct smime_certificate *reader)
{
    const unsigned flags = CMS_BINARY | CMS_PARTIAL;
    const bool gcm = EVP_CIPHER_get_mode(cipher) == EVP_CIPH_GCM_MODE;
    BIO *in = BIO_new_mem_buf(entity->data, (int)entity->len);
    CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, cipher, flags);
    int rc = -1;
    if (in && cms && add_reader(cms, reader) == 0 && CMS_final(cms, in, NULL, flags) == 1)
        rc = put_structure(out, cms, gcm ? "authEnveloped-data" : "enveloped-data");
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    return rc;
}

static bool valid_at(const struct smime_certificate *c, int64_t at_ms)
{
    return at_ms >= c->from_ms && at_ms <= c->to_ms;
}

/* The error that OpenSSL kept last; a sentence of its own, without data. */
static void say_why(struct buf *err)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    buf_printf(err, "not sent: encryption failed (%s)", reason ? reason : "no memory");
}

int smime_build(struct buf *out, const struct message *message, const struct mime_sender *sender,
                const struct smime_setup *setup, struct buf *err)
{
    if (!message->seal) {
        mime_build(out, message, sender);
        return 0;
    }
    struct buf entity = BUF_INIT, body = BUF_INIT;
    int rc = -1;
    if (!setup || !valid_at(message->seal, message->date_ms)) {
        buf_puts(err, "not sent: the reader's certificate is not valid now");
        return -1;
    }
    ERR_clear_error();
    mime_entity(&entity, message, sender);
    if (!setup->key || !valid_at(setup->certificate, message->date_ms) || sign(&entity, setup) == 0)
        rc = seal(&body, &entity, setup->cipher, message->seal);
    if (rc == 0) {
        mime_headers(out, message, sender, outer_subject);
        buf_add(out, body.data, body.len);
    } else {
        say_why(err);
    }
    ERR_clear_error();
    buf_wipe(&entity);
    buf_release(&body);
    return rc;
}
