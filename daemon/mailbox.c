/*
 * The mailbox: see mailbox.h.
 *
 *     waits -> a carrier reads: marks what was decided, fetches what is new
 *           -> the mails are decided in a turn -> commit -> waits, due at once, to mark them
 *
 * Promises: the deciding thread never waits for the server; at most IMAP_MAILS_MAX mails are in
 * memory, of which only what struct mail holds; the password is read from its file for each session
 * and wiped after it. Refuses nothing: a mail that cannot be read, or is too large, is counted and
 * marked like the others, or it would come again for ever. A crash leaves mails unmarked.
 */
#include "mailbox.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/imap.h"
#include "conf.h"
#include "config.h"
#include "gateway.h"
#include "log.h"
#include "mail_in.h"
#include "mail_read.h"
#include "outbox.h"
#include "store.h"
#include "testpoint.h"
#include "util.h"

#define NAME "mailbox" /* of the incident */

enum { RETRY_MAX_MS = 10 * 60 * 1000 };

struct got {
    uint32_t uid;
    enum mail_verdict verdict;
    struct mail mail;
    enum mail_in_end end;
    bool aside; /* it broke a rule of the schema */
};

/* One session: made by the deciding thread, the carrier's while it runs, then handed back. */
struct session {
    char *url, *user, *password_file, *ca_file;
    bool tls;
    const atomic_bool *stop;
    uint32_t done[IMAP_MAILS_MAX];
    struct imap_errand errand;
    struct got got[IMAP_MAILS_MAX];
    size_t count;
    struct result result;
    bool failed;
};

struct mailbox {
    atomic_bool stop;
    struct session *session; /* under way, or waiting to be decided; NULL: none */
    bool deciding;
    size_t broken;   /* the mail after which the transaction failed; IMAP_MAILS_MAX: none */
    int64_t next_ms; /* monotonic */
    int64_t pause_ms;
    uint32_t done[IMAP_MAILS_MAX]; /* decided, not yet marked */
    size_t done_count;
    uint32_t done_validity;
    uint32_t last; /* the mail at which a session broke */
};

struct mailbox *mailbox_open(void)
{
    mail_read_init();
    return xcalloc(1, sizeof(struct mailbox));
}

void mailbox_stop(struct mailbox *m)
{
    if (m)
        atomic_store(&m->stop, true);
}

static void session_free(struct session *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        mail_release(&s->got[i].mail);
    free(s->url);
    free(s->user);
    free(s->password_file);
    free(s->ca_file);
    free(s);
}

void mailbox_close(struct mailbox *m)
{
    if (!m)
        return;
    session_free(m->session);
    free(m);
}

/* On a carrier. */
static void take_mail(void *context, uint32_t uid, const char *bytes, size_t len)
{
    struct session *s = context;
    struct got *got = &s->got[s->count++];
    got->uid = uid;
    got->verdict = bytes ? mail_read(&got->mail, bytes, len) : MAIL_TOO_LARGE;
}

/* On a carrier. A changed password needs no reload: each session reads the file. */
static void run_session(void *context)
{
    struct session *s = context;
    struct buf password = BUF_INIT, report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    const struct conf_node here = {.file = NAME};
    if (transport_secret(&password, s->password_file, &here, &faults) == 0) {
        const struct imap_account account = {.url = s->url,
                                             .user = s->user,
                                             .password = buf_str(&password),
                                             .ca_file = s->ca_file,
                                             .tls = s->tls,
                                             .stop = s->stop};
        s->errand.mail = take_mail;
        s->errand.context = s;
        s->errand.done = s->done;
        s->errand.size_max = MAIL_SIZE_MAX;
        s->failed = imap_run(&account, &s->errand, &s->result) != 0;
    } else {
        s->failed = true;
        s->result = (struct result){.end = ATTEMPT_DEFERRED, .class = CLASS_LOCAL};
        str_copy(s->result.text, sizeof s->result.text, "the credential file cannot be read");
    }
    buf_wipe(&password);
    buf_release(&report);
}

/* Pauses grow from the poll interval on. */
static void plan_next(struct stafette *g, struct mailbox *m, const struct session *s)
{
    int64_t poll_ms = g->config->settings.mailbox_poll_ms;
    if (!s->failed)
        m->pause_ms = 0;
    else if (m->pause_ms < poll_ms)
        m->pause_ms = poll_ms;
    else
        m->pause_ms = m->pause_ms * 2 < RETRY_MAX_MS ? m->pause_ms * 2 : RETRY_MAX_MS;
    m->next_ms = g->mono_ms + (s->failed ? m->pause_ms : s->errand.more ? 0 : poll_ms);
}

/* The session comes back; its mails wait for the turn. */
static void finish(struct stafette *g, void *context)
{
    struct mailbox *m = g->mailbox;
    struct session *s = context;
    incident_note(g, NAME, &s->result);
    plan_next(g, m, s);
    if (s->failed)
        log_warn("mailbox", "state=failed class=%s next_try_ms=%lld why=\"%s\"",
                 error_class_name(s->result.class), (long long)(m->next_ms - g->mono_ms),
                 s->result.text);
    if (s->errand.marked)
        m->done_count = 0;
    m->last = s->errand.stuck;
    m->broken = IMAP_MAILS_MAX;
    m->deciding = s->count > 0;
    if (!m->deciding) {
        session_free(s);
        m->session = NULL;
    }
}

void mailbox_step(struct stafette *g)
{
    struct mailbox *m = g->mailbox;
    const struct settings *set = &g->config->settings;
    if (m->session || str_empty(set->mailbox_url) || g->mono_ms < m->next_ms)
        return;
    struct session *s = m->session = xcalloc(1, sizeof *s);
    if (m->done_count)
        test_point("before-mark");
    s->url = xstrdup(set->mailbox_url);
    s->user = xstrdup(set->mailbox_user);
    s->password_file = xstrdup(set->mailbox_password_file);
    s->ca_file = xstrdup(set->mailbox_ca_file);
    s->tls = !str_eq(set->mailbox_tls, "none");
    s->stop = &m->stop;
    memcpy(s->done, m->done, sizeof s->done);
    s->errand = (struct imap_errand){
        .done_count = m->done_count, .done_validity = m->done_validity, .last = m->last};
    outbox_run(g->outbox, run_session, s, finish);
}

bool mailbox_ready(const struct stafette *g)
{
    return g->mailbox && g->mailbox->deciding;
}

static enum mail_in_end decide_one(struct stafette *g, const struct got *got)
{
    struct buf said = BUF_INIT;
    enum mail_in_end end = MAIL_IN_UNREADABLE;
    if (got->verdict == MAIL_TOO_LARGE)
        end = MAIL_IN_TOO_LARGE;
    else if (got->verdict == MAIL_OK && !got->aside)
        end = mail_in_take(g, &got->mail, &said);
    buf_release(&said);
    return end;
}

void mailbox_decide(struct stafette *g)
{
    struct mailbox *m = g->mailbox;
    if (!mailbox_ready(g) || store_failed(g->store))
        return;
    m->broken = IMAP_MAILS_MAX;
    for (size_t i = 0; i < m->session->count && m->broken == IMAP_MAILS_MAX; i++) {
        m->session->got[i].end = decide_one(g, &m->session->got[i]);
        if (store_failed(g->store))
            m->broken = i;
    }
}

void mailbox_decided(struct stafette *g)
{
    struct mailbox *m = g->mailbox;
    if (!mailbox_ready(g))
        return;
    struct session *s = m->session;
    for (size_t i = 0; i < s->count; i++) {
        m->done[i] = s->got[i].uid;
        g->metrics.mail_in[s->got[i].end]++;
        log_info("incoming mail", "way=mailbox result=%s", mail_in_end_name(s->got[i].end));
    }
    m->done_count = s->count;
    m->done_validity = s->errand.validity;
    if (!s->failed)
        m->next_ms = g->mono_ms;
    session_free(s);
    m->session = NULL;
    m->deciding = false;
}

bool mailbox_set_aside(struct stafette *g)
{
    struct mailbox *m = g->mailbox;
    if (!mailbox_ready(g) || m->broken >= m->session->count || m->session->got[m->broken].aside)
        return false;
    log_error("mail set aside", "why=\"%s\"", store_trouble(g->store));
    m->session->got[m->broken].aside = true;
    return true;
}
