/*
 * Jobs: one attempt to hand one message to one peer, from its making to its one ending. Declared in
 * adapter.h.
 *
 * Promises: a job ends exactly once; what a peer said is kept only without addresses, telephone
 * numbers and control characters (DOMAIN R24); message texts are wiped before their memory goes
 * back. A crash leaves nothing: the delivery is pending in the store and its job is made anew.
 */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../daemon/util.h"
#include "../daemon/verdict.h"
#include "adapter.h"
#include "verdict_rules.h"

enum { CONNECT_MS = 10000, URGENT_MS = 20000, PHONE_DIGITS = 7, LOCAL_PART_MIN = 3 };

struct job *job_new(void)
{
    struct job *job = xcalloc(1, sizeof *job);
    job->withheld = "";
    buf_init(&job->bytes);
    buf_init(&job->answer);
    return job;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void job_free(struct job *job)
{
    if (!job)
        return;
    struct message *m = &job->message;
    wipe(m->address);
    wipe(m->subject);
    wipe(m->body);
    free(m->from);
    wipe(m->calendar);
    free(m->method);
    wipe(m->message_id);
    wipe(m->thread_id);
    wipe(m->reference);
    wipe(m->envelope_from);
    buf_wipe(&job->bytes);
    buf_wipe(&job->answer);
    curl_slist_free_all(job->headers);
    free(job);
}

void job_list_init(struct job_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

void job_list_put(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->last = job;
    list->last = &job->next;
}

struct job *job_list_take(struct job_list *list)
{
    struct job *first = list->first;
    job_list_init(list);
    return first;
}

void jobs_free(struct job *job)
{
    while (job) {
        struct job *next = job->next;
        job_free(job);
        job = next;
    }
}

void job_end(struct job *job, enum attempt_end end, enum error_class class, int code)
{
    assert(!job->ended);
    assert((end == ATTEMPT_SENT) == (class == CLASS_NONE));
    job->ended = true;
    job->result.end = end;
    job->result.class = class;
    job->result.code = code;
}

void job_end_as(struct job *job, enum error_class class, int code)
{
    if (class == CLASS_NONE)
        job_end(job, ATTEMPT_SENT, class, code);
    else
        job_end(job, verdict_of(class)->next == NEXT_AT_ONCE ? ATTEMPT_FAILED : ATTEMPT_DEFERRED,
                class, code);
}

enum error_class job_curl_class(CURLcode code, bool perhaps)
{
    const struct verdict_case c = {ORIGIN_CURL, perhaps ? SMTP_DOT : SMTP_SESSION, (int)code, ""};
    return verdict_rule(&c)->class;
}

/* Bytes from p on that look like a mail address: a word with an @ in it. */
static size_t mail_run(const char *p)
{
    size_t n = strcspn(p, " \t\r\n<>()\"',;");
    return memchr(p, '@', n) ? n : 0;
}

/* Bytes from p on that look like a telephone number, however it is grouped. */
static size_t phone_run(const char *p)
{
    size_t n = strspn(p, "+0123456789-/() "), digits = 0, last = 0;
    for (size_t i = 0; i < n; i++)
        if (isdigit((unsigned char)p[i])) {
            digits++;
            last = i + 1;
        }
    return digits >= PHONE_DIGITS && (*p == '+' || isdigit((unsigned char)*p)) ? last : 0;
}

/* Bytes from p on that repeat the left side of the recipient's own address. */
static size_t local_run(const char *p, const char *address)
{
    size_t n = address ? strcspn(address, "@") : 0;
    return n >= LOCAL_PART_MIN && strncasecmp(p, address, n) == 0 ? n : 0;
}

static bool inside_word(const char *text, const char *p)
{
    return p > text && isalnum((unsigned char)p[-1]);
}

static size_t telling_run(const char *text, const char *p, const char *address)
{
    if (inside_word(text, p))
        return 0;
    size_t n = mail_run(p);
    if (n == 0)
        n = local_run(p, address);
    return n ? n : phone_run(p);
}

/* The first status code of RFC 3463 in the text: class.subject.detail, standing alone. */
static void find_enhanced(char *out, size_t size, const char *text)
{
    for (const char *p = text; *p; p++) {
        size_t n = strspn(p, "0123456789.");
        if (n == 0)
            continue;
        size_t subject = n > 2 ? strspn(p + 2, "0123456789") : 0;
        bool shape = n >= 5 && n < size && strchr("245", p[0]) && p[1] == '.' && subject >= 1 &&
                     subject <= 3 && p[2 + subject] == '.';
        size_t detail = shape ? strspn(p + 3 + subject, "0123456789") : 0;
        if (shape && detail >= 1 && detail <= 3 && 3 + subject + detail == n &&
            !inside_word(text, p)) {
            memcpy(out, p, n);
            out[n] = '\0';
            return;
        }
        p += n - 1;
    }
}

void job_peer_text(struct job *job, const char *text)
{
    struct buf clean = BUF_INIT;
    for (const char *p = text; *p && clean.len < sizeof job->result.text;) {
        size_t n = telling_run(text, p, job->message.address);
        if (n > 0) {
            buf_puts(&clean, "[...]");
            p += n;
            continue;
        }
        unsigned char c = (unsigned char)*p++;
        buf_addc(&clean, c < 0x20 || c >= 0x7f ? '?' : c == '"' ? '\'' : (char)c);
    }
    while (clean.len > 0 && strchr(" ?", clean.data[clean.len - 1]))
        clean.data[--clean.len] = '\0';
    size_t fits = clean.len < sizeof job->result.text ? clean.len : sizeof job->result.text - 1;
    memcpy(job->result.text, buf_str(&clean), fits);
    job->result.text[fits] = '\0';
    job->result.enhanced[0] = '\0';
    find_enhanced(job->result.enhanced, sizeof job->result.enhanced, text);
    buf_release(&clean);
}

/* Broken off only when the carriers end; libcurl asks about once a second and on traffic. */
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct job *job = context;
    (void)a, (void)b, (void)c, (void)d;
    return job->stop && atomic_load_explicit(job->stop, memory_order_relaxed);
}

/* Never more than ANSWER_MAX, however much the peer sends. */
static size_t on_answer(char *bytes, size_t size, size_t n, void *context)
{
    struct job *job = context;
    size_t room = ANSWER_MAX - job->answer.len;
    buf_add(&job->answer, bytes, size * n < room ? size * n : room);
    return size * n;
}

int64_t job_limit_ms(const struct job *job, int64_t timeout_ms)
{
    return job->urgent && timeout_ms > URGENT_MS ? URGENT_MS : timeout_ms;
}

void job_curl_defaults(struct job *job, CURL *easy, const char *protocols, int64_t timeout_ms)
{
    long total = (long)job_limit_ms(job, timeout_ms);
    job->error[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, total);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, total < CONNECT_MS ? total : CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
    if (job->stop) {
        curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(easy, CURLOPT_XFERINFODATA, job);
    }
}

/* Cut, a connection is found dead, and nothing is waited for on it. */
static void cut_connection(CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
        shutdown(fd, SHUT_RDWR);
}

void job_handle_free(CURL *easy)
{
    cut_connection(easy);
    curl_easy_cleanup(easy);
}

static void run_transfer(struct job *job, CURL *easy)
{
    curl_easy_reset(easy);
    if (job->transport->adapter->prepare(job, easy) == 0) {
        CURLcode code = curl_easy_perform(easy);
        job->transport->adapter->finish(job, easy, code);
        if (code != CURLE_OK)
            cut_connection(easy);
    }
    curl_easy_reset(easy); /* nothing of the job stays in the handle; its connection does */
}

void job_run(struct job *job, CURL *easy)
{
    job->started_ms = util_monotonic_ms();
    if (job->run) {
        job->run(job, easy);
    } else if (job->transport->adapter->deliver) {
        job->transport->adapter->deliver(job);
        assert(job->ended);
    } else {
        run_transfer(job, easy);
        assert(job->ended);
    }
    job->ended_ms = util_monotonic_ms();
}
