/*
 * Mailboxes whose mail must not be read on the way (DOMAIN R14): contacts of class "high", each
 * with the certificate of its mailbox.
 *
 *     contacts = ( { channel = "email"; address = "..."; class = "high"; certificate = "x.pem"; }
 * );
 *
 * Their mail is encrypted (adapters/smime.h). Without a certificate that is valid at the moment of
 * sending they get the content-free form, the text "protected.notice": that something is there, and
 * where to ask. The full notice never leaves in clear. Asked at each attempt, so that a renewed
 * certificate counts from the reload on and an expired one from the minute it expires.
 */
#ifndef PROTECT_H
#define PROTECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_faults;
struct config;
struct contact;
struct directory;
struct message;
struct protections;
struct smime_certificate;
struct stafette;
struct template;

enum { PROTECT_SOON_DAYS = 30 };

enum protect_verdict {
    PROTECT_NONE,    /* a contact of class "normal", or no mailbox: as it is */
    PROTECT_SEALED,  /* encrypted */
    PROTECT_SOON,    /* encrypted, and the certificate ends within PROTECT_SOON_DAYS */
    PROTECT_MISSING, /* class "high" without a certificate: content-free, likewise all below */
    PROTECT_EARLY,   /* not valid yet */
    PROTECT_EXPIRED,
    PROTECT_VERDICT_COUNT
};

/* "none", "valid", "soon", "missing", "early", "expired"; never NULL. */
const char *protect_verdict_name(enum protect_verdict verdict);

/* Reads the certificates that the directory's contacts name. Each fault is reported at the contact:
 * unreadable, not fit for mail, not for the contact's own address. What the time of day decides is
 * no fault, or a service would not start because of a date. Never NULL. */
struct protections *protections_load(const struct directory *dir, struct conf_faults *faults);
void protections_free(struct protections *all);

/* How mail to the contact leaves at now_ms. *certificate is what to encrypt to, NULL unless the
 * verdict is PROTECT_SEALED or PROTECT_SOON; the configuration owns it. */
enum protect_verdict protect_ask(const struct config *config, const struct contact *contact,
                                 int64_t now_ms, const struct smime_certificate **certificate);

/* For an attempt about to start: sets message->seal, and says in *withheld why the content-free
 * form must be taken ("missing", "early", "expired"; "" when it need not). Returns the text to
 * render: `text`, or the content-free one of the loaded configuration. */
const struct template *protect_text(const struct stafette *g, const struct contact *contact,
                                    const struct template *text, struct message *message,
                                    const char **withheld);

/* Takes out of a rendered message what no text governs: the calendar. For content-free ones. */
void protect_strip(struct message *message);

/* One mailbox of class "high"; they stand in the order of their contacts' ids. */
struct protection {
    const struct contact *contact;
    struct smime_certificate *certificate; /* NULL: none */
};

size_t protections_count(const struct protections *all);
const struct protection *protections_at(const struct protections *all, size_t i);

/* Warns of mailboxes that get, or from a day within PROTECT_SOON_DAYS on would get, the
 * content-free form only, and of our own signatures that end; "file:line: warning: ...". */
void protect_check(const struct config *config, int64_t now_ms, struct conf_faults *faults);

#endif
