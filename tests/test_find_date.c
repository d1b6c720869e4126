/*
 * Finding a date: booked or by poll; nothing on top of something else; the talk of a handover calls
 * itself, is dated, held and called off (DO9, H2).
 */
#include "../daemon/occupied.h"
#include "../daemon/poll.h"
#include "../daemon/presence.h"
#include "meeting_rig.h"

#define CALLED(more)                                                                               \
    "{\"meeting_id\":\"klaerung-1\",\"kind\":\"clearing\",\"unit\":\"asd\",\"duration\":"          \
    "\"PT30M\",\"parties\":\"sozialbuero,jobcenter\",\"case_ref\":\"" RIG_CASE "\"" more "}"

static const struct unit *unit_of(const struct gateway_rig *rig, const char *id)
{
    return directory_unit(rig->g.config->directory, id);
}

static int64_t called(struct gateway_rig *rig, const char *data)
{
    int64_t item = rig_event(rig, "jugendamt", "meeting.called", "", data)->item_seq;
    assert_int_equal(rig->last.outcome, OUTCOME_ACCEPTED);
    return item;
}

static bool keep_poll(void *context, const struct item *item)
{
    if (item->kind == ITEM_POLL)
        *(int64_t *)context = item->seq;
    return true;
}

static int64_t poll_of(struct gateway_rig *rig, int64_t meeting)
{
    int64_t poll = 0;
    store_item_each_child(rig->g.store, meeting, &poll, keep_poll);
    return poll;
}

static void vote(struct gateway_rig *rig, int64_t poll, const char *unit, const int64_t *number,
                 size_t n)
{
    struct buf said = BUF_INIT;
    store_begin(rig->g.store);
    if (!poll_vote(&rig->g, poll, unit_of(rig, unit), number, n, &said))
        fail_msg("%s", buf_str(&said));
    rig_commit(rig);
    buf_release(&said);
}

static void expect_lines(struct gateway_rig *rig, int64_t poll, const char *want)
{
    struct buf got = BUF_INIT;
    const struct item row = rig_item(rig, poll);
    poll_lines(&rig->g, &row, &got);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

static void absent(struct gateway_rig *rig, const char *unit, const char *from, const char *to)
{
    struct buf err = BUF_INIT;
    struct presence_change away = {.unit = unit_of(rig, unit), .by = "test"};
    assert_true(wall_parse(from, false, &away.from_ms) && wall_parse(to, true, &away.to_ms));
    store_begin(rig->g.store);
    if (presence_report(&rig->g, &away, &err) < 0)
        fail_msg("%s", buf_str(&err));
    rig_commit(rig);
    buf_release(&err);
}

/* "Mi 25.11.2026, 08:00 bis 08:30 Uhr" of the next session; "" when the meeting has none. */
static void expect_next(struct gateway_rig *rig, int64_t meeting, const char *want)
{
    struct buf got = BUF_INIT;
    struct session next;
    if (store_session_next(rig->g.store, meeting, meeting_wall_now(&rig->g), &next))
        meeting_when(&got, next.start_s, next.duration_s);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

/* DO9: three slots on three days, the first that suits all is invited, minutes after three days. */
static void test_do9(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-24T10:00:00+01:00");
    int64_t meeting = called(rig, CALLED(",\"poll\":true"));
    int64_t poll = poll_of(rig, meeting);
    assert_true(poll > 0);
    life_is(rig, meeting, "waiting owner=asd waiting=asd");
    assert_int_equal(life_count(rig, meeting, "told"), 0);
    assert_int_equal(life_count(rig, poll, "poll.asked bis Fr 27.11. 12:00"), 3);
    expect_lines(rig, poll,
                 "1. Mo 30.11.2026, 08:00 bis 08:30 Uhr\n2. Di 01.12.2026, 08:00 bis 08:30 Uhr\n"
                 "3. Mi 02.12.2026, 08:00 bis 08:30 Uhr");
    const int64_t two[] = {2, 3}, all[] = {1, 2, 3};
    vote(rig, poll, "asd", all, 3);
    vote(rig, poll, "jobcenter", two, 2);
    rig_ledger_green(rig);
    vote(rig, poll, "sozialbuero", two, 2);
    life_is(rig, poll, "closed owner=asd waiting=");
    life_is(rig, meeting, "open owner=asd waiting=asd");
    expect_next(rig, meeting, "Di 01.12.2026, 08:00 bis 08:30 Uhr");
    assert_int_equal(life_count(rig, meeting, "meeting.invited"), 3);
    assert_int_equal(life_count(rig, poll, "told asd host poll.result"), 1);
    rig_ledger_green(rig);
    meeting_rig_until(rig, "2026-12-04T07:59:00+01:00");
    rig_ledger_green(rig);
}

/* Booked at once: the first half hour from tomorrow in which nobody is away or elsewhere. */
static void test_booked(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-24T10:00:00+01:00");
    absent(rig, "jobcenter", "2026-11-25", "2026-11-25");
    rig_event(rig, "jugendamt", "meeting.called", "",
              "{\"meeting_id\":\"runde-1\",\"kind\":\"reflexion\",\"unit\":\"asd\","
              "\"start\":\"2026-11-26T08:00:00+01:00\",\"duration\":\"PT90M\"}");
    rig_expect_said(rig, "accepted");
    int64_t meeting = called(rig, CALLED(""));
    expect_next(rig, meeting, "Do 26.11.2026, 09:30 bis 10:00 Uhr");
    assert_int_equal(poll_of(rig, meeting), 0);
    assert_int_equal(life_count(rig, meeting, "meeting.invited"), 3);
    rig_ledger_green(rig);
}

/* Nobody ever free: the host gets a task, which ends when the meeting has a day or is called off.
 */
static void test_no_date(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-24T10:00:00+01:00");
    absent(rig, "jobcenter", "2026-11-24", "2027-01-31");
    int64_t meeting = called(rig, CALLED(",\"poll\":true"));
    struct item task = life_child(rig, meeting, "no_date");
    life_is(rig, task.seq, "open owner=asd waiting=asd");
    life_is(rig, meeting, "waiting owner=asd waiting=asd");
    rig_ledger_green(rig);
    store_begin(rig->g.store);
    meeting_set_date(&rig->g, meeting, (day_of(2026, 12, 3) * 24 + 9) * 3600);
    rig_commit(rig);
    life_is(rig, task.seq, "closed owner=asd waiting=");
    expect_next(rig, meeting, "Do 03.12.2026, 09:00 bis 09:30 Uhr");
    rig_ledger_green(rig);
}

/* No proposal suits anybody, or nobody answers: the same. */
static void test_none_fits(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-24T10:00:00+01:00");
    int64_t meeting = called(rig, CALLED(",\"poll\":true")), poll = poll_of(rig, meeting);
    vote(rig, poll, "asd", NULL, 0);
    meeting_rig_until(rig, "2026-11-27T12:00:00+01:00");
    life_is(rig, poll, "closed owner=asd waiting=");
    assert_true(life_child(rig, meeting, "no_date").seq > 0);
    assert_int_equal(life_count(rig, poll, "poll.result"), 1);
    rig_ledger_green(rig);
}

/* A meeting that is called off takes its poll with it, and who was asked hears it. */
static void test_called_off(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-24T10:00:00+01:00");
    int64_t meeting = called(rig, CALLED(",\"poll\":true")), poll = poll_of(rig, meeting);
    store_begin(rig->g.store);
    meeting_cancel(&rig->g, meeting, 0, "other");
    rig_commit(rig);
    life_is(rig, meeting, "cancelled owner=asd waiting=");
    life_is(rig, poll, "cancelled owner=asd waiting=");
    assert_int_equal(life_count(rig, poll, "outcome poll.result"), 3);
    expect_lines(rig, poll, "");
    rig_ledger_green(rig);
}

/* Few days: half of them for the answers; one day: no poll. */
static void test_within(void **state)
{
    static const struct {
        const char *label, *more, *due;
    } table[] = {
        {"ten", ",\"poll\":true,\"within_d\":10", "Fr 27.11. 12:00"},
        {"four", ",\"poll\":true,\"within_d\":4", "Do 26.11. 16:00"},
        {"one", ",\"poll\":true,\"within_d\":1", ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        void *own = NULL;
        life_set_up(&own);
        struct gateway_rig *rig = own;
        struct buf data = BUF_INIT;
        char want[64];
        (void)state;
        rig_at(rig, "2026-11-24T10:00:00+01:00");
        buf_printf(&data, CALLED("%s"), table[i].more);
        int64_t meeting = called(rig, buf_str(&data)), poll = poll_of(rig, meeting);
        snprintf(want, sizeof want, "poll.asked bis %s", table[i].due);
        if ((poll > 0) != (*table[i].due != '\0') || (poll && life_count(rig, poll, want) != 3))
            fail_msg("%s", table[i].label);
        buf_release(&data);
        rig_tear_down(&own);
    }
}

/* ---- the talk of a handover */

#define NEEDS_TALK                                                                                 \
    "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","                   \
    "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":true,\"open_tasks\":2,"                            \
    "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}"
#define PLANNED(at) "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"asd\",\"at\":\"" at "\"}"

static int64_t handed_over(struct gateway_rig *rig)
{
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", NEEDS_TALK)->item_seq;
    rig_expect_said(rig, "accepted");
    assert_int_equal(life_answer(rig, item, "sozialbuero", ANSWER_SEEN, ""), ANSWER_RECORDED);
    return item;
}

static int64_t talk_of(struct gateway_rig *rig, int64_t handover)
{
    struct item talk = life_child(rig, handover, "uebergabegespraech");
    return talk.seq;
}

static struct session next_of(struct gateway_rig *rig, int64_t meeting)
{
    struct session session;
    assert_true(store_session_next(rig->g.store, meeting, meeting_wall_now(&rig->g), &session));
    return session;
}

/* Seen: the talk is called, both are invited, afterwards the giver says that it took place. */
static void test_talk(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = handed_over(rig), talk = talk_of(rig, item);
    assert_true(talk > 0);
    expect_next(rig, talk, "Di 17.11.2026, 08:00 bis 09:00 Uhr");
    assert_int_equal(life_count(rig, talk, "told asd member meeting.invited"), 1);
    assert_int_equal(life_count(rig, talk, "told sozialbuero member meeting.invited"), 1);
    assert_int_equal(life_count(rig, talk, "meeting.invited"), 2);
    rig_ledger_green(rig);
    struct session session = next_of(rig, talk);
    meeting_rig_until(rig, "2026-11-17T09:00:00+01:00");
    assert_int_equal(life_count(rig, talk, "told asd host meeting.asked"), 1);
    store_begin(rig->g.store);
    meeting_session_held(&rig->g, &session, true);
    rig_commit(rig);
    life_is(rig, item, "conversation_held owner=asd waiting=sozialbuero");
    assert_true(rig_item(rig, item).flags & ITEM_CONVERSED);
    life_answer(rig, item, "sozialbuero", ANSWER_ACCEPT, "");
    life_is(rig, item, "accepted owner=sozialbuero waiting=");
    assert_int_equal(rig_item(rig, talk).state, STATE_CLOSED);
    rig_ledger_green(rig);
}

/* What is reported from outside dates it, moves it, ends it. */
static void test_talk_reported(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = handed_over(rig), talk = talk_of(rig, item);
    event_at(rig, item, "jugendamt", "handover.conversation.planned",
             PLANNED("2026-11-19T10:00:00+01:00"));
    rig_expect_said(rig, "accepted");
    expect_next(rig, talk, "Do 19.11.2026, 10:00 bis 11:00 Uhr");
    assert_int_equal(life_count(rig, talk, "meeting.changed"), 2 + 1); /* and the status */
    event_at(rig, item, "jugendamt", "handover.conversation.held",
             PLANNED("2026-11-16T09:00:00+01:00"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, talk).state, STATE_CANCELLED);
    rig_ledger_green(rig);
}

/* Reported as held after its hour: it counts as held, without a second question. */
static void test_talk_held_outside(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = handed_over(rig), talk = talk_of(rig, item);
    meeting_rig_until(rig, "2026-11-17T11:00:00+01:00");
    event_at(rig, item, "jugendamt", "handover.conversation.held",
             PLANNED("2026-11-17T09:00:00+01:00"));
    rig_expect_said(rig, "accepted");
    life_is(rig, item, "conversation_held owner=asd waiting=sozialbuero");
    assert_int_equal(rig_item(rig, talk).state, STATE_CLOSED);
    rig_ledger_green(rig);
}

static void test_talk_withdrawn(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = handed_over(rig), talk = talk_of(rig, item);
    event_at(rig, item, "jugendamt", "handover.withdrawn", PLANNED("2026-11-16T09:00:00+01:00"));
    assert_int_equal(rig_item(rig, talk).state, STATE_CANCELLED);
    assert_int_equal(life_count(rig, talk, "meeting.cancelled"), 2 + 1);
    rig_ledger_green(rig);
}

/* Without need of a talk, or switched off: none. */
static void test_talk_not_called(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    life_answer(rig, item, "sozialbuero", ANSWER_SEEN, "");
    assert_int_equal(talk_of(rig, item), 0);
    rig_insert(rig, "mqtt = { port = 9; };\n", "meeting = { handover = false; };\n");
    rig_reload(rig);
    rig_event(rig, "jugendamt", "handover.withdrawn", "", ANSWER("asd"));
    item = rig_event(rig, "jugendamt", "handover.requested", "",
                     "{\"case_ref\":\"" RIG_CASE_2 "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","
                     "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":true,\"open_tasks\":2,"
                     "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}")
               ->item_seq;
    life_answer(rig, item, "sozialbuero", ANSWER_SEEN, "");
    life_is(rig, item, "acknowledged owner=asd waiting=sozialbuero");
    assert_int_equal(talk_of(rig, item), 0);
}

/* ---- collisions */

static void put_collision(void *context, const struct occupied *occupied)
{
    buf_printf(context, "%s ", occupied_name(occupied->by));
}

static void test_collisions(void **state)
{
    struct gateway_rig *rig = *state;
    static const struct {
        const char *label, *from, *to, *want;
    } table[] = {
        {"free", "2026-11-26T14:00", "2026-11-26T15:00", ""},
        {"in a meeting", "2026-11-26T09:00", "2026-11-26T10:00", "meeting "},
        {"right after it", "2026-11-26T09:30", "2026-11-26T10:00", ""},
        {"away", "2026-11-25T09:00", "2026-11-25T10:00", "absence "},
        {"too late", "2026-11-26T15:30", "2026-11-26T16:30", "closed "},
        {"Saturday", "2026-11-28T09:00", "2026-11-28T10:00", "closed "},
        {"Christmas", "2026-12-25T09:00", "2026-12-25T10:00", "holiday "},
    };
    rig_at(rig, "2026-11-24T10:00:00+01:00");
    absent(rig, "asd", "2026-11-25", "2026-11-25");
    rig_event(rig, "jugendamt", "meeting.called", "",
              "{\"meeting_id\":\"runde-1\",\"kind\":\"reflexion\",\"unit\":\"asd\","
              "\"start\":\"2026-11-26T08:00:00+01:00\",\"duration\":\"PT90M\"}");
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buf got = BUF_INIT;
        struct occupied_span span = {0};
        assert_true(wall_parse(table[i].from, false, &span.from_ms) &&
                    wall_parse(table[i].to, false, &span.to_ms));
        occupied_collisions(&rig->g, unit_of(rig, "asd"), &span, &got, put_collision);
        if (!str_eq(buf_str(&got), table[i].want))
            fail_msg("%s: %s", table[i].label, buf_str(&got));
        buf_release(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_do9),
        LIFE(test_booked),
        LIFE(test_no_date),
        LIFE(test_none_fits),
        LIFE(test_called_off),
        LIFE(test_within),
        LIFE(test_talk),
        LIFE(test_talk_reported),
        LIFE(test_talk_held_outside),
        LIFE(test_talk_withdrawn),
        LIFE(test_talk_not_called),
        LIFE(test_collisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
