/*
 * The mailboxes: see mailbox.h.
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

/* Of the incidents, and of the ways in the log. */
static const char *const names[MAILBOXES] = {"mailbox", "bounce mailbox"};

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
    size_t which;
    char *url, *user, *password_file, *ca_file, *filed;
    bool tls;
    const atomic_bool *stop;
    uint32_t done[IMAP_MAILS_MAX];
    bool odd[IMAP_MAILS_MAX];
    struct imap_errand errand;
    struct got got[IMAP_MAILS_MAX];
    size_t count;
    struct result result;
    bool failed;
};

struct box {
    struct session *session; /* under way, or waiting to be decided; NULL: none */
    bool deciding;
    size_t broken;   /* the mail after which the transaction failed; IMAP_MAILS_MAX: none */
    int64_t next_ms; /* monotonic */
    int64_t pause_ms;
    uint32_t done[IMAP_MAILS_MAX]; /* decided, not yet marked */
    bool odd[IMAP_MAILS_MAX];      /* of them: not understood */
    size_t done_count;
    uint32_t done_validity;
    uint32_t last; /* the mail at which a session broke */
};

struct mailbox {
    atomic_bool stop;
    struct box box[MAILBOXES];
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
    free(s->filed);
    free(s);
}

void mailbox_close(struct mailbox *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < MAILBOXES; i++)
        session_free(m->box[i].session);
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
    const struct conf_node here = {.file = names[s->which]};
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
        s->errand.odd = s->odd;
        s->errand.filed = s->filed;
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
static void plan_next(struct stafette *g, struct box *b, const struct session *s)
{
    int64_t poll_ms = g->config->settings.mailbox[s->which].poll_ms;
    if (!s->failed)
        b->pause_ms = 0;
    else if (b->pause_ms < poll_ms)
        b->pause_ms = poll_ms;
    else
        b->pause_ms = b->pause_ms * 2 < RETRY_MAX_MS ? b->pause_ms * 2 : RETRY_MAX_MS;
    b->next_ms = g->mono_ms + (s->failed ? b->pause_ms : s->errand.more ? 0 : poll_ms);
}

static void drop_session(struct box *b)
{
    session_free(b->session);
    b->session = NULL;
    b->deciding = false;
}

/* The session comes back; its mails wait for the turn. */
static void finish(struct stafette *g, void *context)
{
    struct session *s = context;
    struct box *b = &g->mailbox->box[s->which];
    incident_note(g, names[s->which], &s->result);
    plan_next(g, b, s);
    if (s->failed)
        log_warn(names[s->which], "state=failed class=%s next_try_ms=%lld why=\"%s\"",
                 error_class_name(s->result.class), (long long)(b->next_ms - g->mono_ms),
                 s->result.text);
    if (s->errand.marked)
        b->done_count = 0;
    b->last = s->errand.stuck;
    b->broken = IMAP_MAILS_MAX;
    b->deciding = s->count > 0;
    if (!b->deciding)
        drop_session(b);
}

static void begin(struct stafette *g, size_t which, const struct mailbox_settings *set)
{
    struct box *b = &g->mailbox->box[which];
    struct session *s = b->session = xcalloc(1, sizeof *s);
    if (b->done_count)
        test_point("before-mark");
    s->which = which;
    s->url = xstrdup(set->url);
    s->user = xstrdup(set->user);
    s->password_file = xstrdup(set->password_file);
    s->ca_file = xstrdup(set->ca_file);
    s->filed = xstrdup(set->filed);
    s->tls = !str_eq(set->tls, "none");
    s->stop = &g->mailbox->stop;
    memcpy(s->done, b->done, sizeof s->done);
    memcpy(s->odd, b->odd, sizeof s->odd);
    s->errand = (struct imap_errand){
        .done_count = b->done_count, .done_validity = b->done_validity, .last = b->last};
    outbox_run(g->outbox, run_session, s, finish);
}

void mailbox_step(struct stafette *g)
{
    for (size_t i = 0; i < MAILBOXES; i++) {
        const struct mailbox_settings *set = &g->config->settings.mailbox[i];
        const struct box *b = &g->mailbox->box[i];
        if (!b->session && !str_empty(set->url) && g->mono_ms >= b->next_ms)
            begin(g, i, set);
    }
}

bool mailbox_ready(const struct stafette *g)
{
    for (size_t i = 0; g->mailbox && i < MAILBOXES; i++)
        if (g->mailbox->box[i].deciding)
            return true;
    return false;
}

static enum mail_in_end decide_one(struct stafette *g, const struct got *got)
{
    static const struct mail_envelope unknown = {"", ""};
    struct buf said = BUF_INIT;
    enum mail_in_end end = MAIL_IN_UNREADABLE;
    if (got->verdict == MAIL_TOO_LARGE)
        end = MAIL_IN_TOO_LARGE;
    else if (got->verdict == MAIL_OK && !got->aside)
        end = mail_in_take(g, &got->mail, &unknown, &said);
    buf_release(&said);
    return end;
}

static void decide_box(struct stafette *g, struct box *b)
{
    b->broken = IMAP_MAILS_MAX;
    for (size_t i = 0; i < b->session->count && b->broken == IMAP_MAILS_MAX; i++) {
        b->session->got[i].end = decide_one(g, &b->session->got[i]);
        if (store_failed(g->store))
            b->broken = i;
    }
}

void mailbox_decide(struct stafette *g)
{
    for (size_t i = 0; g->mailbox && i < MAILBOXES; i++)
        if (g->mailbox->box[i].deciding && !store_failed(g->store))
            decide_box(g, &g->mailbox->box[i]);
}

/* What is to come again stays unmarked, and waits for the next look. */
static void note_done(struct stafette *g, struct box *b)
{
    struct session *s = b->session;
    b->done_count = 0;
    for (size_t i = 0; i < s->count; i++) {
        enum mail_in_end end = s->got[i].end;
        g->metrics.mail_in[end]++;
        log_info("incoming mail", "way=%s result=%s", s->which ? "bounces" : "mailbox",
                 mail_in_end_name(end));
        if (end == MAIL_IN_LATER)
            continue;
        b->odd[b->done_count] = end == MAIL_IN_UNREADABLE || end == MAIL_IN_TOO_LARGE;
        b->done[b->done_count++] = s->got[i].uid;
    }
    b->done_validity = s->errand.validity;
}

void mailbox_decided(struct stafette *g)
{
    for (size_t i = 0; g->mailbox && i < MAILBOXES; i++) {
        struct box *b = &g->mailbox->box[i];
        if (!b->deciding)
            continue;
        note_done(g, b);
        if (!b->session->failed && b->done_count)
            b->next_ms = g->mono_ms;
        drop_session(b);
    }
}

bool mailbox_set_aside(struct stafette *g)
{
    for (size_t i = 0; g->mailbox && i < MAILBOXES; i++) {
        struct box *b = &g->mailbox->box[i];
        if (!b->deciding || b->broken >= b->session->count || b->session->got[b->broken].aside)
            continue;
        log_error("mail set aside", "way=%s why=\"%s\"", names[i], store_trouble(g->store));
        b->session->got[b->broken].aside = true;
        return true;
    }
    return false;
}
