/*
 * What only some meetings need: presences, chains of bodies, calls for contributions, lists by
 * function, cancellations in bad weather. Their configuration: test_meeting_setup.c.
 */
#include "meeting_rig.h"

#include "../daemon/presence.h"
#include "../daemon/rsvp.h"
#include "../daemon/walltime.h"

#define ANNA                                                                                       \
    "{ id = \"anna\"; kind = \"provider\"; name = \"Stelle anna\"; contacts = ("                   \
    " { channel = \"email\"; address = \"anna@amt.example\"; },"                                   \
    " { channel = \"sms\"; address = \"+4915100000011\"; } ); },"                                  \
    "{ id = \"praesenz\"; kind = \"team\"; name = \"Stelle praesenz\"; lead = \"asd-leitung\";"    \
    " deputies = [ \"springer\" ]; contacts = ("                                                   \
    " { channel = \"email\"; address = \"praesenz@amt.example\"; },"                               \
    " { channel = \"sms\"; address = \"+4915100000012\"; urgent_only = true; } ); },"              \
    "{ id = \"springer\"; kind = \"team\"; name = \"Stelle springer\"; calendar = \"NW\";"         \
    " contacts = ( { channel = \"email\"; address = \"springer@amt.example\"; },"                  \
    " { channel = \"sms\"; address = \"+4915100000013\"; } ); },"

#define PRESENCE                                                                                   \
    "meetings = ( { id = \"anna-di\"; kind = \"presence\"; unit = \"praesenz\";"                   \
    " start = \"2026-11-17T10:00\"; duration = \"2h\"; rule = \"FREQ=WEEKLY;BYDAY=TU\";"           \
    " members = ( { unit = \"anna\"; role = \"host\"; } ); } );\n"

/* "anna presence.cancelled email+sms Der Termin ...", one line a notice from number `after` on. */
struct telling_of {
    struct gateway_rig *rig;
    struct buf text;
    int64_t count, after, notice;
    char channels[32];
};

static void put_channel(void *context, const struct delivery *d)
{
    struct telling_of *t = context;
    if (d->notice_seq != t->notice)
        return;
    size_t n = strlen(t->channels);
    snprintf(t->channels + n, sizeof t->channels - n, "%s%s", n ? "+" : "",
             channel_name(d->channel));
}

static void put_notice(void *context, const struct notice *n)
{
    struct telling_of *t = context;
    if (t->count++ < t->after)
        return;
    t->notice = n->seq;
    t->channels[0] = '\0';
    store_delivery_each(t->rig->g.store, n->item_seq, t, put_channel);
    buf_printf(&t->text, "%s %s %s%s%s\n", n->unit, n->template_name, t->channels,
               *n->outcome ? " " : "", n->outcome);
}

/* Whose answer the link of a question is: nobody's but the stand-in's own. */
static void asks_itself(void *context, const struct notice *n)
{
    (void)context;
    if (str_eq(n->template_name, "meeting.asked"))
        assert_string_equal(n->instead_of, "");
}

static int64_t notices(struct gateway_rig *rig, int64_t item)
{
    struct telling_of t = {.rig = rig, .text = BUF_INIT, .after = INT64_MAX};
    store_notice_each(rig->g.store, item, &t, put_notice);
    return t.count;
}

static void expect(struct gateway_rig *rig, int64_t item, int64_t after, const char *want)
{
    struct telling_of t = {.rig = rig, .text = BUF_INIT, .after = after};
    store_notice_each(rig->g.store, item, &t, put_notice);
    assert_string_equal(buf_str(&t.text), want);
    buf_release(&t.text);
}

static size_t count_told(struct gateway_rig *rig, int64_t item, const char *part)
{
    size_t n = 0;
    struct telling_of t = {.rig = rig, .text = BUF_INIT};
    store_notice_each(rig->g.store, item, &t, put_notice);
    for (const char *p = strstr(buf_str(&t.text), part); p; p = strstr(p + 1, part))
        n++;
    buf_release(&t.text);
    return n;
}

static struct meeting presence(struct gateway_rig *rig)
{
    rig_add_units(rig, ANNA, "");
    meeting_rig_config(rig, PRESENCE);
    return meeting_rig_find(rig, "anna-di");
}

static void absent(struct gateway_rig *rig, const char *unit, const char *from, const char *to)
{
    struct buf err = BUF_INIT;
    struct presence_change change = {.unit = directory_unit(rig->g.config->directory, unit),
                                     .by = "control"};
    assert_true(time_parse(from, &change.from_ms) && time_parse(to, &change.to_ms));
    store_begin(rig->g.store);
    if (presence_report(&rig->g, &change, &err) < 0)
        fail_msg("%s", buf_str(&err));
    rig_commit(rig);
    buf_release(&err);
}

/* The session of that start, by its row. */
static struct session session_at(struct gateway_rig *rig, int64_t item, const char *when)
{
    struct session s;
    int64_t at_ms;
    int second;
    assert_true(time_parse(when, &at_ms));
    int64_t day = wall_day(at_ms, &second);
    if (!store_session_find(rig->g.store, item, day * 86400 + second, &s))
        fail_msg("no session at %s", when);
    return s;
}

static enum rsvp_end answer(struct gateway_rig *rig, const struct session *s, const char *unit,
                            enum member_status status)
{
    struct buf said = BUF_INIT;
    const struct rsvp rsvp = {.item_seq = s->item_seq,
                              .unit = directory_unit(rig->g.config->directory, unit),
                              .session_seq = s->seq,
                              .status = status,
                              .sequence = -1,
                              .stamp_ms = rig->g.now_ms,
                              .via = VIA_LINK};
    store_begin(rig->g.store);
    enum rsvp_end end = rsvp_take(&rig->g, &rsvp, &said);
    rig_commit(rig);
    buf_release(&said);
    return end;
}

#define ASKED                                                                                      \
    "springer meeting.asked email+sms Bei diesem Termin fehlt die Besetzung. Können Sie ihn "     \
    "übernehmen? Bitte sagen Sie zu oder ab; ohne Ihre Zusage fällt er aus.\n"

/* KI5: sick at 07:40; the deputy is asked first, and says nothing for a quarter of an hour. */
static void test_presence(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = presence(rig);
    meeting_rig_until(rig, "2026-11-17T07:40:00+01:00");
    int64_t before = notices(rig, m.item_seq);
    absent(rig, "praesenz", "2026-11-17T07:40:00+01:00", "2026-11-18T00:00:00+01:00");
    meeting_rig_until(rig, "2026-11-17T07:54:59+01:00");
    expect(rig, m.item_seq, before, ASKED);
    store_notice_each(rig->g.store, m.item_seq, NULL, asks_itself);
    meeting_rig_until(rig, "2026-11-17T07:55:00+01:00");
    expect(rig, m.item_seq, before,
           ASKED "anna presence.cancelled email+sms Der Termin fällt aus.\n"
                 "praesenz presence.cancelled email Der Termin fällt aus.\n"
                 "springer presence.cancelled email+sms Der Termin fällt aus.\n");
    struct session s = session_at(rig, m.item_seq, "2026-11-17T10:00:00+01:00");
    assert_int_equal(s.state, SESSION_CANCELLED);
    assert_int_equal(answer(rig, &s, "springer", STATUS_ACCEPTED), RSVP_OVER);
    /* Next week's takes place, and who stood by once hears nothing of the sessions after it. */
    meeting_rig_until(rig, "2026-11-24T13:00:00+01:00");
    s = session_at(rig, m.item_seq, "2026-11-24T10:00:00+01:00");
    assert_int_equal(s.state, SESSION_HELD);
    store_begin(rig->g.store);
    s = session_at(rig, m.item_seq, "2026-12-01T10:00:00+01:00");
    meeting_cancel(&rig->g, m.item_seq, s.seq, "other");
    rig_commit(rig);
    assert_int_equal(count_told(rig, m.item_seq, "anna meeting.cancelled"), 1);
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.cancelled"), 0);
    rig_ledger_green(rig);
}

/* The deputy takes it: the place hears once who comes, by its role. */
static void test_stand_in(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = presence(rig);
    meeting_rig_until(rig, "2026-11-17T07:40:00+01:00");
    absent(rig, "praesenz", "2026-11-17T07:40:00+01:00", "2026-11-18T00:00:00+01:00");
    meeting_rig_until(rig, "2026-11-17T07:45:00+01:00");
    int64_t before = notices(rig, m.item_seq);
    struct session s = session_at(rig, m.item_seq, "2026-11-17T10:00:00+01:00");
    assert_int_equal(answer(rig, &s, "asd", STATUS_ACCEPTED), RSVP_NOT_INVITED);
    assert_int_equal(answer(rig, &s, "springer", STATUS_ACCEPTED), RSVP_TAKEN);
    assert_int_equal(answer(rig, &s, "springer", STATUS_ACCEPTED), RSVP_KNOWN);
    meeting_rig_until(rig, "2026-11-17T07:59:00+01:00");
    expect(rig, m.item_seq, before,
           "anna meeting.note email Der Termin findet statt. Als Vertretung kommt: Stelle "
           "springer.\n");
    s = session_at(rig, m.item_seq, "2026-11-17T10:00:00+01:00");
    assert_int_equal(s.state, SESSION_PLANNED);
    rig_ledger_green(rig);
}

/* A no needs no waiting; nobody to ask, or no time left, neither. */
static void test_no(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = presence(rig);
    meeting_rig_until(rig, "2026-11-17T07:40:00+01:00");
    absent(rig, "praesenz", "2026-11-17T07:40:00+01:00", "2026-11-18T00:00:00+01:00");
    meeting_rig_until(rig, "2026-11-17T07:42:00+01:00");
    struct session s = session_at(rig, m.item_seq, "2026-11-17T10:00:00+01:00");
    assert_int_equal(answer(rig, &s, "springer", STATUS_DECLINED), RSVP_TAKEN);
    assert_int_equal(count_told(rig, m.item_seq, "anna presence.cancelled email+sms"), 1);
    meeting_rig_until(rig, "2026-11-24T09:50:00+01:00");
    absent(rig, "praesenz", "2026-11-24T09:50:00+01:00", "2026-11-25T00:00:00+01:00");
    meeting_rig_until(rig, "2026-11-24T09:50:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "anna presence.cancelled email+sms"), 2);
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.asked"), 1);
    rig_ledger_green(rig);
}

/* A long absence: who stands in is asked about each day a week before and by mail alone told of
 * what lies behind tomorrow; an absence that ends early asks nobody. */
static void test_long_absence(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    struct meeting m = presence(rig);
    meeting_rig_until(rig, "2026-11-18T09:00:00+01:00");
    absent(rig, "praesenz", "2026-11-23T00:00:00+01:00", "2026-12-19T00:00:00+01:00");
    meeting_rig_until(rig, "2026-11-18T10:00:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.asked"), 1);
    meeting_rig_until(rig, "2026-11-19T18:00:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "anna meeting.cancelled email Der"), 1);
    meeting_rig_until(rig, "2026-11-24T12:30:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.asked"), 2);
    store_begin(rig->g.store);
    assert_int_equal(presence_end(&rig->g, 1, "control", &err), 0);
    rig_commit(rig);
    meeting_rig_until(rig, "2026-12-16T12:00:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.asked"), 2);
    assert_int_equal(count_told(rig, m.item_seq, "anna meeting.cancelled"), 1);
    struct session s = session_at(rig, m.item_seq, "2026-12-15T10:00:00+01:00");
    assert_int_equal(s.state, SESSION_HELD);
    rig_ledger_green(rig);
    buf_release(&err);
}

/* The worker itself says that it does not come, or that somebody else does. */
static void test_worker_declines(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = presence(rig);
    meeting_rig_until(rig, "2026-11-17T07:40:00+01:00");
    struct session s = session_at(rig, m.item_seq, "2026-11-17T10:00:00+01:00");
    assert_int_equal(answer(rig, &s, "praesenz", STATUS_DECLINED), RSVP_TAKEN);
    meeting_rig_until(rig, "2026-11-17T07:41:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.asked email+sms"), 1);
    int64_t before = notices(rig, m.item_seq);
    assert_int_equal(answer(rig, &s, "praesenz", STATUS_DEPUTY), RSVP_TAKEN);
    meeting_rig_until(rig, "2026-11-17T07:59:00+01:00");
    expect(rig, m.item_seq, before,
           "anna meeting.note email Der Termin findet statt. Als Vertretung kommt: eine Vertretung "
           "der angekündigten Stelle.\n");
    s = session_at(rig, m.item_seq, "2026-11-24T10:00:00+01:00");
    assert_int_equal(answer(rig, &s, "praesenz", STATUS_DECLINED), RSVP_TAKEN);
    meeting_rig_until(rig, "2026-11-17T18:00:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.asked"), 2);
    rig_ledger_green(rig);
}

/* An absence of the configuration; two workers, of whom one is there. */
static void test_configured(void **state)
{
    struct gateway_rig *rig = *state;
    struct meeting m = presence(rig);
    meeting_rig_until(rig, "2026-11-19T09:00:00+01:00");
    rig_insert(rig, "id = \"praesenz\";",
               " absences = ( { from = \"2026-11-23\"; to = \"2026-11-27\"; } );");
    rig_reload(rig);
    meeting_rig_sync(rig);
    meeting_rig_until(rig, "2026-11-19T09:00:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.asked"), 1);
    rig_reload(rig);
    meeting_rig_sync(rig);
    meeting_rig_until(rig, "2026-11-19T09:30:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "springer meeting.asked"), 1);
    rig_insert(rig, "members = (", " \"asd\", \"sozialbuero\",");
    rig_reload(rig);
    meeting_rig_sync(rig);
    absent(rig, "asd", "2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00");
    meeting_rig_until(rig, "2026-12-01T13:00:00+01:00");
    struct session s = session_at(rig, m.item_seq, "2026-12-01T10:00:00+01:00");
    assert_int_equal(s.state, SESSION_HELD);
    rig_ledger_green(rig);
}

/* ---- BI10 */

#define BODY(id, unit, day, members)                                                               \
    " { id = \"" id "\"; kind = \"gremium\"; unit = \"" unit "\"; start = \"" day "T17:00\";"      \
    " reminders = \"\"; freeze = 0; members = ( " members " ); }"
#define CHAIN                                                                                      \
    "meetings = (" BODY("sga", "asd", "2027-07-13", "\"asd-leitung\"") "," BODY(                   \
        "seniorenrat", "sozialbuero", "2027-09-22",                                                \
        "\"sb-leitung\"") "," BODY("beirat", "sb-vertretung", "2027-09-29",                        \
                                   "\"jobcenter\"") ");"                                           \
                                                    "\n"                                           \
                                                    "chains = ( { id = \"vorlage\"; author = "     \
                                                    "\"verein\"; lead = \"14 days\"; bodies = ("   \
                                                    " { meeting = \"sga\"; }, { meeting = "        \
                                                    "\"seniorenrat\"; }, { meeting = \"beirat\"; " \
                                                    "} ); } );\n"

static void document(struct gateway_rig *rig, const char *meeting, const char *more)
{
    struct buf data = BUF_INIT;
    buf_printf(&data, "{\"meeting_id\":\"%s\",%s}", meeting, more);
    rig_event(rig, "traeger", "document.filed", "", buf_str(&data));
    buf_release(&data);
}

/* Reminded 14 days and 3 working days before; too long without a summary; then it is there. */
static void test_papers(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, CHAIN);
    struct meeting m = meeting_rig_find(rig, "sga");
    int64_t before = notices(rig, m.item_seq);
    meeting_rig_until(rig, "2027-06-29T07:59:00+02:00");
    expect(rig, m.item_seq, before, "");
    meeting_rig_until(rig, "2027-06-29T08:00:00+02:00");
    expect(rig, m.item_seq, before,
           "verein meeting.note email Für diesen Termin fehlt noch Ihre Vorlage (Station 1 von 3). "
           "Bitte reichen Sie sie ein bei: Stelle asd.\n");
    before = notices(rig, m.item_seq);
    document(rig, "sga", "\"by_unit\":\"verein\",\"pages\":4,\"summary\":false");
    rig_expect_said(rig, "accepted");
    expect(rig, m.item_seq, before,
           "verein meeting.note email Die Vorlage ist länger als drei Seiten. Bitte eine kurze "
           "Zusammenfassung voranstellen und sie noch einmal einreichen.\n");
    meeting_rig_until(rig, "2027-07-08T09:00:00+02:00");
    assert_int_equal(count_told(rig, m.item_seq, "fehlt noch Ihre Vorlage (Station 1 von 3)"), 2);
    document(rig, "sga", "\"by_unit\":\"verein-alt\",\"pages\":4,\"summary\":true");
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    document(rig, "beirat", "\"by_unit\":\"verein\",\"pages\":4,\"summary\":true");
    rig_expect_said(rig, "accepted");
    m = meeting_rig_find(rig, "beirat");
    meeting_rig_until(rig, "2027-10-20T09:00:00+02:00");
    assert_int_equal(count_told(rig, m.item_seq, "verein"), 0);
    m = meeting_rig_find(rig, "seniorenrat");
    assert_int_equal(count_told(rig, m.item_seq, "fehlt noch Ihre Vorlage (Station 2 von 3)"), 2);
    rig_ledger_green(rig);
}

static void move(struct gateway_rig *rig, const char *meeting, const char *start)
{
    struct meeting m = meeting_rig_find(rig, meeting);
    struct session s;
    int64_t at_ms;
    int second;
    assert_true(store_session_next(rig->g.store, m.item_seq, meeting_wall_now(&rig->g), &s));
    assert_true(time_parse(start, &at_ms));
    int64_t day = wall_day(at_ms, &second);
    s.start_s = day * 86400 + second;
    store_begin(rig->g.store);
    assert_true(meeting_change_session(&rig->g, &s));
    rig_commit(rig);
}

/* A date moves: who comes later in the chain hears of it once, author and office when the order is
 * lost. */
static void test_moved_body(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, CHAIN);
    const struct meeting sga = meeting_rig_find(rig, "sga"),
                         rat = meeting_rig_find(rig, "seniorenrat"),
                         beirat = meeting_rig_find(rig, "beirat");
    int64_t of_rat = notices(rig, rat.item_seq), of_beirat = notices(rig, beirat.item_seq);
    move(rig, "sga", "2027-08-31T17:00:00+02:00");
    expect(rig, rat.item_seq, of_rat,
           "sb-leitung meeting.note email In der Beratungsfolge vor diesem Termin hat sich ein Tag "
           "geändert: Stelle asd, Di 31.08.2027, 17:00 bis 19:00 Uhr.\n"
           "sozialbuero meeting.note email In der Beratungsfolge vor diesem Termin hat sich ein "
           "Tag geändert: Stelle asd, Di 31.08.2027, 17:00 bis 19:00 Uhr.\n");
    assert_int_equal(notices(rig, beirat.item_seq), of_beirat + 2);
    assert_int_equal(count_told(rig, sga.item_seq, "Beratungsfolge"), 0);
    /* Another place of the same day is nobody else's business. */
    of_rat = notices(rig, rat.item_seq);
    struct session s;
    assert_true(store_session_next(rig->g.store, sga.item_seq, meeting_wall_now(&rig->g), &s));
    str_copy(s.room, sizeof s.room, "Rathaus");
    store_begin(rig->g.store);
    assert_true(meeting_change_session(&rig->g, &s));
    rig_commit(rig);
    assert_int_equal(notices(rig, rat.item_seq), of_rat);
    /* The second body now comes after the third. */
    of_beirat = notices(rig, beirat.item_seq);
    move(rig, "seniorenrat", "2027-10-06T17:00:00+02:00");
    struct telling_of t = {.rig = rig, .text = BUF_INIT, .after = of_beirat + 2};
    store_notice_each(rig->g.store, beirat.item_seq, &t, put_notice);
    assert_string_equal(
        buf_str(&t.text),
        "verein meeting.note email Die Beratungsfolge stimmt nicht mehr: Stelle sb-vertretung, Mi "
        "29.09.2027, 17:00 bis 19:00 Uhr liegt vor Stelle sozialbuero, Mi 06.10.2027, 17:00 bis "
        "19:00 Uhr. Bitte klären Sie, welcher Tag sich ändert.\n"
        "sb-vertretung meeting.note email Die Beratungsfolge stimmt nicht mehr: Stelle "
        "sb-vertretung, Mi 29.09.2027, 17:00 bis 19:00 Uhr liegt vor Stelle sozialbuero, Mi "
        "06.10.2027, 17:00 bis 19:00 Uhr. Bitte klären Sie, welcher Tag sich ändert.\n");
    buf_release(&t.text);
    rig_ledger_green(rig);
}

/* ---- BI12 */

static void test_call(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, "meetings = ( { id = \"werkstatt\"; kind = \"lernwerkstatt\";"
                            " unit = \"asd\"; start = \"2027-11-17T09:00\"; duration = \"4h\";"
                            " rule = \"FREQ=YEARLY;BYMONTH=11;BYDAY=3WE\"; call = \"60 days\";"
                            " reminders = \"\"; freeze = 0; members = ( \"sozialbuero\","
                            " { unit = \"koordination\"; role = \"secretariat\"; } ); } );\n");
    struct meeting m = meeting_rig_find(rig, "werkstatt");
    int64_t before = notices(rig, m.item_seq);
    meeting_rig_until(rig, "2027-09-16T12:00:00+02:00");
    expect(rig, m.item_seq, before, "");
    /* 60 days before is a Saturday. */
    meeting_rig_until(rig, "2027-09-17T08:00:00+02:00");
#define CALL                                                                                       \
    " meeting.asked email Wozu möchten Sie beitragen? Bitte melden Sie Ihren Beitrag an bei: "    \
    "Stelle koordination.\n"
    expect(rig, m.item_seq, before, "asd" CALL "koordination" CALL "sozialbuero" CALL);
    meeting_rig_until(rig, "2027-11-17T08:00:00+01:00");
    assert_int_equal(count_told(rig, m.item_seq, "meeting.asked"), 3);
    rig_ledger_green(rig);
}

/* ---- KI6 */

enum { PARTNERS = 40 };

/* Forty partners and the host: 41 addresses, of which three are the same as others. */
static void test_list(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf units = BUF_INIT;
    for (int i = 0; i < PARTNERS; i++)
        buf_printf(&units,
                   "{ id = \"partner-%d\"; kind = \"provider\"; name = \"Partner %d\";"
                   " functions = [ \"partner\" ]; places = [ \"%s\" ]; contacts = ("
                   " { channel = \"email\"; address = \"%s%d@amt.example\"; } ); },",
                   i, i, i < 30 ? "nord" : "stadt", i == 39 ? "PARTNER" : "partner",
                   i < 37 ? i : i - 37);
    rig_add_units(rig, buf_str(&units), "");
    buf_release(&units);
    meeting_rig_config(
        rig, "meetings = ( { id = \"runde\"; kind = \"stadtteilkonferenz\"; unit = \"asd\";"
             " dates = [ \"2027-03-09T14:00\" ]; members = ( { function = \"partner\"; },"
             " { unit = \"partner-5\"; role = \"chair\"; } ); },"
             " { id = \"nord\"; kind = \"sozialraumrunde\"; unit = \"asd\";"
             " dates = [ \"2027-03-10T14:00\" ];"
             " members = ( { function = \"partner\"; place = \"nord\"; role = \"guest\"; } ); } "
             ");\n");
    struct meeting m = meeting_rig_find(rig, "runde");
    assert_int_equal(notices(rig, m.item_seq), 38);
    struct member member;
    assert_true(store_member_get(rig->g.store, m.item_seq, "partner-5", 0, &member));
    assert_int_equal(member.role, MEMBER_CHAIR);
    assert_int_equal(member.class, CLASS_PROVIDER);
    assert_true(store_member_get(rig->g.store, m.item_seq, "partner-39", 0, &member));
    /* Who works in the whole town works in each part of it. */
    m = meeting_rig_find(rig, "nord");
    assert_true(store_member_get(rig->g.store, m.item_seq, "partner-39", 0, &member));
    assert_int_equal(member.role, MEMBER_GUEST);
    rig_ledger_green(rig);
}

/* ---- MH11 */

#define BEGEHUNG "\"kind\":\"begehung\",\"unit\":\"asd\",\"start\":\"2027-05-11T10:00:00+02:00\""
#define BEGEHUNG_CALLED                                                                            \
    BEGEHUNG ",\"duration\":\"PT2H\",\"parties\":\"anna,praesenz,springer\",\"room\":\"treff\""

/* The day before, 15:00: a CANCEL to all; SMS to numbers that are there for it, within 24 h. */
static void test_weather(void **state)
{
    struct gateway_rig *rig = *state;
    rig_add_units(rig, ANNA, "");
    rig_event(rig, "jugendamt", "meeting.called", "",
              "{\"meeting_id\":\"rundgang\"," BEGEHUNG_CALLED "}");
    rig_expect_said(rig, "accepted");
    rig_event(rig, "jugendamt", "meeting.called", "",
              "{\"meeting_id\":\"rundgang-2\"," BEGEHUNG_CALLED ",\"rain_on\":\"2027-05-18\"}");
    rig_expect_said(rig, "accepted");
    meeting_rig_until(rig, "2027-05-10T15:00:00+02:00");
    struct meeting m = meeting_rig_find(rig, "rundgang");
    int64_t before = notices(rig, m.item_seq);
    rig_event(rig, "jugendamt", "meeting.cancelled", "",
              "{\"meeting_id\":\"rundgang\"," BEGEHUNG ",\"code\":\"weather\"}");
    expect(rig, m.item_seq, before,
           "anna meeting.cancelled email+sms Der Termin fällt aus.\n"
           "asd meeting.cancelled email Der Termin fällt aus.\n"
           "praesenz meeting.cancelled email Der Termin fällt aus.\n"
           "springer meeting.cancelled email+sms Der Termin fällt aus.\n");
    m = meeting_rig_find(rig, "rundgang-2");
    before = notices(rig, m.item_seq);
    rig_event(rig, "jugendamt", "meeting.cancelled", "",
              "{\"meeting_id\":\"rundgang-2\"," BEGEHUNG ",\"code\":\"weather\"}");
    rig_expect_said(rig, "accepted");
    struct session s = session_at(rig, m.item_seq, "2027-05-11T10:00:00+02:00");
    assert_int_equal(s.state, SESSION_PLANNED);
    assert_int_equal(s.start_s / 86400 - s.original_s / 86400, 7);
    assert_int_equal(notices(rig, m.item_seq), before + 4);
    /* It rains again: there is no second rain date. */
    rig_event(rig, "jugendamt", "meeting.cancelled", "",
              "{\"meeting_id\":\"rundgang-2\"," BEGEHUNG ",\"code\":\"weather\"}");
    expect(rig, m.item_seq, before + 4,
           "anna meeting.cancelled email Der Termin fällt aus.\n"
           "asd meeting.cancelled email Der Termin fällt aus.\n"
           "praesenz meeting.cancelled email Der Termin fällt aus.\n"
           "springer meeting.cancelled email Der Termin fällt aus.\n");
    rig_ledger_green(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_presence),     LIFE(test_stand_in),   LIFE(test_no),
        LIFE(test_long_absence), LIFE(test_configured), LIFE(test_worker_declines),
        LIFE(test_papers),       LIFE(test_moved_body), LIFE(test_call),
        LIFE(test_list),         LIFE(test_weather),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
