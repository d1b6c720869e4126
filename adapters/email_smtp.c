/*
 * Adapter email_smtp: one mail to one recipient through a relay, by libcurl on a carrier thread.
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
#include "smtp_reply.h"

/* Postfix closes after 300 s of silence and after 100 mails by default: be earlier. */
enum { IDLE_MAX_S = 200, CONNECTION_MAX_S = 1800, ADDRESS_MAX = 254 };

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

static size_t on_read(char *into, size_t size, size_t n, void *context)
{
    struct job *job = context;
    size_t left = job->bytes.len - job->bytes_sent, take = size * n < left ? size * n : left;
    memcpy(into, job->bytes.data + job->bytes_sent, take);
    job->bytes_sent += take;
    return take;
}

static size_t on_line(char *line, size_t size, size_t n, void *context)
{
    smtp_reply_line(context, line, size * n);
    return size * n;
}

static void set_session(const struct job *job, CURL *easy, const struct smtp *smtp)
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
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(smtp->timeout_ms / 1000));
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_MAX_S);
    if ((job->on_connection + 1) % smtp->per_connection == 0)
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}

static void set_message(struct job *job, CURL *easy)
{
    job->lists[0] = curl_slist_append(NULL, job->message.address);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, job->message.envelope_from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, job->lists[0]);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, job);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)job->bytes.len);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, job);
}

static int build(struct job *job, const struct smtp *smtp)
{
    const struct mime_sender sender = {smtp->from_name, buf_str(&smtp->from), smtp->attach_ics};
    struct buf why = BUF_INIT;
    buf_reset(&job->bytes);
    job->bytes_sent = 0;
    int rc = smime_build(&job->bytes, &job->message, &sender, smtp->smime, &why);
    if (rc != 0) {
        job_end(job, ATTEMPT_DEFERRED, CLASS_LOCAL, 0);
        job_peer_text(job, buf_str(&why));
    }
    buf_release(&why);
    return rc;
}

static int prepare(struct job *job, CURL *easy)
{
    const struct smtp *smtp = job->transport->state;
    if (!address_ok(job->message.address)) {
        job_end(job, ATTEMPT_FAILED, CLASS_ADDRESS, 0);
        job_peer_text(job, "not sent: the recipient's address is malformed");
        return -1;
    }
    if (!address_ok(job->message.envelope_from)) {
        job_end(job, ATTEMPT_DEFERRED, CLASS_LOCAL, 0);
        job_peer_text(job, "not sent: the return path is malformed; mend mail.bounce");
        return -1;
    }
    if (build(job, smtp) != 0)
        return -1;
    digest_sha256(job->result.bytes_hash, job->bytes.data, job->bytes.len);
    job_curl_defaults(job, easy, "smtp,smtps", smtp->timeout_ms);
    set_session(job, easy, smtp);
    set_message(job, easy);
    return 0;
}

static void finish(struct job *job, CURL *easy, CURLcode code)
{
    int64_t status = 0;
    char digits[4] = "";
    (void)easy;
    memcpy(digits, job->reply, 3);
    int_parse(digits, 200, 599, &status);
    job_peer_text(job, str_empty(job->reply) ? curl_easy_strerror(code) : job->reply);
    enum error_class class =
        smtp_class((int)code, smtp_stage(job), (int)status, job->result.enhanced);
    if (class == CLASS_NONE)
        smtp_queue_id(job->result.provider_id, sizeof job->result.provider_id, job->reply);
    else if (status < 400)
        job_peer_text(job, curl_easy_strerror(code));
    job_end_as(job, class, status >= 400 || class == CLASS_NONE ? (int)status : 0);
}

const struct adapter adapter_email_smtp = {
    .name = "email_smtp",
    .channel = CHANNEL_EMAIL,
    .engine = ENGINE_CARRIER,
    .options = options,
    .check = check,
    .release = release,
    .prepare = prepare,
    .finish = finish,
};
