/*
 * IMAP: see imap.h. One session: SELECT (by a NOOP on the mailbox, whose lines tell the validity
 * and whether keywords are kept), UID STORE, UID MOVE (RFC 6851), UID SEARCH, UID FETCH of the
 * sizes, one UID FETCH for each mail by URL, because libcurl loses the literal of a custom one.
 *
 * Promises: encryption required and the certificate verified but for a loopback address; a mail
 * that is too large is not fetched, and when the server told a wrong size no more than size_max is
 * read of it; every command ends in time, and when the daemon stops. Refuses nothing that the
 * server says: what is not understood counts as not said. The session is cut, not ended by LOGOUT,
 * for which libcurl would wait two minutes. A crash leaves mails unmarked; they are read again.
 */
#include "imap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../daemon/buf.h"
#include "../daemon/util.h"
#include "adapter.h"

#define KEYWORD "Verarbeitet"

enum { LINE_MAX_READ = 512, ANSWER_BYTES_MAX = 128 * 1024 };

struct session {
    const struct imap_account *account;
    struct imap_errand *errand;
    struct job *job; /* for libcurl's settings and the peer's words */
    CURL *easy;
    struct buf answer; /* body of the last command */
    size_t answer_max;
    bool over; /* there was more than answer_max */
    uint32_t validity;
    bool keywords; /* the mailbox keeps keywords of ours */
    uint32_t uid[IMAP_MAILS_MAX];
    bool large[IMAP_MAILS_MAX];
    size_t uids;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct session *s = context;
    size_t len = size * n;
    if (s->answer.len + len > s->answer_max) {
        s->over = true;
        return 0;
    }
    buf_add(&s->answer, bytes, len);
    return len;
}

/* Lines of SELECT: "* OK [UIDVALIDITY 17] ...", "* OK [PERMANENTFLAGS (\Seen \*)] ...". */
static size_t on_line(char *bytes, size_t size, size_t n, void *context)
{
    static const char validity[] = "* OK [UIDVALIDITY ", flags[] = "* OK [PERMANENTFLAGS ";
    struct session *s = context;
    char line[LINE_MAX_READ];
    size_t len = size * n, take = len < sizeof line ? len : sizeof line - 1;
    memcpy(line, bytes, take);
    line[take] = '\0';
    if (strncasecmp(line, validity, strlen(validity)) == 0)
        s->validity = (uint32_t)strtoul(line + strlen(validity), NULL, 10);
    else if (strncasecmp(line, flags, strlen(flags)) == 0)
        s->keywords = strstr(line, "\\*") || strcasestr(line, KEYWORD);
    return len;
}

/* The handle for one command; the connection stays in it between commands. */
static void prepare(struct session *s, size_t answer_max)
{
    const struct imap_account *a = s->account;
    CURL *easy = s->easy;
    curl_easy_reset(easy);
    job_curl_defaults(s->job, easy, "imap,imaps", IMAP_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(IMAP_TIMEOUT_MS / 1000));
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(a->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (!str_empty(a->ca_file))
        curl_easy_setopt(easy, CURLOPT_CAINFO, a->ca_file);
    curl_easy_setopt(easy, CURLOPT_USERNAME, a->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, a->password);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, s);
    s->answer_max = answer_max;
    s->over = false;
    buf_reset(&s->answer);
}

static CURLcode command(struct session *s, const char *words)
{
    prepare(s, ANSWER_BYTES_MAX);
    curl_easy_setopt(s->easy, CURLOPT_URL, s->account->url);
    curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, words);
    return curl_easy_perform(s->easy);
}

/* The numbers of those that are odd, or of those that are not; false when there are none. */
static bool put_done(struct buf *words, const struct imap_errand *e, bool all, bool odd)
{
    size_t n = 0;
    for (size_t i = 0; i < e->done_count; i++)
        if (all || e->odd[i] == odd)
            buf_printf(words, "%s%u", n++ ? "," : "", e->done[i]);
    return n > 0;
}

static CURLcode store_flags(struct session *s, bool all, const char *flags)
{
    struct buf words = BUF_INIT;
    CURLcode code = CURLE_OK;
    buf_puts(&words, "UID STORE ");
    bool any = put_done(&words, s->errand, all, true);
    buf_printf(&words, " +FLAGS.SILENT (%s)", flags);
    if (any)
        code = command(s, buf_str(&words));
    buf_release(&words);
    return code;
}

/* A folder that is not there is made, once. A move that fails leaves mails marked where they are.
 */
static CURLcode file_away(struct session *s)
{
    struct buf words = BUF_INIT, make = BUF_INIT;
    CURLcode code = CURLE_OK;
    buf_puts(&words, "UID MOVE ");
    bool any = !str_empty(s->errand->filed) && put_done(&words, s->errand, false, false);
    buf_printf(&words, " \"%s\"", s->errand->filed);
    buf_printf(&make, "CREATE \"%s\"", s->errand->filed);
    if (any)
        code = command(s, buf_str(&words));
    if (code == CURLE_QUOTE_ERROR && command(s, buf_str(&make)) == CURLE_OK)
        code = command(s, buf_str(&words));
    buf_release(&words);
    buf_release(&make);
    return code;
}

/* A keyword that the mailbox does not keep would have the same mails read for ever. */
static CURLcode mark(struct session *s)
{
    struct imap_errand *e = s->errand;
    if (!e->done_count || e->done_validity != s->validity) {
        e->marked = true;
        return CURLE_OK;
    }
    CURLcode code = store_flags(s, true, s->keywords ? "\\Seen " KEYWORD : "\\Seen \\Answered");
    e->marked = code == CURLE_OK;
    if (code == CURLE_OK)
        code = store_flags(s, false, "\\Flagged");
    if (code == CURLE_OK)
        code = file_away(s);
    return code;
}

size_t imap_search_read(const char *text, size_t len, uint32_t *uid, size_t max, bool *more)
{
    static const char head[] = "* SEARCH";
    size_t n = 0;
    *more = false;
    if (len < strlen(head) || strncasecmp(text, head, strlen(head)) != 0)
        return 0;
    for (size_t at = strlen(head); at < len && text[at] == ' ';) {
        char digits[12];
        size_t begin = ++at;
        while (at < len && text[at] >= '0' && text[at] <= '9')
            at++;
        size_t count = at - begin;
        int64_t value = 0;
        bool whole = at < len && (text[at] == ' ' || text[at] == '\r' || text[at] == '\n');
        if (!whole || count >= sizeof digits)
            break;
        memcpy(digits, text + begin, count);
        digits[count] = '\0';
        if (!int_parse(digits, 1, UINT32_MAX, &value))
            continue;
        if (n == max) {
            *more = true;
            break;
        }
        uid[n++] = (uint32_t)value;
    }
    return n;
}

/* The one that broke the session before goes to the end, or the mails behind it never came. */
static void put_last(struct session *s)
{
    for (size_t i = 0; i + 1 < s->uids; i++)
        if (s->uid[i] == s->errand->last) {
            memmove(&s->uid[i], &s->uid[i + 1], (s->uids - i - 1) * sizeof s->uid[0]);
            s->uid[s->uids - 1] = s->errand->last;
        }
}

static CURLcode search(struct session *s)
{
    CURLcode code =
        command(s, s->keywords ? "UID SEARCH UNKEYWORD " KEYWORD : "UID SEARCH UNANSWERED");
    /* A list so long that it does not fit is still good at its beginning. */
    if (code != CURLE_OK && !(s->over && s->answer.len))
        return code;
    s->uids = imap_search_read(buf_str(&s->answer), s->answer.len, s->uid, IMAP_MAILS_MAX,
                               &s->errand->more);
    put_last(s);
    return CURLE_OK;
}

/* A number behind a name of the line; false when it is not there. */
static bool number_of(const char *line, const char *name, uint64_t *value)
{
    const char *at = strcasestr(line, name);
    if (!at || at[strlen(name)] < '0' || at[strlen(name)] > '9')
        return false;
    *value = strtoull(at + strlen(name), NULL, 10);
    return true;
}

bool imap_size_read(const char *line, uint32_t *uid, uint64_t *size)
{
    uint64_t number = 0;
    if (strncmp(line, "* ", 2) != 0 || !strcasestr(line, " FETCH (") ||
        (!number_of(line, "(UID ", &number) && !number_of(line, " UID ", &number)) ||
        number > UINT32_MAX || !number_of(line, "RFC822.SIZE ", size))
        return false;
    *uid = (uint32_t)number;
    return true;
}

static void note_size(struct session *s, const char *line)
{
    uint32_t uid;
    uint64_t size;
    if (!imap_size_read(line, &uid, &size))
        return;
    for (size_t i = 0; i < s->uids; i++)
        if (s->uid[i] == uid)
            s->large[i] = size > s->errand->size_max;
}

static CURLcode ask_sizes(struct session *s)
{
    struct buf words = BUF_INIT;
    buf_puts(&words, "UID FETCH ");
    for (size_t i = 0; i < s->uids; i++)
        buf_printf(&words, "%s%u", i ? "," : "", s->uid[i]);
    buf_puts(&words, " (RFC822.SIZE)");
    CURLcode code = command(s, buf_str(&words));
    buf_release(&words);
    if (code != CURLE_OK)
        return code;
    char *line = NULL, *rest = NULL, *text = xstrdup(buf_str(&s->answer));
    for (line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
        note_size(s, line);
    free(text);
    return CURLE_OK;
}

static CURLcode fetch_one(struct session *s, size_t i)
{
    struct imap_errand *e = s->errand;
    struct buf url = BUF_INIT;
    CURLcode code = CURLE_OK;
    if (!s->large[i]) {
        buf_printf(&url, "%s;UID=%u", s->account->url, s->uid[i]);
        prepare(s, e->size_max);
        curl_easy_setopt(s->easy, CURLOPT_URL, buf_str(&url));
        code = curl_easy_perform(s->easy);
        buf_release(&url);
    }
    if (code == CURLE_OK || s->over) {
        bool large = s->large[i] || s->over;
        e->mail(e->context, s->uid[i], large ? NULL : buf_str(&s->answer), s->answer.len);
        code = CURLE_OK;
    }
    buf_wipe(&s->answer);
    /* Somebody else has removed it meanwhile. */
    return code == CURLE_REMOTE_FILE_NOT_FOUND ? CURLE_OK : code;
}

static CURLcode fetch_all(struct session *s)
{
    CURLcode code = s->uids ? ask_sizes(s) : CURLE_OK;
    for (size_t i = 0; i < s->uids && code == CURLE_OK; i++) {
        s->over = false;
        code = fetch_one(s, i);
        if (code != CURLE_OK)
            s->errand->stuck = s->uid[i];
    }
    return code;
}

/* A command that the server refuses (21), a mailbox that is not there: operators must act. */
static enum error_class class_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_LOGIN_DENIED:
        return CLASS_AUTH;
    case CURLE_QUOTE_ERROR:
    case CURLE_REMOTE_FILE_NOT_FOUND:
        return CLASS_LOCAL;
    default:
        return job_curl_class(code, false);
    }
}

int imap_run(const struct imap_account *account, struct imap_errand *errand, struct result *result)
{
    struct session s = {.account = account, .errand = errand, .job = job_new()};
    s.easy = curl_easy_init();
    s.job->stop = account->stop;
    errand->validity = 0;
    errand->marked = errand->more = false;
    errand->stuck = 0;
    CURLcode code = s.easy ? command(&s, "NOOP") : CURLE_FAILED_INIT;
    errand->validity = s.validity;
    if (code == CURLE_OK)
        code = mark(&s);
    if (code == CURLE_OK)
        code = search(&s);
    if (code == CURLE_OK)
        code = fetch_all(&s);
    if (code != CURLE_OK)
        job_peer_text(s.job, str_empty(s.job->error) ? curl_easy_strerror(code) : s.job->error);
    job_end_as(s.job, code == CURLE_OK ? CLASS_NONE : class_of(code), 0);
    *result = s.job->result;
    if (s.easy)
        job_handle_free(s.easy);
    job_free(s.job);
    buf_wipe(&s.answer);
    return code == CURLE_OK ? 0 : -1;
}

static const char *url_fault(CURLU *url, bool secure, const char *tls)
{
    char *part = NULL;
    const char *fault = NULL;
    static const CURLUPart none[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                     CURLUPART_FRAGMENT, CURLUPART_OPTIONS};
    for (size_t i = 0; i < COUNT_OF(none) && !fault; i++)
        if (curl_url_get(url, none[i], &part, 0) == CURLUE_OK) {
            curl_free(part);
            fault = "url must not hold a user, a password, a ? or a #; the user is a setting";
        }
    if (!fault && curl_url_get(url, CURLUPART_PATH, &part, 0) == CURLUE_OK) {
        if (strlen(part) < 2 || strchr(part + 1, '/') || strchr(part, ';'))
            fault = "url ends with the name of one mailbox, such as /INBOX, without a / or ; in it";
        curl_free(part);
    }
    if (!fault && !str_eq(tls, "required") && !str_eq(tls, "none"))
        fault = "tls is \"required\", or \"none\" for a loopback address";
    if (!fault && str_eq(tls, "none") && secure)
        fault = "tls = \"none\" contradicts the scheme of url; remove one of them";
    if (!fault && curl_url_get(url, CURLUPART_HOST, &part, 0) == CURLUE_OK) {
        if (str_eq(tls, "none") && !transport_is_loopback(part))
            fault = "tls = \"none\" is allowed for a loopback address only; remove it";
        curl_free(part);
    }
    return fault;
}

int imap_url_check(const char *url, const char *tls, struct buf *err)
{
    CURLU *parts = curl_url();
    const char *fault = NULL;
    bool secure = strncasecmp(url, "imaps://", 8) == 0;
    if ((!secure && strncasecmp(url, "imap://", 7) != 0) ||
        curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK)
        fault = "url is not understood; write imap://host:port/INBOX or imaps://host:port/INBOX";
    else
        fault = url_fault(parts, secure, tls);
    curl_url_cleanup(parts);
    if (!fault)
        return 0;
    buf_puts(err, fault);
    return -1;
}
