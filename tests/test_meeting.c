/*
 * Meetings: series and single ones, moved, cancelled, held; who hears of what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "meeting_rig.h"

struct lines {
    struct buf text;
    size_t count;
};

static bool put_session(void *context, const struct session *s)
{
    struct lines *lines = context;
    meeting_when(&lines->text, s->start_s, s->duration_s);
    buf_printf(&lines->text, " %s %lld%s%s\n", session_state_name(s->state),
               (long long)s->sequence, *s->why ? " " : "", s->why);
    lines->count++;
    return true;
}

/* MH1: twelve dates; Christi Himmelfahrt moves one by a week; everybody is invited once. */
static void test_series(void **state)
{
    struct gateway_rig *rig = *state;
    struct lines lines = {BUF_INIT, 0};
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    store_session_each(rig->g.store, m.item_seq, 0, &lines, put_session);
    assert_int_equal(lines.count, 12);
    assert_non_null(strstr(buf_str(&lines.text),
                           "Do 13.05.2027, 09:00 bis 11:00 Uhr planned 1 Christi Himmelfahrt\n"));
    print_message("%s", buf_str(&lines.text));
    buf_release(&lines.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LIFE(test_series)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
