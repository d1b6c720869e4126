/*
 * Adapter email_smtp: one mail to one recipient through a relay, on a carrier thread. libcurl opens
 * the session (smtp_session.c), the mail itself is said by smtp_mail.c.
 *
 * Promises: encryption required and the certificate verified (a loopback relay may be told not to:
 * tls = "none"); one recipient a transaction; the same bytes at every repeat (of encrypted
 * mail the same Message-ID: smime.h); "sent" only after the 250 to the final dot. A connection lost
 * between that dot and its answer is CLASS_AMBIGUOUS: the mail may have arrived, and is repeated
 * under the same Message-ID. Refuses addresses with anything that could end an SMTP command,
 * whatever was checked before. A crash leaves at most one mail that the relay has and the store
 * does not know of.
 */
#include <stdlib.h>
#include <string.h>

#include "../daemon/address.h"
#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/util.h"
#include "adapter.h"
#include "adapters_list.h"
#include "mime.h"
#include "smime.h"
#include "smtp_mail.h"
#include "smtp_session.h"

enum { ADDRESS_MAX = 254, HEADERS_ROOM = 1024 };

struct smtp {
    char *url; /* with the EHLO name as its path, or libcurl would say this machine's own name */
    struct buf password;
    struct buf from;                            /* as it goes over the wire */
    const char *username, *ca_file, *from_name; /* the transport's values */
    bool tls, attach_ics;
    long tls_min; /* CURL_SSLVERSION_... */
    struct smime_setup *smime;
    int64_t timeout_ms;
    unsigned per_connection;
    unsigned char key[DIGEST_FULL]; /* of everything above: sessions with the same key are alike */
};

static const struct adapter_option options[] = {
    {"url", OPTION_TEXT, NULL, "the relay: smtp://host:port (STARTTLS) or smtps://host:port"},
    {"tls", OPTION_TEXT, "required", "\"none\" only for a relay on a loopback address"},
    {"tls_min", OPTION_TEXT, "1.2", "oldest TLS that the relay may speak: \"1.2\" or \"1.3\""},
    {"ca_file", OPTION_FILE, "", "certificates to trust instead of the system's"},
    {"helo", OPTION_TEXT, "", "our name in EHLO; default: the domain of from"},
    {"username", OPTION_TEXT, "", "for AUTH; needs password_file"},
    {"password_file", OPTION_FILE, "", "file with the password, mode 0600"},
    {"from", OPTION_TEXT, NULL, "address in the From header"},
    {"from_name", OPTION_TEXT, "", "name in the From header, a role"},
    {"timeout", OPTION_DURATION, "60s", "for one mail, connecting included"},
    {"mails_per_connection", OPTION_INT, "90", "then a new connection is opened"},
    {"calendar_attachment", OPTION_BOOL, "false", "attach invitations as invite.ics as well"},
    SMIME_OPTIONS,
    {NULL, OPTION_TEXT, NULL, NULL},
};

/* An addr-spec that is safe inside an SMTP command. Quoted local parts are not used here. */
static bool address_ok(const char *address)
{
    size_t n = strlen(address);
    const char *at = strchr(address, '@');
    if (n > ADDRESS_MAX || !at || at == address || at[1] == '\0' || strchr(at + 1, '@'))
        return false;
    for (const char *p = address; *p; p++)
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || strchr("<>()[],;:\\\"", *p))
            return false;
    return true;
}

static bool helo_ok(const char *helo)
{
    size_t n = strlen(helo);
    return n > 0 && n <= 253 &&
           strspn(helo, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-") == n;
}

static int check_names(const struct transport *t, struct smtp *smtp, struct conf_node *node,
                       struct conf_faults *faults)
{
    const char *helo = transport_text(t, "helo"), *from = transport_text(t, "from");
    struct buf why = BUF_INIT;
    int rc = 0;
    if (!str_empty(from) && address_email(&smtp->from, from, &why) != 0) {
        conf_fault(faults, node, "from: %s", buf_str(&why));
        rc = -1;
    }
    buf_release(&why);
    if (!str_empty(helo) && !helo_ok(helo)) {
        conf_fault(faults, node, "helo = \"%s\" is no host name", helo);
        rc = -1;
    }
    if (str_empty(smtp->username) != str_empty(transport_text(t, "password_file"))) {
        conf_fault(faults, node, "username and password_file belong together; set both or none");
        rc = -1;
    }
    if (smtp->per_connection < 1) {
        conf_fault(faults, node, "mails_per_connection must be at least 1");
        rc = -1;
    }
    if (smtp->timeout_ms < 1000 || smtp->timeout_ms > 600000) {
        conf_fault(faults, node, "timeout must be between 1s and 10m");
        rc = -1;
    }
    return rc;
}

static int check_peer(struct transport *t, struct smtp *smtp, struct conf_node *node,
                      struct conf_faults *faults)
{
    static const char *const scheme[2] = {"smtp", "smtps"};
    struct peer_url peer;
    struct buf url = BUF_INIT;
    int rc = transport_peer(&peer, t, scheme, node, faults);
    if (rc == 0 && peer.longer) {
        conf_fault(faults, node, "url ends after the port; the EHLO name is the option helo");
        rc = -1;
    }
    const char *helo = transport_text(t, "helo"), *at = strchr(buf_str(&smtp->from), '@');
    if (str_empty(helo) && at)
        helo = at + 1;
    buf_printf(&url, "%s/%s", peer.base, helo);
    smtp->url = buf_detach(&url);
    smtp->tls = !str_eq(transport_text(t, "tls"), "none");
    free(peer.base);
    return rc;
}

/* After a reload the transports are new, and the sessions of the old ones are kept as long as
 * nothing has changed. */
static void make_key(const struct transport *t, struct smtp *smtp)
{
    struct buf all = BUF_INIT;
    for (size_t i = 0; options[i].name; i++)
        buf_add(&all, t->value[i], strlen(t->value[i]) + 1);
    buf_add(&all, buf_str(&smtp->password), smtp->password.len);
    digest_sha256(smtp->key, buf_str(&all), all.len);
    buf_wipe(&all);
}

/* TLS below 1.2 is not to be had at all (DOMAIN R13). */
static int check_tls(const struct transport *t, struct smtp *smtp, const struct conf_node *node,
                     struct conf_faults *faults)
{
    const char *min = transport_text(t, "tls_min");
    smtp->tls_min = str_eq(min, "1.3") ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
    if (str_eq(min, "1.2") || str_eq(min, "1.3"))
        return 0;
    conf_fault(faults, node, "transport \"%s\": tls_min is \"1.2\" or \"1.3\"", t->name);
    return -1;
}

static int check(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    struct smtp *smtp = xcalloc(1, sizeof *smtp);
    t->state = smtp;
    smtp->username = transport_text(t, "username");
    smtp->ca_file = transport_text(t, "ca_file");
    smtp->from_name = transport_text(t, "from_name");
    smtp->timeout_ms = transport_ms(t, "timeout");
    smtp->attach_ics = str_eq(transport_text(t, "calendar_attachment"), "true");
    smtp->per_connection = (unsigned)transport_int(t, "mails_per_connection");
    int rc = check_names(t, smtp, node, faults);
    if (check_peer(t, smtp, node, faults) != 0)
        rc = -1;
    if (check_tls(t, smtp, node, faults) != 0)
        rc = -1;
    smtp->smime = smime_setup_load(t, buf_str(&smtp->from), node, faults);
    if (!smtp->smime)
        rc = -1;
    if (transport_secret(&smtp->password, transport_text(t, "password_file"), node, faults) != 0)
        rc = -1;
    make_key(t, smtp);
    return rc;
}

static void release(struct transport *t)
{
    struct smtp *smtp = t->state;
    free(smtp->url);
    buf_release(&smtp->from);
    buf_wipe(&smtp->password);
    smime_setup_free(smtp->smime);
    free(smtp);
}

static void set_session(CURL *easy, const struct smtp *smtp)
{
    curl_easy_setopt(easy, CURLOPT_URL, smtp->url);
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(smtp->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, smtp->tls_min);
    if (!str_empty(smtp->ca_file))
        curl_easy_setopt(easy, CURLOPT_CAINFO, smtp->ca_file);
    if (!str_empty(smtp->username)) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, smtp->username);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, buf_str(&smtp->password));
    }
}

static bool addresses_ok(struct job *job)
{
    if (!address_ok(job->message.address)) {
        job_end(job, ATTEMPT_FAILED, CLASS_ADDRESS, 0);
        job_peer_text(job, "not sent: the recipient's address is malformed");
    } else if (!address_ok(job->message.envelope_from)) {
        job_end(job, ATTEMPT_DEFERRED, CLASS_LOCAL, 0);
        job_peer_text(job, "not sent: the return path is malformed; mend mail.bounce");
    }
    return !job->ended;
}

/* The message, its hash, and how it goes over the wire. */
static bool write_bytes(struct job *job, const struct smtp *smtp, struct buf *wire)
{
    const struct mime_sender sender = {smtp->from_name, buf_str(&smtp->from), smtp->attach_ics};
    struct buf why = BUF_INIT;
    size_t body = job->message.body ? strlen(job->message.body) : 0;
    buf_reset(&job->bytes);
    buf_reserve(&job->bytes, body + body / 4 + HEADERS_ROOM); /* mostly enough at once */
    if (smime_build(&job->bytes, &job->message, &sender, smtp->smime, &why) == 0 &&
        smtp_wire(wire, &job->bytes) != 0)
        buf_puts(&why, "not sent: the message holds a bare line end");
    digest_sha256(job->result.bytes_hash, job->bytes.data, job->bytes.len);
    bool written = why.len == 0;
    if (!written) {
        job_end(job, ATTEMPT_DEFERRED, CLASS_LOCAL, 0);
        job_peer_text(job, buf_str(&why));
    }
    buf_release(&why);
    return written;
}

/* Connects; what goes wrong is the mail's ending. */
static struct smtp_session *open_session(struct job *job, int64_t deadline_ms,
                                         struct smtp_ending *end)
{
    const struct smtp *smtp = job->transport->state;
    struct smtp_session *s = smtp_session_new(smtp->key);
    *end = (struct smtp_ending){.code = CURLE_OUT_OF_MEMORY};
    int64_t left = deadline_ms - util_monotonic_ms();
    if (!s)
        return NULL;
    job_curl_defaults(job, s->easy, "smtp,smtps", left > 1 ? left : 1);
    set_session(s->easy, smtp);
    end->code = smtp_session_open(s);
    if (end->code == CURLE_OK)
        return s;
    end->reply = s->reply;
    smtp_session_close(s, false);
    return NULL;
}

/* Keeps the session when it can carry another mail. */
static void put_back(struct job *job, struct smtp_session *s, bool in_step)
{
    const struct smtp *smtp = job->transport->state;
    if (in_step && s->mails < smtp->per_connection)
        smtp_sessions_keep(job->sessions, s);
    else
        smtp_session_close(s, in_step);
}

/* A kept connection may end in the moment in which it is used again, or the relay then says 421: if
 * that comes before any other answer, nothing has happened, and a new one is opened at once. */
static bool found_dead(const struct smtp_ending *end)
{
    bool lost = end->code == CURLE_SEND_ERROR || end->code == CURLE_RECV_ERROR;
    return lost && end->stage == SMTP_SESSION && (!end->heard || end->reply.code == 421);
}

static void transact(struct job *job, const struct buf *wire, struct smtp_ending *end)
{
    const struct smtp *smtp = job->transport->state;
    const struct smtp_mail mail = {job->message.envelope_from, job->message.address, wire,
                                   job->bytes.len};
    int64_t deadline_ms = util_monotonic_ms() + job_limit_ms(job, smtp->timeout_ms);
    struct smtp_session *s = smtp_sessions_take(job->sessions, smtp->key);
    for (bool kept = s != NULL;; kept = false) {
        if (!s)
            s = open_session(job, deadline_ms, end);
        if (!s)
            return;
        s->deadline_ms = deadline_ms;
        s->stop = job->stop;
        smtp_mail_send(s, &mail, end);
        put_back(job, s, end->in_step);
        if (!kept || !found_dead(end))
            return;
        s = NULL;
    }
}

static void settle(struct job *job, const struct smtp_ending *end)
{
    int status = end->reply.code;
    const char *words = curl_easy_strerror(end->code);
    job_peer_text(job, status ? end->reply.text : words);
    enum error_class class = smtp_class((int)end->code, end->stage, status, job->result.enhanced);
    if (class == CLASS_NONE)
        smtp_queue_id(job->result.provider_id, sizeof job->result.provider_id, end->reply.text);
    else if (status < 400)
        job_peer_text(job, words);
    job_end_as(job, class, status >= 400 || class == CLASS_NONE ? status : 0);
}

static void deliver(struct job *job)
{
    struct smtp_ending end;
    struct buf wire = BUF_INIT;
    if (addresses_ok(job) && write_bytes(job, job->transport->state, &wire)) {
        transact(job, &wire, &end);
        settle(job, &end);
    }
    buf_wipe(&wire);
}

const struct adapter adapter_email_smtp = {
    .name = "email_smtp",
    .channel = CHANNEL_EMAIL,
    .engine = ENGINE_CARRIER,
    .options = options,
    .check = check,
    .release = release,
    .deliver = deliver,
};
