/*
 * render.c: the message of a due delivery: who, until when, who is responsible, why; ids that stay
 * the same at every repeat and cannot be made up; nothing of the case. Addresses are those of now.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/answer.h"
#include "../daemon/links.h"
#include "../daemon/render.h"
#include "../daemon/template.h"
#include "../daemon/token.h"
#include "gateway_rig.h"

static int64_t request(struct gateway_rig *rig)
{
    return rig_event(rig, "jugendamt", "handover.requested", "",
                     "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","
                     "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
                     "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}")
        ->item_seq;
}

static bool take_first(void *context, const struct due *due)
{
    struct due *first = context;
    *first = *due;
    first->notice.outcome = first->outcome_text;
    return false;
}

/* The first due delivery of the only lane. */
static struct due first_due(const struct gateway_rig *rig)
{
    struct due due;
    int64_t lane;
    memset(&due, 0, sizeof due);
    lane = store_delivery_lane_after(rig->g.store, 0);
    assert_true(lane > 0);
    store_delivery_due(rig->g.store, lane, rig->g.steady_ms, &due, take_first);
    assert_true(due.delivery.seq > 0);
    return due;
}

static bool render(struct gateway_rig *rig, const struct due *due, struct job *job)
{
    char name[2 * ID_MAX];
    struct buf text = BUF_INIT;
    struct item item = rig_item(rig, due->delivery.item_seq);
    assert_true(store_template_get(rig->g.store, due->delivery.template_id, name, &text));
    struct template *t = template_compile_kept(name, buf_str(&text), text.len);
    assert_non_null(t);
    bool may_leave = render_message(&rig->g, due, &item, t, &job->message);
    template_free(t);
    buf_release(&text);
    return may_leave;
}

static void test_mail(void **state)
{
    struct gateway_rig *rig = *state;
    char line[80];
    int64_t item = request(rig);
    struct due due = first_due(rig);
    struct job *job = job_new();
    assert_true(render(rig, &due, job));
    const struct message *m = &job->message;
    assert_string_equal(m->address, "sozialbuero@amt.example");
    assert_string_equal(m->subject, "Neue Übergabemeldung - bitte quittieren");
    snprintf(line, sizeof line, "Vorgang: %s\n", rig_code(rig, item));
    assert_non_null(strstr(m->body, line));
    assert_non_null(strstr(m->body, "quittieren bis: Do 19.11.2026 16:00\n"));
    assert_non_null(strstr(m->body, "Zuständig ist jetzt: Stelle asd\n"));
    assert_non_null(strstr(m->body, "bis die Übernahme bestätigt ist\n"));
    assert_non_null(strstr(m->body, "Telefon +49201123456\n"));
    assert_non_null(strstr(m->body, "in der Meldung als Empfängerin genannt"));
    assert_null(strstr(m->body, "doppelt"));
    assert_null(strstr(m->body, RIG_CASE)); /* R7: the code, never the reference */
    assert_null(strstr(m->body, "sgb10"));
    assert_true(m->date_ms == rig->g.now_ms);
    job_free(job);
}

/* DESIGN 7: at least once, and recognisable: the same ids whenever it is attempted. */
static void test_ids(void **state)
{
    struct gateway_rig *rig = *state;
    request(rig);
    struct due due = first_due(rig);
    struct job *first = job_new(), *again = job_new(), *other = job_new();
    assert_true(render(rig, &due, first));
    rig_at(rig, "2026-11-16T11:00:00+01:00");
    assert_true(render(rig, &due, again));
    assert_string_equal(first->message.message_id, again->message.message_id);
    assert_string_equal(first->message.thread_id, again->message.thread_id);
    assert_string_equal(first->message.reference, again->message.reference);
    assert_string_equal(first->message.envelope_from, again->message.envelope_from);
    assert_true(str_starts(first->message.envelope_from, "bounce+d1."));
    assert_true(str_ends(first->message.envelope_from, "@amt.example"));
    assert_true(str_starts(first->message.message_id, "<d1."));
    /* The tag belongs to the key: without it no bounce can be made up. */
    rig->g.keys.token[0] ^= 1;
    assert_true(render(rig, &due, other));
    assert_string_not_equal(first->message.message_id, other->message.message_id);
    assert_string_not_equal(first->message.envelope_from, other->message.envelope_from);
    job_free(first);
    job_free(again);
    job_free(other);
}

/* E25, E26: for whom, and who is next; once it is answered, nobody is. */
static void test_why(void **state)
{
    static const struct {
        const char *label;
        enum reason reason;
        const char *instead_of, *unit, *want;
    } cases[] = {
        {"the ladder", REASON_NAMED, "", "sozialbuero",
         "erhalten: Ihre Stelle ist in der Meldung als Empfängerin genannt. Antwortet niemand, "
         "wird "
         "als Nächstes Stelle sb-vertretung benachrichtigt.\n"},
        {"a deputy", REASON_DEPUTY, "sozialbuero", "sb-leitung",
         "erhalten: Sie erhalten dies als Vertretung für Stelle sozialbuero. Antwortet niemand, "
         "wird als Nächstes Stelle sb-vertretung benachrichtigt.\n"},
        {"the last one", REASON_CATCH_ALL, "sozialbuero", "sb-vertretung",
         "erhalten: Sie erhalten dies als Vertretung für Stelle sozialbuero.\n"},
        {"on duty", REASON_ON_CALL, "bereitschaft", "sb-vertretung",
         "erhalten: Ihre Stelle hat Bereitschaftsdienst.\n"},
        {"a unit that is gone", REASON_DEPUTY, "aufgeloest", "sb-vertretung",
         "erhalten: Sie erhalten dies als Vertretung.\n"},
    };
    struct gateway_rig *rig = *state;
    request(rig);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct due due = first_due(rig);
        struct job *job = job_new();
        due.notice.reason = cases[i].reason;
        str_copy(due.notice.instead_of, sizeof due.notice.instead_of, cases[i].instead_of);
        str_copy(due.notice.unit, sizeof due.notice.unit, cases[i].unit);
        assert_true(render(rig, &due, job));
        if (!strstr(job->message.body, cases[i].want))
            fail_msg("%s: %s", cases[i].label, job->message.body);
        job_free(job);
    }
}

/* An outcome asks nothing, so nobody is next. */
static void test_no_ladder(void **state)
{
    struct gateway_rig *rig = *state;
    request(rig);
    struct due due = first_due(rig);
    struct job *job = job_new();
    due.notice.deadline_ms = 0;
    assert_true(render(rig, &due, job));
    assert_null(strstr(job->message.body, "Antwortet niemand"));
    job_free(job);
}

/* What was perhaps sent before a restore says so. */
static void test_doubtful(void **state)
{
    struct gateway_rig *rig = *state;
    request(rig);
    struct due due = first_due(rig);
    struct job *job = job_new();
    due.notice.doubtful = true;
    assert_true(render(rig, &due, job));
    assert_non_null(strstr(job->message.body, "möglicherweise doppelt"));
    job_free(job);
}

/* R6, the last barrier: a sentence that holds what looks like a client's number does not leave. */
static void test_blocked(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "handover.requested", "", "{\"diagnosis\":\"x\"}");
    struct due due = first_due(rig);
    struct job *job = job_new();
    str_copy(due.outcome_text, sizeof due.outcome_text, "BG-Nummer 12345BG1234567 fehlt.");
    due.notice.outcome = due.outcome_text;
    assert_false(render(rig, &due, job));
    job_free(job);
}

/* The configuration has changed since the notice was made: other addresses, other units. */
static void test_contact_of_now(void **state)
{
    struct gateway_rig *rig = *state;
    request(rig);
    struct due due = first_due(rig);
    assert_string_equal(render_contact(&rig->g, &due)->address, "sozialbuero@amt.example");
    str_copy(due.delivery.contact, sizeof due.delivery.contact, "sozialbuero/7");
    assert_string_equal(render_contact(&rig->g, &due)->address, "sozialbuero@amt.example");
    str_copy(due.notice.unit, sizeof due.notice.unit, "aufgeloest");
    assert_null(render_contact(&rig->g, &due));
}

/* R22: a number for urgent things only is not used for others, also when it is the only one left.
 */
static void test_urgent_only(void **state)
{
    struct gateway_rig *rig = *state;
    struct due due;
    memset(&due, 0, sizeof due);
    due.delivery.channel = CHANNEL_SMS;
    str_copy(due.delivery.contact, sizeof due.delivery.contact, "bereitschaft/7");
    str_copy(due.notice.unit, sizeof due.notice.unit, "bereitschaft");
    assert_null(render_contact(&rig->g, &due));
    str_copy(due.delivery.contact, sizeof due.delivery.contact, "bereitschaft/1");
    assert_null(render_contact(&rig->g, &due));
    due.delivery.urgent = true;
    assert_string_equal(render_contact(&rig->g, &due)->address, "+4915100000001");
}

/* Links as the city's setting makes them. */
static void open_to_public(struct gateway_rig *rig)
{
    struct settings *s = &rig->g.config->settings;
    free(s->answer_url);
    s->answer_url = xstrdup("https://stafette.amt.example");
}

/* The link behind "<label>: " in a body, in a buffer that the next call overwrites; "" = none. */
static const char *link_of(const char *body, const char *label)
{
    static char link[200];
    char head[100];
    snprintf(head, sizeof head, "\n%s: https://stafette.amt.example/a/", label);
    const char *at = strstr(body, head);
    snprintf(link, sizeof link, "%.*s", at ? (int)strcspn(at + strlen(head), "\n") : 0,
             at ? at + strlen(head) : "");
    return link;
}

static void test_no_public_door(void **state)
{
    struct gateway_rig *rig = *state;
    request(rig);
    struct due due = first_due(rig);
    struct job *job = job_new();
    assert_true(render(rig, &due, job));
    assert_null(strstr(job->message.body, "Antworten ohne Anmeldung"));
    assert_null(strstr(job->message.body, "/a/"));
    job_free(job);
}

/* One token for each answer, that says so, until 72 hours after the notice, however often and
 * whenever it is attempted. */
static void test_links(void **state)
{
    static const struct {
        const char *label;
        int purpose;
    } want[] = {{"Gesehen", ANSWER_SEEN},
                {"Wir übernehmen", ANSWER_ACCEPT},
                {"Andere Antwort", TOKEN_PAGE}};
    struct gateway_rig *rig = *state;
    open_to_public(rig);
    request(rig);
    struct due due = first_due(rig);
    struct job *first = job_new(), *again = job_new();
    assert_true(render(rig, &due, first));
    rig_at(rig, "2026-11-17T11:00:30+01:00");
    assert_true(render(rig, &due, again));
    assert_non_null(strstr(first->message.body, "bis Do 19.11.2026 09:00 (es zählt"));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        struct token token;
        char link[200];
        str_copy(link, sizeof link, link_of(first->message.body, want[i].label));
        if (!token_read(&token, &rig->g.keys, link))
            fail_msg("%s: %s", want[i].label, first->message.body);
        assert_int_equal(token.purpose, want[i].purpose);
        assert_int_equal(token.delivery, due.delivery.seq);
        assert_int_equal(token.expires_ms, due.notice.created_ms + 72 * 3600000);
        assert_string_equal(link, link_of(again->message.body, want[i].label));
    }
    job_free(first);
    job_free(again);
}

/* Nothing to answer: no deadline, an SMS, a closed item, a unit that is not asked. */
static void test_no_links(void **state)
{
    static const char *const label[] = {"no deadline", "SMS", "closed", "another unit"};
    struct gateway_rig *rig = *state;
    open_to_public(rig);
    request(rig);
    const struct due asked = first_due(rig);
    for (int i = 0; i < 4; i++) {
        struct due due = asked;
        struct item item = rig_item(rig, due.delivery.item_seq);
        struct buf out = BUF_INIT;
        due.notice.deadline_ms = i == 0 ? 0 : due.notice.deadline_ms;
        due.delivery.channel = i == 1 ? CHANNEL_SMS : CHANNEL_EMAIL;
        item.closed_ms = i == 2 ? rig->g.now_ms : 0;
        if (i == 3)
            str_copy(due.notice.unit, sizeof due.notice.unit, "verein");
        links_put(&rig->g, &due, &item, &out);
        if (out.len)
            fail_msg("%s: %s", label[i], buf_str(&out));
        buf_release(&out);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mail),           TEST(test_ids),
        TEST(test_doubtful),       TEST(test_blocked),
        TEST(test_contact_of_now), TEST(test_urgent_only),
        TEST(test_no_public_door), TEST(test_links),
        TEST(test_no_links),       TEST(test_why),
        TEST(test_no_ladder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
