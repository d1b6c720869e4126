/*
 * Fuzz target: the deadline command with all that it reads. The input is START, LENGTH and
 * CALENDAR, one a line.
 *
 * Properties: no answer without a date on its first line, no refusal without a sentence; a length
 * that was understood reads the same when written; an end in days is an Arbeitstag at or after the
 * raw end; warnings are ordered and lie after the start.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/buf.h"
#include "../../daemon/ctl_deadline.h"
#include "../../daemon/json.h"
#include "../../daemon/period.h"
#include "../../daemon/statute.h"
#include "../../daemon/util.h"
#include "../../daemon/worktime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    json_start();
    return 0;
}

static void check_length(const char *text, const char *calendar)
{
    struct period p, again;
    struct period_end end;
    struct buf written = BUF_INIT, err = BUF_INIT;
    if (period_parse(text, &p)) {
        period_write(&written, &p);
        assert(period_parse(buf_str(&written), &again));
        assert(again.unit == p.unit && again.amount == p.amount);
        int rc = period_end(&p, berlin_to_ms(day_of(2026, 12, 18), 0), calendar, &end, &err);
        assert((rc == 0) == (err.len == 0));
        if (rc == 0 && p.unit != PERIOD_HOURS) {
            assert(end.end_day >= end.raw_day && end.raw_day > end.start_day);
            assert(worktime_is_arbeitstag(calendar, end.end_day));
        }
        if (rc == 0) {
            struct statute_warnings w;
            statute_warn(&end, calendar, NULL, &w);
            assert(w.at_ms[WARN_LAST_DAY] < w.at_ms[WARN_OVERDUE]);
            assert(!w.day[WARN_TWO_DAYS] || w.day[WARN_TWO_DAYS] > end.start_day);
            assert(!w.day[WARN_THREE_QUARTERS] || w.at_ms[WARN_THREE_QUARTERS] > end.start_ms);
        }
    }
    buf_release(&written);
    buf_release(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size), *rest = text, *word[3];
    for (int i = 0; i < 3; i++) {
        word[i] = rest;
        rest += strcspn(rest, "\n");
        if (*rest)
            *rest++ = '\0';
    }
    struct ctl_deadline ask = {word[0], word[1], word[2], size & 1};
    struct buf out = BUF_INIT, err = BUF_INIT;
    int rc = ctl_deadline(&out, &ask, &err);
    assert((rc == 0) == (err.len == 0) && (rc == 0) == (out.len > 0));
    if (rc == 0 && ask.json) {
        struct json_place where;
        struct json *root = json_read(buf_str(&out), out.len, &where);
        assert(root);
        json_free(root);
    } else if (rc == 0) {
        int64_t day;
        char first[11];
        assert(out.len > 10);
        memcpy(first, buf_str(&out), 10);
        first[10] = '\0';
        assert(date_parse(first, &day));
    }
    check_length(word[1], word[2]);
    buf_release(&out);
    buf_release(&err);
    free(text);
    return 0;
}
