/*
 * Fuzz target: calendars. The first byte says what the rest is: a calendar that came in, a rule
 * with its window, or a text that is written into a calendar. What is read must be clean and the
 * same again; starts must rise, lie in the window and not depend on where it is cut; a written text
 * must stay inside of its property.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/buf.h"
#include "../../daemon/ical.h"
#include "../../daemon/util.h"

enum { REPLIES = 4, STARTS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reply(const struct ical_reply *reply)
{
    size_t uid = strnlen(reply->uid, sizeof reply->uid);
    size_t address = strnlen(reply->address, sizeof reply->address);
    assert(uid > 0 && uid < sizeof reply->uid && utf8_valid(reply->uid, uid));
    for (const char *p = reply->uid; *p; p++)
        assert((unsigned char)*p >= 0x20 && *p != 0x7f);
    assert(address > 2 && address < sizeof reply->address && strchr(reply->address, '@'));
    for (const char *p = reply->address; *p; p++)
        assert(*p > 0x20 && *p < 0x7f && !(*p >= 'A' && *p <= 'Z'));
    assert(strspn(reply->status, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == strlen(reply->status));
    assert(reply->status[0] && reply->sequence >= 0);
    assert(!reply->recurrence_day || reply->recurrence_s % 86400 == 0);
}

static void check_read(const char *text, size_t len)
{
    struct ical_reply replies[REPLIES], again[REPLIES];
    size_t n, n2;
    char method[16], method2[16];
    memset(replies, 0, sizeof replies);
    memset(again, 0, sizeof again);
    enum ical_verdict verdict = ical_read(text, len, replies, REPLIES, &n, method);
    assert(n <= REPLIES && (verdict == ICAL_REPLY) == (n > 0));
    assert(strnlen(method, sizeof method) < sizeof method);
    assert(verdict != ICAL_REPLY || str_eq(method, "REPLY"));
    for (size_t i = 0; i < n; i++)
        check_reply(&replies[i]);
    assert(ical_read(text, len, again, REPLIES, &n2, method2) == verdict && n == n2);
    for (size_t i = 0; i < n; i++)
        assert(str_eq(replies[i].uid, again[i].uid) &&
               replies[i].recurrence_s == again[i].recurrence_s);
}

static size_t expand(const char *rule, const int32_t hours[3], int64_t *starts)
{
    return ical_expand(rule, hours[0] * INT64_C(3600), hours[1] * INT64_C(3600),
                       hours[2] * INT64_C(3600), starts, STARTS);
}

static void check_rule(const char *text, size_t len)
{
    int32_t hours[3];
    int64_t starts[STARTS], parts[2 * STARTS];
    struct buf err = BUF_INIT;
    if (len < sizeof hours)
        return;
    memcpy(hours, text, sizeof hours);
    for (size_t i = 0; i < 3; i++)
        hours[i] %= 3000000; /* some 340 years to both sides */
    char *rule = xstrndup(text + sizeof hours, len - sizeof hours);
    int rc = ical_rule_check(rule, &err);
    assert((rc == 0) == (err.len == 0));
    size_t n = expand(rule, hours, starts);
    assert(rc == 0 || n == 0);
    for (size_t i = 0; i < n; i++) {
        assert(starts[i] >= hours[0] * INT64_C(3600) && starts[i] >= hours[1] * INT64_C(3600));
        assert(starts[i] < hours[2] * INT64_C(3600) && (i == 0 || starts[i] > starts[i - 1]));
    }
    if (n > 0 && n < STARTS) {
        int32_t middle = (int32_t)(starts[n / 2] / 3600);
        size_t k = expand(rule, (const int32_t[3]){hours[0], hours[1], middle}, parts);
        k += expand(rule, (const int32_t[3]){hours[0], middle, hours[2]}, parts + k);
        assert(k == n && memcmp(starts, parts, n * sizeof *starts) == 0);
    }
    buf_release(&err);
    free(rule);
}

/* Lines that begin something, each of at most 75 octets. */
static size_t count_lines(const char *text)
{
    size_t lines = 0;
    while (*text) {
        size_t n = strcspn(text, "\r\n");
        assert(n <= 75 && strncmp(text + n, "\r\n", 2) == 0 && utf8_valid(text, n));
        lines += *text != ' ';
        text += n + 2;
    }
    return lines;
}

static void check_write(const char *bytes, size_t len)
{
    char *text = xstrndup(bytes, len);
    struct buf plain = BUF_INIT, got = BUF_INIT;
    struct ical_attendee one = {"a@b.example", "x", "CHAIR", "ACCEPTED"};
    struct ical_event event = {.uid = "x",
                               .summary = "x",
                               .location = "x",
                               .organizer_name = "x",
                               .organizer_address = "a@b.example",
                               .attendee = &one,
                               .attendees = 1,
                               .start_s = 1,
                               .end_s = 2};
    ical_write(&plain, "REPLY", &event, 1);
    if (*text) {
        event.summary = event.location = event.organizer_name = one.name = text;
        ical_write(&got, "REPLY", &event, 1);
        assert(count_lines(buf_str(&got)) == count_lines(buf_str(&plain)));
        if (got.len <= ICAL_INPUT_MAX) {
            struct ical_reply reply;
            size_t n;
            char method[16];
            enum ical_verdict verdict = ical_read(buf_str(&got), got.len, &reply, 1, &n, method);
            assert(len > 1000 || (verdict == ICAL_REPLY && str_eq(reply.address, "a@b.example")));
        }
    }
    buf_release(&plain);
    buf_release(&got);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(const char *text, size_t len) = {check_read, check_rule,
                                                                   check_write};
    if (size)
        checks[data[0] % COUNT_OF(checks)]((const char *)data + 1, size - 1);
    return 0;
}
