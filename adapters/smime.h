/*
 * S/MIME (RFC 8551): mail that only its reader can open. For contacts of class "high" (DOMAIN R14)
 * the whole MIME entity, text and calendar, is encrypted to the certificate of the mailbox; outside
 * stand From, To, Date, Message-ID, References and a subject that is always the same.
 *
 * With adapters/smime_cert.c the only part that knows OpenSSL. Certificates and setups are read
 * when the configuration is loaded, never change afterwards, and may be used by several carriers at
 * once. Whom a certificate belongs to is vouched for by the city that puts the file there: no chain
 * and no revocation list is looked at, because a mail gateway that asks a stranger's server whether
 * it may write would tell that stranger to whom it writes.
 */
#ifndef SMIME_H
#define SMIME_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct conf_faults;
struct conf_node;
struct message;
struct mime_sender;
struct smime_certificate;
struct smime_setup;
struct transport;

/* Reads a certificate (PEM, at most 64 KB; of several the first counts) that mail can be encrypted
 * to: RSA of 2048 bits or more, or EC, with a key usage that allows it. NULL with one sentence in
 * err, which says what to do; a file that holds a private key is refused. Never an address or a
 * name in err: it may come into the log. */
struct smime_certificate *smime_certificate_load(const char *path, struct buf *err);
void smime_certificate_free(struct smime_certificate *certificate);

/* True when the certificate's subjectAltName names this mailbox (rfc822Name; the case of letters
 * does not count, because CAs change it). A name in the subject does not count (RFC 8550 3). */
bool smime_certificate_names(const struct smime_certificate *certificate, const char *address);

/* First and last millisecond of its validity, since 1970. */
int64_t smime_certificate_from_ms(const struct smime_certificate *certificate);
int64_t smime_certificate_to_ms(const struct smime_certificate *certificate);

/* The options of a mail transport that this part reads; one line each in its table. */
#define SMIME_OPTIONS                                                                              \
    {"smime_cipher", OPTION_TEXT, "aes-256-cbc",                                                   \
     "for contacts of class high; \"aes-256-gcm\" only if all of them can read it"},               \
        {"sign_cert", OPTION_FILE, "", "our certificate, to sign what is encrypted; PEM"},         \
    {                                                                                              \
        "sign_key", OPTION_FILE, "", "its private key, PEM without a password, mode 0600"          \
    }

/* Load time: reads these options. Faults are reported at node: unknown cipher, a key that does not
 * fit the certificate or is open to everybody, a certificate that is not for `from` or not for
 * signing. NULL only with faults. */
struct smime_setup *smime_setup_load(const struct transport *t, const char *from,
                                     const struct conf_node *node, struct conf_faults *faults);
void smime_setup_free(struct smime_setup *setup);

/* Until when the certificate of the transport's `sign_cert` is valid; reads the file. False when it
 * signs nothing or the file is not usable any more. For --check, not for sending. */
bool smime_signature_ends(const struct transport *t, int64_t *to_ms);

/* Appends the message as it goes out: as mime_build() makes it when message->seal is NULL, else
 * signed with the setup's key if there is one, and encrypted to message->seal. Encrypted bytes
 * differ at each repeat, the Message-ID does not. A key of ours that is over by message->date_ms
 * signs nothing. Returns 0, or -1 with one sentence in err: the reader's certificate is not valid
 * at message->date_ms, or OpenSSL refuses; then out is as before, so that nothing leaves in clear.
 */
int smime_build(struct buf *out, const struct message *message, const struct mime_sender *sender,
                const struct smime_setup *setup, struct buf *err);

#endif
