/*
 * Feeds: a secret says whose feed it is and nothing else reads; a new one ends the old; what stands
 * in the calendar and what does not; asked again, nothing is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/feed.h"
#include "../daemon/feed_secret.h"
#include "page_rig.h"

#define MEETINGS                                                                                   \
    "meetings = ( { id = \"team-nord\"; kind = \"sozialraumteam\"; unit = \"asd\";"                \
    " start = \"2027-01-07T09:00\"; duration = \"2h\"; rule = \"FREQ=MONTHLY;BYDAY=1TH\";"         \
    " until = \"2027-12-31\"; room = \"Raum 1, Hof; links\"; members = ( \"sozialbuero\","         \
    " { unit = \"jobcenter\"; sessions = 3; } ); },"                                               \
    " { id = \"toj-nord\"; kind = \"toj\"; unit = \"asd\"; start = \"2026-11-18T09:00\";"          \
    " duration = \"3h\"; room = \"Raum 2\"; members = ( \"sb-leitung\", \"sozialbuero\" ); },"     \
    " { id = \"klaerung\"; kind = \"clearing\"; unit = \"asd\"; start = \"2026-12-04T09:00\";"     \
    " duration = \"1h\"; room = \"Raum 3\"; members = ( \"verein\" ); } );\n"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const struct unit *unit_named(const struct gateway_rig *rig, const char *id)
{
    return directory_unit(rig->g.config->directory, id);
}

static void test_secret(void **state)
{
    struct gateway_rig *rig = *state;
    const struct directory *dir = rig->g.config->directory;
    static const int64_t epochs[] = {0, 1, 255, 65536, FEED_EPOCH_MAX};
    char text[FEED_SECRET_LEN + 1], other[FEED_SECRET_LEN + 1];
    int64_t epoch;
    for (size_t i = 0; i < COUNT_OF(epochs); i++) {
        feed_secret(text, &rig->g.keys, "asd", epochs[i]);
        assert_int_equal(strlen(text), FEED_SECRET_LEN);
        assert_int_equal(strspn(text, alphabet), FEED_SECRET_LEN);
        assert_ptr_equal(feed_unit(dir, &rig->g.keys, text, &epoch), unit_named(rig, "asd"));
        assert_int_equal(epoch, epochs[i]);
    }
    feed_secret(other, &rig->g.keys, "asd-leitung", FEED_EPOCH_MAX);
    assert_string_not_equal(text, other);
    feed_secret(text, &rig->g.keys, "asd", 7);
    for (size_t i = 0; i < FEED_SECRET_LEN; i++)
        for (const char *c = alphabet; *c; c++) {
            memcpy(other, text, sizeof text);
            other[i] = *c;
            if ((feed_unit(dir, &rig->g.keys, other, &epoch) != NULL) != (*c == text[i]))
                fail_msg("place %zu: %s", i, other);
        }
    /* A unit that the directory no longer has, and another key. */
    feed_secret(other, &rig->g.keys, "weg", 7);
    assert_null(feed_unit(dir, &rig->g.keys, other, &epoch));
    struct keys keys = rig->g.keys;
    keys.token[0] ^= 1;
    assert_null(feed_unit(dir, &keys, text, &epoch));
}

static const char *path_of(struct gateway_rig *rig, const char *unit, int64_t epoch)
{
    static char path[FEED_SECRET_LEN + 8];
    char secret[FEED_SECRET_LEN + 1];
    feed_secret(secret, &rig->g.keys, unit, epoch);
    snprintf(path, sizeof path, "/f/%s.ics", secret);
    return path;
}

static size_t events_in(const char *text)
{
    size_t n = 0;
    for (; (text = strstr(text, "BEGIN:VEVENT\r\n")); text++)
        n++;
    return n;
}

static void test_content(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, MEETINGS);
    const char *feed = page_get(rig, path_of(rig, "sozialbuero", 0));
    page_shows(feed, "200 OK");
    page_shows(feed, "Content-Type: text/calendar; charset=utf-8\r\n");
    page_shows(feed, "Cache-Control: private, no-cache\r\n");
    page_lacks(feed, "no-store");
    page_shows(feed, "METHOD:PUBLISH\r\n");
    page_lacks(feed, "ATTENDEE");
    page_lacks(feed, "RRULE:FREQ=MONTHLY;BYDAY=1TH");
    page_shows(feed, "LOCATION:Raum 1\\, Hof\\; links\r\n");
    page_shows(feed, "DTSTART;TZID=Europe/Berlin:20270107T090000\r\n");
    page_shows(feed, "noch keine Antwort");
    assert_int_equal(events_in(feed), 13);
    assert_int_equal(events_in(page_get(rig, path_of(rig, "sb-leitung", 0))), 1);
    assert_int_equal(events_in(page_get(rig, path_of(rig, "jobcenter", 0))), 3);
    assert_int_equal(events_in(page_get(rig, path_of(rig, "asd", 0))), 14);
    assert_int_equal(events_in(page_get(rig, path_of(rig, "verein-alt", 0))), 0);
    /* A talk about a case: kind and code, no place, no host. */
    feed = page_get(rig, path_of(rig, "verein", 0));
    assert_int_equal(events_in(feed), 1);
    page_shows(feed, "SUMMARY:Clearinggespräch ");
    page_lacks(feed, "Raum 3");
    page_lacks(feed, "Stelle asd");
}

/* What is over stays for a month, what was cancelled does not. */
static void test_past(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, MEETINGS);
    meeting_rig_until(rig, "2026-12-17T12:00:00+01:00");
    assert_int_equal(events_in(page_get(rig, path_of(rig, "sb-leitung", 0))), 1);
    meeting_rig_until(rig, "2026-12-20T12:00:00+01:00");
    assert_int_equal(events_in(page_get(rig, path_of(rig, "sb-leitung", 0))), 0);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    store_begin(rig->g.store);
    meeting_cancel(&rig->g, m.item_seq, 0, "other");
    rig_commit(rig);
    assert_int_equal(events_in(page_get(rig, path_of(rig, "sozialbuero", 0))), 0);
}

static void tag_in(const char *answer, char tag[HTTP_TAG_MAX])
{
    const char *at = strcasestr(answer, "\r\nETag: ");
    if (!at)
        fail_msg("no ETag: %s", answer);
    snprintf(tag, HTTP_TAG_MAX, "%.*s", (int)strcspn(at + 8, "\r"), at + 8);
}

static void test_again(void **state)
{
    struct gateway_rig *rig = *state;
    char tag[HTTP_TAG_MAX], head[100], path[64];
    meeting_rig_config(rig, MEETINGS);
    strcpy(path, path_of(rig, "sozialbuero", 0));
    tag_in(page_get(rig, path), tag);
    rig->g.now_ms += 3600000; /* nothing changed but the hour */
    static const char *const form[] = {"If-None-Match: %s\r\n", "If-None-Match: W/%s\r\n",
                                       "If-None-Match: \"other\", %s\r\n"};
    for (size_t i = 0; i < COUNT_OF(form); i++) {
        const char *hole = strchr(form[i], '%');
        snprintf(head, sizeof head, "%.*s%s\r\n", (int)(hole - form[i]), form[i], tag);
        const char *answer = page_call(rig, "GET", path, head, "");
        page_shows(answer, "304 Not Modified");
        page_lacks(answer, "BEGIN:");
    }
    page_shows(page_call(rig, "GET", path, "If-None-Match: \"other\"\r\n", ""), "200 OK");
    struct meeting m = meeting_rig_find(rig, "team-nord");
    struct session session;
    assert_true(store_session_next(rig->g.store, m.item_seq, 0, &session));
    session.start_s += 3600;
    store_begin(rig->g.store);
    assert_true(meeting_change_session(&rig->g, &session));
    rig_commit(rig);
    snprintf(head, sizeof head, "If-None-Match: %s\r\n", tag);
    page_shows(page_call(rig, "GET", path, head, ""), "200 OK");
}

static void test_renewed(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, MEETINGS);
    store_begin(rig->g.store);
    assert_int_equal(feed_renew(&rig->g, unit_named(rig, "asd")), 1);
    rig_commit(rig);
    page_shows(page_get(rig, path_of(rig, "asd", 0)), "404 Not Found");
    page_shows(page_get(rig, path_of(rig, "asd", 2)), "404 Not Found");
    page_shows(page_get(rig, path_of(rig, "asd", 1)), "200 OK");
    page_shows(page_get(rig, path_of(rig, "sozialbuero", 0)), "200 OK"); /* others keep theirs */
}

static const struct {
    const char *label, *before;
    int len; /* of the secret */
    const char *behind;
} strange[] = {
    {"nothing", "/f/", 0, ""},
    {"no ending", "/f/", 36, ""},
    {"only an ending", "/f/", 0, ".ics"},
    {"another ending", "/f/", 36, ".ICS"},
    {"more behind", "/f/", 36, ".ics/"},
    {"more before", "/f/x", 36, ".ics"},
    {"too short", "/f/", 35, ".ics"},
    {"another folder", "/f/f/", 36, ".ics"},
};

/* The same page for all, and a count of who searches. */
static void test_strangers(void **state)
{
    struct gateway_rig *rig = *state;
    char secret[FEED_SECRET_LEN + 1], path[200];
    meeting_rig_config(rig, MEETINGS);
    feed_secret(secret, &rig->g.keys, "asd", 0);
    for (size_t i = 0; i < COUNT_OF(strange); i++) {
        snprintf(path, sizeof path, "%s%.*s%s", strange[i].before, strange[i].len, secret,
                 strange[i].behind);
        const char *answer = page_get(rig, path);
        if (!strstr(answer, "404 Not Found") || !strstr(answer, "Diese Seite gibt es nicht"))
            fail_msg("%s: %s", strange[i].label, answer);
    }
    for (int i = 0; i < GUARD_BAD_MAX; i++)
        page_get(rig, "/f/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.ics");
    page_shows(page_get(rig, "/f/x.ics"), "429");
    page_shows(page_get(rig, path_of(rig, "asd", 0)), "200 OK");
    /* An answer link's token is no feed's secret, nor the other way round. */
    const struct token token = {1, 1, 60000};
    token_write(secret, &rig->g.keys, &token);
    snprintf(path, sizeof path, "/f/%s.ics", secret);
    page_lacks(page_get(rig, path), "BEGIN:");
    feed_secret(secret, &rig->g.keys, "asd", 0);
    struct token read;
    assert_false(token_read(&read, &rig->g.keys, secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAGE(test_secret), PAGE(test_content), PAGE(test_past),
        PAGE(test_again),  PAGE(test_renewed), PAGE(test_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
