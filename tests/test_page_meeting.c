/*
 * Links and pages of meetings: which lines a mail carries; looking changes nothing, a button does;
 * plans change until the session begins; what is foreign, over, cancelled or forged does nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/links_meeting.h"
#include "../daemon/rsvp.h"
#include "page_rig.h"

#define MEETINGS                                                                                   \
    "meetings = ( { id = \"team-nord\"; kind = \"sozialraumteam\"; unit = \"asd\";"                \
    " start = \"2027-01-07T09:00\"; duration = \"2h\"; rule = \"FREQ=MONTHLY;BYDAY=1TH\";"         \
    " until = \"2027-12-31\"; room = \"Raum <1>\";"                                                \
    " members = ( \"sozialbuero\", { unit = \"koordination\"; role = \"secretariat\"; },"          \
    " { unit = \"jobcenter\"; role = \"keeper\"; } ); },"                                          \
    " { id = \"toj-nord\"; kind = \"toj\"; unit = \"asd\"; start = \"2026-12-03T09:00\";"          \
    " duration = \"3h\"; room = \"Raum 2\"; members = ( \"sozialbuero\", \"sb-leitung\" ); },"     \
    " { id = \"klaerung\"; kind = \"clearing\"; unit = \"asd\"; start = \"2026-12-04T09:00\";"     \
    " duration = \"1h\"; room = \"Raum 3\"; members = ( \"sozialbuero\" ); } );\n"

static struct meeting town(struct gateway_rig *rig, const char *id)
{
    meeting_rig_config(rig, MEETINGS);
    return meeting_rig_find(rig, id);
}

/* What the store holds of a member's answer. */
static enum member_status status_of(const struct gateway_rig *rig, int64_t item, const char *unit,
                                    int64_t session)
{
    struct member member;
    assert_true(store_member_for(rig->g.store, item, unit, session, &member));
    return member.status;
}

struct nth {
    size_t left;
    struct session session;
};

static bool take_nth(void *context, const struct session *session)
{
    struct nth *nth = context;
    nth->session = *session;
    return nth->left-- > 0;
}

static struct session session_of(const struct gateway_rig *rig, int64_t item, size_t n)
{
    struct nth nth = {.left = n};
    store_session_each(rig->g.store, item, 0, &nth, take_nth);
    return nth.session;
}

static void labels_are(struct gateway_rig *rig, int64_t item, const char *unit, const char *what,
                       const char *want)
{
    struct buf got = BUF_INIT;
    struct due due = page_mail(rig, item, unit, what);
    page_labels(rig, &due, &got);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

/* ---- links */

static void test_lines(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "toj-nord");
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    const char *all = "|Zusage|Absage|Unter Vorbehalt|Vertretung kommt";
    labels_are(rig, m.item_seq, "sozialbuero", "meeting.invited", all);
    page_press(rig, page_link_of(rig, &due, "Zusage"), "answer=accepted");
    meeting_rig_until(rig, "2026-12-02T12:00:00+01:00");
    /* Who has answered is reminded of what may still change, who has not of everything. */
    labels_are(rig, m.item_seq, "sozialbuero", "meeting.reminder", "|Absage|Vertretung kommt");
    labels_are(rig, m.item_seq, "sb-leitung", "meeting.reminder", all);
    meeting_rig_until(rig, "2026-12-03T09:00:00+01:00");
    labels_are(rig, m.item_seq, "sozialbuero", "meeting.invited", "");
    meeting_rig_until(rig, "2026-12-03T12:01:00+01:00");
    labels_are(rig, m.item_seq, "asd", "meeting.asked",
               "|Hat stattgefunden|Hat nicht stattgefunden");
}

static int64_t expiry_of(struct gateway_rig *rig, const char *id, const char *label)
{
    struct token token;
    struct meeting m = meeting_rig_find(rig, id);
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    assert_true(token_read(&token, &rig->g.keys, page_link_of(rig, &due, label) + 3));
    return token.expires_ms;
}

/* Until the end of the session; of a series as long as is planned; of a case's 72 hours (R15). */
static void test_expiry(void **state)
{
    struct gateway_rig *rig = *state;
    town(rig, "toj-nord");
    int64_t now_ms = rig->g.now_ms;
    assert_int_equal(expiry_of(rig, "toj-nord", "Zusage"),
                     meeting_moment(day_of(2026, 12, 3) * 86400 + 12 * 3600));
    assert_int_equal(expiry_of(rig, "team-nord", "Absage"),
                     now_ms + MEETING_AHEAD_DAYS * (int64_t)86400000);
    assert_int_equal(expiry_of(rig, "klaerung", "Absage"), now_ms + 72 * (int64_t)3600000);
    rig->g.now_ms += 3600000; /* a repeat carries the same link */
    assert_int_equal(expiry_of(rig, "team-nord", "Absage"),
                     now_ms + MEETING_AHEAD_DAYS * (int64_t)86400000);
}

/* ---- does it come? */

static void test_rsvp(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "toj-nord");
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    char path[TOKEN_LEN + 4];
    strcpy(path, page_link_of(rig, &due, "Zusage"));
    int64_t session = due.notice.session_seq;
    const char *page = page_get(rig, path);
    page_shows(page, "200 OK");
    page_shows(page, "<dd>Training on the Job</dd>");
    page_shows(page, "Do 03.12.2026, 09:00 bis 12:00 Uhr");
    page_shows(page, "<dd>Stelle asd</dd>");
    page_shows(page, "noch keine Antwort");
    page_shows(page, "<button name=\"answer\" value=\"accepted\">Zusage");
    page_shows(page, "<button class=\"other\" name=\"answer\" value=\"declined\">Absage");
    page_call(rig, "POST", path, "", "answer=accepted");
    page_call(rig, "POST", path, "", "form=&answer=accepted");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", session), STATUS_NEEDS_ACTION);

    page = page_press(rig, path, "answer=accepted");
    page_shows(page, "<title>Gespeichert");
    page_shows(page, "role=\"status\"");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", session), STATUS_ACCEPTED);
    /* A change of mind, by the same link, and once more by the back button. */
    page_shows(page_press(rig, path, "answer=declined"), "<title>Gespeichert");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", session), STATUS_DECLINED);
    page_shows(page_press(rig, path, "answer=declined"), "schon vermerkt");
    page_shows(page_press(rig, path, "answer=deputy"), "<title>Gespeichert");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", session), STATUS_DEPUTY);
    page_shows(page_get(rig, path), "Vertretung kommt</dd>");

    rig_at(rig, "2026-12-03T09:00:00+01:00");
    page = page_press(rig, path, "answer=accepted");
    page_shows(page, "nichts geändert");
    page_shows(page, "Der Termin hat begonnen");
    page_lacks(page, "<button");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", session), STATUS_DEPUTY);
}

static void test_series(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "team-nord");
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    char path[TOKEN_LEN + 4], fields[200];
    strcpy(path, page_link_of(rig, &due, "Absage"));
    struct session first = session_of(rig, m.item_seq, 0), second = session_of(rig, m.item_seq, 1);
    const char *page = page_get(rig, path);
    page_shows(page, "für die ganze Reihe");
    page_shows(page, "Raum &lt;1&gt;");
    page_shows(page, "nicht dabei: Do 07.01.2027, 09:00 bis 11:00 Uhr</label>");
    page_press(rig, path, "answer=accepted");

    snprintf(fields, sizeof fields, "answer=sessions&s%lld=1", (long long)second.seq);
    page_shows(page_press(rig, path, fields), "Absage für Do 04.02.2027");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", 0), STATUS_ACCEPTED);
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", first.seq), STATUS_ACCEPTED);
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", second.seq), STATUS_DECLINED);
    /* A page from before knows nothing of that absence and does not undo it. */
    snprintf(fields, sizeof fields, "answer=sessions&s%lld=1", (long long)first.seq);
    page_press(rig, path, fields);
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", second.seq), STATUS_DECLINED);
    page = page_get(rig, path);
    snprintf(fields, sizeof fields, "name=\"s%lld\" value=\"1\" checked", (long long)second.seq);
    page_shows(page, fields);
    /* Taken back: both stood ticked on the page, one still is. */
    snprintf(fields, sizeof fields, "answer=sessions&w%lld=1&w%lld=1&s%lld=1", (long long)first.seq,
             (long long)second.seq, (long long)first.seq);
    page_shows(page_press(rig, path, fields), "Zusage für Do 04.02.2027");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", second.seq), STATUS_ACCEPTED);
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", first.seq), STATUS_DECLINED);
    page_shows(page_press(rig, path, "answer=sessions"), "nichts geändert");
}

/* ---- afterwards */

static void test_held(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "toj-nord");
    meeting_rig_until(rig, "2026-12-03T12:01:00+01:00");
    struct due due = page_mail(rig, m.item_seq, "asd", "meeting.asked");
    char yes[TOKEN_LEN + 4], no[TOKEN_LEN + 4];
    strcpy(yes, page_link_of(rig, &due, "Hat stattgefunden"));
    strcpy(no, page_link_of(rig, &due, "Hat nicht stattgefunden"));
    page_shows(page_get(rig, yes), "value=\"held\">Hat stattgefunden");
    assert_int_equal(session_of(rig, m.item_seq, 0).state, SESSION_OVER);
    /* The link for "yes" does not say "no". */
    page_shows(page_press(rig, yes, "answer=not_held"), "nichts geändert");
    assert_int_equal(session_of(rig, m.item_seq, 0).state, SESSION_OVER);
    page_shows(page_press(rig, yes, "answer=held"), "Der Termin hat stattgefunden.");
    assert_int_equal(session_of(rig, m.item_seq, 0).state, SESSION_HELD);
    page_shows(page_press(rig, yes, "answer=held"), "nichts geändert");
    page_shows(page_press(rig, no, "answer=not_held"), "nichts geändert");
    assert_int_equal(session_of(rig, m.item_seq, 0).state, SESSION_HELD);
}

static void test_minutes(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "team-nord");
    meeting_rig_until(rig, "2027-01-13T12:00:00+01:00");
    struct due due = page_mail(rig, m.item_seq, "jobcenter", "meeting.asked");
    char path[TOKEN_LEN + 4];
    strcpy(path, page_link_of(rig, &due, "Protokoll liegt vor"));
    page_get(rig, path);
    assert_int_equal(session_of(rig, m.item_seq, 0).minutes_ms, 0);
    page_shows(page_press(rig, path, "answer=minutes"), "Das Protokoll liegt vor.");
    assert_int_equal(session_of(rig, m.item_seq, 0).minutes_ms, rig->g.now_ms);
    page_shows(page_get(rig, path), "schon beantwortet");
}

/* ---- hostile */

static const struct {
    const char *label;
    int purpose;
    const char *fields;
} wrong[] = {
    {"an answer's purpose", ANSWER_ACCEPT, "answer=accepted"},
    {"the page of all answers", TOKEN_PAGE, "answer=accept"},
    {"a new link's purpose", 60, "answer=link"},
    {"no purpose", 55, "answer=accepted"},
    {"a poll's", PURPOSE_POLL, "answer=vote&c1=1"},
    {"took place, before it begins", PURPOSE_HELD, "answer=held"},
    {"did not take place, before", PURPOSE_NOT_HELD, "answer=not_held"},
    {"minutes, before", PURPOSE_MINUTES, "answer=minutes"},
    {"the tick list of what has none", PURPOSE_TICK, "answer=tick"},
    {"no answer", PURPOSE_ACCEPT, "answer="},
    {"not an answer", PURPOSE_ACCEPT, "answer=needs_action"},
    {"an answer twice", PURPOSE_ACCEPT, "answer=x&answer=accepted"},
    {"single sessions of a single meeting", PURPOSE_ACCEPT, "answer=sessions&s1=1&s2=1"},
    {"markup", PURPOSE_ACCEPT, "answer=%3Cb%3E"},
    {"held by a link to accept", PURPOSE_ACCEPT, "answer=held"},
};

static void test_wrong(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "toj-nord");
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    struct buf before = BUF_INIT, after = BUF_INIT;
    rig_tell(rig, m.item_seq, &before);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const char *path =
            page_token(rig, due.delivery.seq, wrong[i].purpose, rig->g.now_ms + 86400000);
        const char *page = page_press(rig, path, wrong[i].fields);
        page_lacks(page, "<title>Gespeichert");
        page_lacks(page, "<b>");
        page_shows(page, "200 OK");
        if (status_of(rig, m.item_seq, "sozialbuero", due.notice.session_seq) !=
                STATUS_NEEDS_ACTION ||
            session_of(rig, m.item_seq, 0).state != SESSION_PLANNED)
            fail_msg("%s", wrong[i].label);
    }
    rig_tell(rig, m.item_seq, &after);
    assert_string_equal(buf_str(&before), buf_str(&after));
    buf_release(&before);
    buf_release(&after);
}

/* A meeting's purposes do nothing to a handover. */
static void test_purpose_of_a_case(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    struct due due = page_mail(rig, item, "sozialbuero", "handover.requested");
    struct item before = rig_item(rig, item);
    for (int purpose = PURPOSE_ACCEPT; purpose <= PURPOSE_POLL; purpose++) {
        const char *path = page_token(rig, due.delivery.seq, purpose, rig->g.now_ms + 86400000);
        page_lacks(page_press(rig, path, "answer=accepted"), "<title>Gespeichert");
        page_lacks(page_press(rig, path, "answer=accept"), "<title>Gespeichert");
    }
    assert_int_equal(rig_item(rig, item).state, before.state);
}

/* Numbers of sessions that are another meeting's, over, or made up. */
static void test_foreign_sessions(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "team-nord");
    struct meeting other = meeting_rig_find(rig, "toj-nord");
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    struct session foreign = session_of(rig, other.item_seq, 0);
    char path[TOKEN_LEN + 4], fields[300];
    strcpy(path, page_link_of(rig, &due, "Absage"));
    snprintf(fields, sizeof fields,
             "answer=sessions&s%lld=1&s0=1&s-1=1&s99999999999999999999=1&s=1&s%lld%%00=1&S1=1",
             (long long)foreign.seq, (long long)foreign.seq);
    page_press(rig, path, fields);
    snprintf(fields, sizeof fields, "answer=sessions&s%lld=1&s0=1&s-1=1&s9999999999999999999=1&s=1",
             (long long)foreign.seq);
    page_shows(page_press(rig, path, fields), "nichts geändert");
    assert_int_equal(status_of(rig, other.item_seq, "sozialbuero", foreign.seq),
                     STATUS_NEEDS_ACTION);
    /* The form's field of one link is none for another. */
    struct due theirs = page_mail(rig, other.item_seq, "sozialbuero", "meeting.invited");
    char field[TOKEN_FIELD_LEN + 1];
    token_field(field, &rig->g.keys, path + 3);
    snprintf(fields, sizeof fields, "form=%s&answer=accepted", field);
    page_shows(page_call(rig, "POST", page_link_of(rig, &theirs, "Zusage"), "", fields),
               "noch nichts gespeichert");
}

static void test_cancelled(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "toj-nord");
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    char path[TOKEN_LEN + 4];
    strcpy(path, page_link_of(rig, &due, "Zusage"));
    store_begin(rig->g.store);
    meeting_cancel(&rig->g, m.item_seq, 0, "other");
    rig_commit(rig);
    const char *page = page_press(rig, path, "answer=accepted");
    page_shows(page, "abgesagt");
    page_lacks(page, "<button");
    page_lacks(page_press(rig, path, "answer=link"), "unterwegs");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", due.notice.session_seq),
                     STATUS_NEEDS_ACTION);
}

static void test_member_gone(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "toj-nord");
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    char path[TOKEN_LEN + 4];
    strcpy(path, page_link_of(rig, &due, "Zusage"));
    store_begin(rig->g.store);
    store_member_drop(rig->g.store, m.item_seq, "sozialbuero");
    rig_commit(rig);
    const char *page = page_press(rig, path, "answer=accepted");
    struct member member;
    page_shows(page, "gehört nicht mehr zu diesem Termin");
    page_lacks(page, "<button");
    assert_false(store_member_get(rig->g.store, m.item_seq, "sozialbuero", 0, &member));
}

/* Of a talk about a case: after 72 hours a new link by mail, once in ten minutes. */
static void test_expired(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = town(rig, "klaerung");
    struct due due = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    char path[TOKEN_LEN + 4];
    strcpy(path, page_link_of(rig, &due, "Zusage"));
    rig->g.now_ms += 72 * (int64_t)3600000;
    page_shows(page_press(rig, path, "answer=accepted"), "abgelaufen");
    assert_int_equal(status_of(rig, m.item_seq, "sozialbuero", due.notice.session_seq),
                     STATUS_NEEDS_ACTION);
    page_shows(page_press(rig, path, "answer=link"), "unterwegs");
    page_shows(page_press(rig, path, "answer=link"), "vor weniger als zehn Minuten");
    struct due fresh = page_mail(rig, m.item_seq, "sozialbuero", "meeting.invited");
    assert_true(fresh.delivery.seq > due.delivery.seq);
    assert_int_equal(fresh.notice.session_seq, due.notice.session_seq);
    page_shows(page_press(rig, page_link_of(rig, &fresh, "Zusage"), "answer=accepted"),
               "<title>Gespeichert");
    /* A link of the other kind holds until its session, whatever the mail's age. */
    struct meeting other = meeting_rig_find(rig, "toj-nord");
    struct due old = page_mail(rig, other.item_seq, "sozialbuero", "meeting.invited");
    page_shows(page_press(rig, page_link_of(rig, &old, "Zusage"), "answer=accepted"),
               "<title>Gespeichert");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAGE(test_lines),
        PAGE(test_expiry),
        PAGE(test_rsvp),
        PAGE(test_series),
        PAGE(test_held),
        PAGE(test_minutes),
        PAGE(test_wrong),
        PAGE(test_purpose_of_a_case),
        PAGE(test_foreign_sessions),
        PAGE(test_cancelled),
        PAGE(test_member_gone),
        PAGE(test_expired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
