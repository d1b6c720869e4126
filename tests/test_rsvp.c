/*
 * Answers to invitations: merged by attendee, session, SEQUENCE and DTSTAMP, whatever way they
 * come.
 */
#include "meeting_rig.h"

#include "../daemon/ical.h"
#include "../daemon/rsvp.h"

static const char *const end_names[] = {
    [RSVP_TAKEN] = "taken",       [RSVP_KNOWN] = "known",
    [RSVP_OUTDATED] = "outdated", [RSVP_NOT_INVITED] = "not invited",
    [RSVP_OVER] = "over",         [RSVP_UNKNOWN] = "unknown",
};

/* A reply as a mail client writes it; times in minutes after the rig's Monday. */
struct written {
    const char *label;
    const char *from, *address; /* NULL: the same as from */
    const char *status;
    int64_t sequence;
    int64_t minute;
    const char *session; /* "" = the whole series */
    const char *want;
    const char *then; /* what holds for the member and session now */
};

static void uid_of(struct gateway_rig *rig, int64_t item_seq, char uid[128])
{
    struct meeting_view view;
    struct buf text = BUF_INIT;
    assert_true(meeting_view(&rig->g, item_seq, &view));
    meeting_uid(&rig->g, &view, NULL, &text);
    str_copy(uid, 128, buf_str(&text));
    buf_release(&text);
    meeting_view_release(&view);
}

static int64_t wall(const char *text)
{
    int64_t ms;
    int second;
    assert_true(wall_parse(text, false, &ms));
    int64_t day = wall_day(ms, &second);
    return day * 86400 + second;
}

static void play(struct gateway_rig *rig, int64_t item_seq, const struct written *w)
{
    struct ical_reply reply = {.sequence = w->sequence};
    struct buf said = BUF_INIT;
    struct session session = {0};
    struct member member;
    reply.dtstamp_ms = rig->g.now_ms + w->minute * 60000;
    uid_of(rig, item_seq, reply.uid);
    str_copy(reply.address, sizeof reply.address, w->address ? w->address : w->from);
    str_copy(reply.status, sizeof reply.status, w->status);
    if (*w->session) {
        reply.recurrence_s = wall(w->session);
        reply.recurrence_day = strlen(w->session) == strlen("2027-04-01");
        store_session_find(rig->g.store, item_seq,
                           reply.recurrence_s + (reply.recurrence_day ? 9 * 3600 : 0), &session);
    }
    store_begin(rig->g.store);
    enum rsvp_end end = rsvp_reply(&rig->g, w->from, &reply, &said);
    rig_commit(rig);
    if (!str_eq(end_names[end], w->want))
        fail_msg("%s: %s, not %s", w->label, end_names[end], w->want);
    assert_true(store_member_for(rig->g.store, item_seq, "sozialbuero", session.seq, &member));
    if (!str_eq(member_status_name(member.status), w->then))
        fail_msg("%s: holds %s, not %s", w->label, member_status_name(member.status), w->then);
    buf_release(&said);
}

#define SB "sozialbuero@amt.example"

/* In this order, as one history. */
static const struct written history[] = {
    {"first", SB, NULL, "ACCEPTED", 0, 1, "", "taken", "accepted"},
    {"the same twice", SB, NULL, "ACCEPTED", 0, 1, "", "known", "accepted"},
    {"capitals in the address", "SozialBuero@Amt.example", NULL, "ACCEPTED", 0, 2, "", "known",
     "accepted"},
    {"out of order: older than what holds", SB, NULL, "DECLINED", 0, 0, "", "outdated", "accepted"},
    {"a change of mind", SB, NULL, "TENTATIVE", 0, 5, "", "taken", "tentative"},
    {"one session of the series", SB, NULL, "DECLINED", 0, 6, "2027-03-04T09:00", "taken",
     "declined"},
    {"that session by its day alone", SB, NULL, "TENTATIVE", 0, 7, "2027-04-01", "taken",
     "tentative"},
    {"the others stay", SB, NULL, "TENTATIVE", 0, 7, "", "known", "tentative"},
    {"that session again, older", SB, NULL, "ACCEPTED", 0, 3, "2027-03-04T09:00", "outdated",
     "declined"},
    {"a session that does not exist", SB, NULL, "DECLINED", 0, 8, "2027-03-05T09:00", "unknown",
     "tentative"},
    {"forwarded: another mailbox answers", "fremd@anderswo.example", SB, "DECLINED", 0, 9, "",
     "not invited", "tentative"},
    {"forwarded: for itself", "fremd@anderswo.example", NULL, "ACCEPTED", 0, 9, "", "not invited",
     "tentative"},
    {"delegated: a person must look", SB, NULL, "DELEGATED", 0, 10, "", "not invited", "tentative"},
    {"a sequence of the future is the current one", SB, NULL, "ACCEPTED", 7, 11, "", "taken",
     "accepted"},
};

static void count_notes(void *context, const struct notice *notice)
{
    *(size_t *)context += str_starts(notice->outcome, "Eine Antwort per E-Mail kam nicht");
}

static void test_history(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    for (size_t i = 0; i < COUNT_OF(history); i++)
        play(rig, m.item_seq, &history[i]);
    /* Three odd replies on a day: one note. */
    size_t notes = 0;
    store_notice_each(rig->g.store, m.item_seq, &notes, count_notes);
    assert_int_equal(notes, 1);
    rig_ledger_green(rig);
}

/* An answer to what has been moved meanwhile does not count for the new time. */
static void test_moved(void **state)
{
    struct gateway_rig *rig = *state;
    static const struct written before = {"before",           SB,      NULL,      "ACCEPTED", 0, 1,
                                          "2027-02-04T09:00", "taken", "accepted"};
    static const struct written late = {
        "late", SB, NULL, "ACCEPTED", 0, 2, "2027-02-04T09:00", "outdated", "needs_action"};
    static const struct written now = {
        "now", SB, NULL, "DECLINED", 1, 3, "2027-02-04T09:00", "taken", "declined"};
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    play(rig, m.item_seq, &before);
    rig_event(rig, "jugendamt", "meeting.changed", "",
              "{\"meeting_id\":\"team-nord\",\"kind\":\"sozialraumteam\",\"unit\":\"asd\","
              "\"session\":\"2027-02-04T09:00:00+01:00\",\"start\":\"2027-02-09T10:00:00+01:00\","
              "\"duration\":\"PT2H\"}");
    rig_expect_said(rig, "accepted");
    play(rig, m.item_seq, &late);
    play(rig, m.item_seq, &now);
    rig_ledger_green(rig);
}

/* Uids that we did not make. */
static void test_uids(void **state)
{
    static const char *const bad[] = {"",           "m",           "m1",
                                      "m1.",        "m1@",         "m1.00000000@amt.example",
                                      "m-1.",       "x1.12345678", "m99999999999999999999.1@a",
                                      "m1-2.abc@x", "1.abc@x"};
    struct gateway_rig *rig = *state;
    int64_t item, session;
    char uid[128];
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    uid_of(rig, m.item_seq, uid);
    assert_true(meeting_uid_read(&rig->g, uid, &item, &session));
    assert_int_equal(item, m.item_seq);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(meeting_uid_read(&rig->g, bad[i], &item, &session));
    uid[1] = uid[1] == '1' ? '2' : '1';
    assert_false(meeting_uid_read(&rig->g, uid, &item, &session));
}

int main(void)
{
    const struct CMUnitTest tests[] = {LIFE(test_history), LIFE(test_moved), LIFE(test_uids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
