/*
 * ledger.c, ledger_fact.c, ledger_child.c: what audit rows say, the result as text and back, the
 * task as text and back; nothing else is read back as a result or a task.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/json.h"
#include "../daemon/ledger_parts.h"
#include "../daemon/ledger_run.h"
#include "../daemon/template.h"
#include "../daemon/util.h"

static const unsigned char key[DIGEST_KEY] = {7};

static const struct {
    const char *label, *content, *want;
} sayings[] = {
    {"a request",
     "event=17 type=handover.requested source=j outcome=accepted state=requested owner=a",
     "event 17 requests opens requested"},
    {"an incomplete one",
     "event=1 type=referral.requested source=j outcome=returned state=returned",
     "event 1 requests opens returned"},
    {"an emergency", "event=9 type=emergency.reported source=h outcome=accepted state=reported",
     "event 9 requests opens reported"},
    {"a refusal somebody must mend", "event=2 type=- source=j outcome=refused state=open owner=t",
     "event 2 opens open"},
    {"a refusal without an item", "event=3 type=rsvp.received source=j outcome=refused config=x",
     "event 3"},
    {"an answer",
     "event=4 type=handover.accepted source=s outcome=accepted state=accepted owner=sozialbuero",
     "event 4 accepted over"},
    {"a refused request", "event=5 type=handover.requested source=j outcome=refused", "event 5"},
    {"a state nobody knows", "event=6 type=handover.requested outcome=accepted state=lost",
     "event 6 requests opens"},
    {"a clock", "clock=23 kind=ack_due step=0 told=leitung", "clock 23"},
    {"closed by hand", "close code=no_case", "ended"},
    {"corrected", "corrected by event=4 item=5", "ended"},
    {"erased", "erased item=12", "erased 12"},
    {"a step that ends", "step kind=task state=done owner=x waiting= by=x on=task.done",
     "step done over"},
    {"a step on the way", "step kind=referral state=accepted owner=x waiting=x by=x on=y",
     "step accepted"},
    {"a delivery", "delivery=1 notice=1 channel=email result=sent", ""},
    {"no number", "event= type=handover.requested", ""},
    {"a number too long", "event=99999999999999999999999 type=x", ""},
    {"a negative number", "clock=-4", ""},
    {"the word elsewhere", "note event=5 clock=6", ""},
    {"nothing", "", ""},
    {"a value too long",
     "event=1 "
     "type=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "event 1"},
};

static void put_fact(struct buf *out, const struct ledger_fact *f)
{
    static const char *const names[] = {"", "event", "clock", "ended", "erased", "step"};
    buf_puts(out, names[f->says]);
    if (f->number)
        buf_printf(out, " %lld", (long long)f->number);
    buf_printf(out, "%s%s", f->requests ? " requests" : "", f->opens ? " opens" : "");
    if (f->has_state)
        buf_printf(out, " %s%s", item_state_name(f->state), f->over ? " over" : "");
}

static void test_facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sayings); i++) {
        struct ledger_fact fact;
        struct buf got = BUF_INIT;
        ledger_fact_read(&fact, sayings[i].content);
        put_fact(&got, &fact);
        if (!str_eq(buf_str(&got), sayings[i].want))
            fail_msg("%s: \"%s\"", sayings[i].label, buf_str(&got));
        buf_release(&got);
    }
}

static void fill(struct ledger_result *r, int faults, int64_t open)
{
    memset(r, 0, sizeof *r);
    r->checked_ms = 1795154400000;
    r->requests = r->asked = r->open[ITEM_HANDOVER] = open;
    r->head_seq = r->audit_rows = 12;
    str_copy(r->head_link, sizeof r->head_link, "00ff");
    for (int i = 0; i < faults; i++)
        for (int64_t n = 1; n <= 30; n++)
            ledger_find(r, (enum ledger_fault)i, n, n + 100);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (int faults = 0; faults <= LEDGER_FAULTS; faults++) {
        struct ledger_result r, again;
        struct buf text = BUF_INIT;
        fill(&r, faults, 5);
        ledger_json(&text, &r, NULL);
        assert_int_equal(ledger_read(&again, buf_str(&text), text.len), 0);
        assert_memory_equal(&r, &again, sizeof r);
        assert_int_equal(ledger_findings(&again), faults);
        assert_int_equal(ledger_green(&again), faults == 0);
        /* Cut anywhere it is none. */
        for (size_t len = 0; len < text.len; len += 7)
            assert_int_equal(ledger_read(&again, buf_str(&text), len), -1);
        buf_release(&text);
    }
}

#define COUNTS                                                                                     \
    "\"checked_ms\":1,\"took_ms\":1,\"requests\":0,\"asked\":0,\"ended\":0,\"removed\":0,"         \
    "\"erased\":0,\"audit_rows\":0,\"audit_head\":0,\"audit_link\":\"\""

static const struct {
    const char *label, *text;
    int want;
} results[] = {
    {"the least", "{\"green\":true," COUNTS ",\"findings\":[]}", 0},
    {"nothing", "", -1},
    {"another value", "[]", -1},
    {"no findings", "{\"green\":true," COUNTS "}", -1},
    {"no counts", "{\"green\":true,\"findings\":[]}", -1},
    {"green with a finding",
     "{\"green\":true," COUNTS ",\"findings\":[{\"code\":\"L-01\",\"count\":1}]}", -1},
    {"red without one", "{\"green\":false," COUNTS ",\"findings\":[]}", -1},
    {"red", "{\"green\":false," COUNTS ",\"findings\":[{\"code\":\"L-01\",\"count\":1}]}", 0},
    {"a code twice",
     "{\"green\":false," COUNTS ",\"findings\":[{\"code\":\"L-01\",\"count\":1},"
     "{\"code\":\"L-01\",\"count\":1}]}",
     -1},
    {"an unknown code",
     "{\"green\":false," COUNTS ",\"findings\":[{\"code\":\"L-99\",\"count\":1}]}", -1},
    {"a count of none",
     "{\"green\":false," COUNTS ",\"findings\":[{\"code\":\"L-01\",\"count\":0}]}", -1},
    {"too many examples",
     "{\"green\":false," COUNTS ",\"findings\":[{\"code\":\"L-01\",\"count\":9,\"items\":"
     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]}]}",
     -1},
    {"more behind it", "{\"green\":true," COUNTS ",\"findings\":[]} x", -1},
};

static void test_results(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        struct ledger_result r;
        if (ledger_read(&r, results[i].text, strlen(results[i].text)) != results[i].want)
            fail_msg("%s", results[i].label);
    }
}

static void test_codes(void **state)
{
    (void)state;
    for (int i = 0; i < LEDGER_FAULTS; i++) {
        char code[24];
        snprintf(code, sizeof code, "L-%02d", i + 1);
        assert_string_equal(ledger_code((enum ledger_fault)i), code);
        assert_true(str_ends(ledger_german((enum ledger_fault)i), "."));
    }
}

/* Plain German, whole sentences, within its length, and nothing that the last barrier stops. */
static void test_lines(void **state)
{
    static const struct {
        int64_t open;
        int faults;
        const char *begin;
    } cases[] = {
        {0, 0, "Stafette-Nachtprüfung: alles in Ordnung: kein Vorgang ist offen."},
        {1, 0, "Stafette-Nachtprüfung: alles in Ordnung: 1 offener Vorgang, mit zuständiger "},
        {412, 0,
         "Stafette-Nachtprüfung: alles in Ordnung: 412 offene Vorgänge, jeder mit "
         "zuständiger Stelle und nächster Frist."},
        {1234567, 0, "Stafette-Nachtprüfung: alles in Ordnung: 1.234.567 offene Vorgänge"},
        {1, 1,
         "Stafette-Nachtprüfung: nicht in Ordnung: 1 Befund bei 1 offenen Vorgang. L-01, 30 "
         "Mal ("},
        {1000, LEDGER_FAULTS, "Stafette-Nachtprüfung: nicht in Ordnung: 19 Befunde bei 1.000 "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ledger_result r;
        struct buf text = BUF_INIT;
        const char *what = "";
        fill(&r, cases[i].faults, cases[i].open);
        for (size_t max = 700; max < 6000; max *= 2) {
            buf_reset(&text);
            ledger_line(&text, &r, key, max);
            if (!str_starts(buf_str(&text), cases[i].begin))
                fail_msg("%s", buf_str(&text));
            assert_true(text.len < max);
            assert_true(str_ends(buf_str(&text), "."));
            assert_false(template_blocked(buf_str(&text), &what));
        }
        buf_reset(&text);
        ledger_report(&text, &r, key);
        assert_false(template_blocked(buf_str(&text), &what));
        buf_release(&text);
    }
}

static void test_task(void **state)
{
    (void)state;
    const char *units[] = {"asd", "koordination", "sozialbuero"};
    struct ledger_task task = {.store = "/var/lib/a b/stafette.db",
                               .now_ms = 12,
                               .grace_ms = 34,
                               .head_seq = 56,
                               .head_link = "00ff",
                               .unit = units,
                               .units = 3};
    struct ledger_task again;
    struct buf text = BUF_INIT;
    int parent = 0;
    ledger_task_write(&text, &task, 4711);
    assert_int_equal(ledger_task_read(&again, text.data, &parent), 0);
    assert_int_equal(parent, 4711);
    assert_string_equal(again.store, task.store);
    assert_int_equal(again.now_ms + again.grace_ms + again.head_seq, 12 + 34 + 56);
    assert_string_equal(again.head_link, "00ff");
    assert_int_equal(again.units, 3);
    assert_string_equal(again.unit[2], "sozialbuero");
    ledger_task_release(&again);
    buf_release(&text);
}

#define HEAD "parent 1\nnow 2\ngrace 3\nhead 0\nlink \nstore x\n"

static const struct {
    const char *label, *text;
    int want;
} tasks[] = {
    {"the least", HEAD "end\n", 0},
    {"a unit", HEAD "unit a\nend\n", 0},
    {"empty", "", -1},
    {"no end", HEAD "unit a\n", -1},
    {"more behind the end", HEAD "end\nunit a\n", -1},
    {"units out of order", HEAD "unit b\nunit a\nend\n", -1},
    {"no store", "parent 1\nnow 2\ngrace 3\nhead 0\nlink \nstore \nend\n", -1},
    {"no number", "parent x\nnow 2\ngrace 3\nhead 0\nlink \nstore x\nend\n", -1},
    {"a negative time", "parent 1\nnow -2\ngrace 3\nhead 0\nlink \nstore x\nend\n", -1},
    {"a long link",
     "parent 1\nnow 2\ngrace 3\nhead 0\nlink "
     "00000000000000000000000000000000000000000000000000000000000000000\nstore x\nend\n",
     -1},
    {"another line", HEAD "place a\nend\n", -1},
};

static void test_tasks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tasks); i++) {
        struct ledger_task task;
        char *text = xstrdup(tasks[i].text);
        int parent;
        if (ledger_task_read(&task, text, &parent) != tasks[i].want)
            fail_msg("%s", tasks[i].label);
        ledger_task_release(&task);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),   cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_results), cmocka_unit_test(test_codes),
        cmocka_unit_test(test_lines),   cmocka_unit_test(test_task),
        cmocka_unit_test(test_tasks),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
