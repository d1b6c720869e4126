/*
 * The tick list after a session, and the page of a poll: a button acts, foreign numbers do nothing,
 * and each is for whom it is for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/agenda.h"
#include "../daemon/links_meeting.h"
#include "../daemon/poll.h"
#include "page_rig.h"

#define MEETINGS                                                                                   \
    "meetings = ( { id = \"team-nord\"; kind = \"sozialraumteam\"; unit = \"asd\";"                \
    " start = \"2027-01-07T09:00\"; duration = \"2h\"; rule = \"FREQ=MONTHLY;BYDAY=1TH\";"         \
    " until = \"2027-12-31\"; room = \"Raum 1\"; members = ( \"sozialbuero\","                     \
    " { unit = \"koordination\"; role = \"secretariat\"; },"                                       \
    " { unit = \"jobcenter\"; role = \"keeper\"; } ); } );\n"

/* ---- the tick list */

static void nominate(struct gateway_rig *rig, const char *what)
{
    struct buf data = BUF_INIT;
    buf_printf(&data, "{\"meeting_id\":\"team-nord\",%s,\"by_unit\":\"asd\"}", what);
    rig_event(rig, "jugendamt", "agenda.item.added", "", buf_str(&data));
    rig_expect_said(rig, "accepted");
    buf_release(&data);
}

#define CASE(ref, reason)                                                                          \
    "\"case_ref\":\"" ref "\",\"kind\":\"sozialraumteam\",\"reason\":\"" reason "\""

/* Two cases and a point without; the mail after the session. */
static struct due after_session(struct gateway_rig *rig, const char *unit)
{
    meeting_rig_config(rig, MEETINGS);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    meeting_rig_until(rig, "2026-12-28T09:00:00+01:00");
    nominate(rig, CASE(RIG_CASE, "fallbesprechung"));
    nominate(rig, CASE(RIG_CASE_2, "ressource"));
    nominate(rig, "\"reason\":\"bericht\"");
    meeting_rig_until(rig, "2027-01-07T11:01:00+01:00");
    return page_mail(rig, m.item_seq, unit, "meeting.asked");
}

/* How many of the session's cases are in that state. */
static size_t count_ticks(struct gateway_rig *rig, const struct due *due, enum agenda_state state,
                          int64_t seq[4])
{
    struct agenda_item item[4];
    size_t n = 0,
           all = agenda_list(&rig->g, due->notice.item_seq, due->notice.session_seq, item, 4);
    for (size_t i = 0; i < all; i++)
        if (item[i].block == BLOCK_A && item[i].state == state)
            seq[n++] = item[i].seq;
    return n;
}

static void test_tick(void **state)
{
    struct gateway_rig *rig = *state;
    struct due due = after_session(rig, "koordination");
    char path[TOKEN_LEN + 4], fields[200];
    int64_t seq[4], done[4];
    strcpy(path, page_link_of(rig, &due, "Besprochenes abhaken"));
    const char *page = page_get(rig, path);
    page_shows(page, "<legend>Was wurde besprochen?</legend>");
    page_shows(page, "Fallbesprechung: besprochen</label>");
    page_lacks(page, "Bericht");
    page_lacks(page, RIG_CASE);
    assert_int_equal(count_ticks(rig, &due, AGENDA_FROZEN, seq), 2);
    snprintf(fields, sizeof fields, "answer=tick&d%lld=1&d%lld=1&d0=1", (long long)seq[1],
             (long long)seq[1] + 100);
    page_shows(page_press(rig, path, fields), "besprochen 1 von 2");
    assert_int_equal(count_ticks(rig, &due, AGENDA_DISCUSSED, done), 1);
    assert_int_equal(done[0], seq[1]);
    page_shows(page_get(rig, path), "schon benutzt");
    snprintf(fields, sizeof fields, "answer=tick&d%lld=1", (long long)seq[0]);
    page_shows(page_press(rig, path, fields), "nichts geändert");
    assert_int_equal(count_ticks(rig, &due, AGENDA_DISCUSSED, done), 1);
}

static void test_tick_not_held(void **state)
{
    struct gateway_rig *rig = *state;
    struct due due = after_session(rig, "koordination");
    int64_t seq[4], done[4];
    count_ticks(rig, &due, AGENDA_FROZEN, seq);
    char path[TOKEN_LEN + 4], fields[100];
    strcpy(path, page_link_of(rig, &due, "Besprochenes abhaken"));
    snprintf(fields, sizeof fields, "answer=not_held&d%lld=1", (long long)seq[0]);
    struct session session;
    page_shows(page_press(rig, path, fields), "nicht stattgefunden");
    assert_true(store_session_get(rig->g.store, due.notice.session_seq, &session));
    assert_int_equal(session.state, SESSION_NOT_HELD);
    assert_int_equal(count_ticks(rig, &due, AGENDA_DISCUSSED, done), 0);
    page_shows(page_get(rig, path), "schon beantwortet");
}

/* Who neither hosts nor runs the office gets no list, whatever the token says. */
static void test_tick_of_others(void **state)
{
    struct gateway_rig *rig = *state;
    after_session(rig, "koordination");
    struct meeting m = meeting_rig_find(rig, "team-nord");
    struct due due = page_mail(rig, m.item_seq, "jobcenter", "meeting.reminder");
    const char *path = page_token(rig, due.delivery.seq, PURPOSE_TICK, rig->g.now_ms + 86400000);
    const char *page = page_get(rig, path);
    page_lacks(page, "besprochen</label>");
    page_lacks(page_press(rig, path, "answer=tick"), "<title>Gespeichert");
}

/* ---- polls */

static struct due ask_for_dates(struct gateway_rig *rig)
{
    const struct directory *dir = rig->g.config->directory;
    const struct unit *party[] = {directory_unit(dir, "sozialbuero"),
                                  directory_unit(dir, "sb-leitung")};
    const int64_t day = day_of(2026, 12, 14) * 86400;
    const struct poll_choice choice[] = {{1, day + 9 * 3600, ""}, {2, day + 34 * 3600, ""}};
    const struct poll_wish wish = {.meeting_id = "",
                                   .host = directory_unit(dir, "asd"),
                                   .choice = choice,
                                   .choices = COUNT_OF(choice),
                                   .party = party,
                                   .parties = COUNT_OF(party),
                                   .due_ms = rig->g.now_ms + 14 * (int64_t)86400000,
                                   .source = ""};
    store_begin(rig->g.store);
    int64_t item = poll_open(&rig->g, &wish);
    rig_commit(rig);
    return page_mail(rig, item, "sozialbuero", "poll.asked");
}

static bool chose(struct gateway_rig *rig, const struct due *due, int64_t number)
{
    return poll_chose(&rig->g, due->delivery.item_seq,
                      directory_unit(rig->g.config->directory, "sozialbuero"), number);
}

static bool voted(struct gateway_rig *rig, const struct due *due)
{
    return poll_has_voted(&rig->g, due->delivery.item_seq,
                          directory_unit(rig->g.config->directory, "sozialbuero"));
}

static void test_poll(void **state)
{
    struct gateway_rig *rig = *state;
    struct due due = ask_for_dates(rig);
    char path[TOKEN_LEN + 4];
    struct token token;
    strcpy(path, page_link_of(rig, &due, "Zur Umfrage"));
    assert_true(token_read(&token, &rig->g.keys, path + 3));
    assert_int_equal(token.expires_ms, due.notice.deadline_ms / 60000 * 60000);
    const char *page = page_get(rig, path);
    page_shows(page, "<legend>Welche Zeiten passen Ihnen?</legend>");
    page_shows(page, "Mo 14.12.2026, 09:00");
    page_shows(page, "fehlt noch");
    page_shows(page_press(rig, path, "answer=vote"), "noch nichts gespeichert");
    assert_false(voted(rig, &due));
    page_shows(page_press(rig, path, "answer=vote&c2=1&c3=1&c-1=1&c0=1&c99=1"),
               "<title>Gespeichert");
    assert_true(voted(rig, &due) && chose(rig, &due, 2) && !chose(rig, &due, 1));
    page_shows(page_get(rig, path), "name=\"c2\" value=\"1\" checked");
    page_shows(page_press(rig, path, "answer=none&c1=1"), "<title>Gespeichert");
    assert_true(voted(rig, &due) && !chose(rig, &due, 1) && !chose(rig, &due, 2));
    page_press(rig, path, "answer=vote&c1=1");
    assert_true(chose(rig, &due, 1));

    struct item item = rig_item(rig, due.delivery.item_seq);
    store_begin(rig->g.store);
    poll_close(&rig->g, &item);
    rig_commit(rig);
    page = page_press(rig, path, "answer=vote&c2=1");
    page_lacks(page, "<title>Gespeichert");
    page_lacks(page, "<button");
    assert_true(chose(rig, &due, 1) && !chose(rig, &due, 2));
}

/* A poll's link answers no meeting, a meeting's no poll. */
static void test_poll_purposes(void **state)
{
    struct gateway_rig *rig = *state;
    struct due due = ask_for_dates(rig);
    for (int purpose = PURPOSE_ACCEPT; purpose < PURPOSE_POLL; purpose++) {
        const char *path = page_token(rig, due.delivery.seq, purpose, rig->g.now_ms + 86400000);
        page_lacks(page_press(rig, path, "answer=vote&c1=1"), "<title>Gespeichert");
        page_lacks(page_press(rig, path, "answer=accepted"), "<title>Gespeichert");
    }
    assert_false(voted(rig, &due));
    const char *path =
        page_token(rig, due.delivery.seq, PURPOSE_POLL, rig->g.now_ms / 60000 * 60000);
    page_shows(page_press(rig, path, "answer=vote&c1=1"), "abgelaufen");
    assert_false(voted(rig, &due));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAGE(test_tick), PAGE(test_tick_not_held), PAGE(test_tick_of_others),
        PAGE(test_poll), PAGE(test_poll_purposes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
