/*
 * The meetings of the golden calendars and mails: a monthly round with an exception, one session of
 * it moved, one cancelled, and a single meeting. Texts hold what a writer can stumble over.
 */
#ifndef ICAL_SAMPLE_H
#define ICAL_SAMPLE_H

#include <stdint.h>

#include "../daemon/ical.h"
#include "../daemon/util.h"

enum { SAMPLE_DAY_S = 86400 };

static inline int64_t sample_wall(int month, int mday, int hour, int minute)
{
    return day_of(2027, month, mday) * SAMPLE_DAY_S + hour * 3600 + minute * 60;
}

static const struct ical_attendee sample_members[] = {
    {"leitung@ksd.example.org", "Teamleitung KSD Eselsberg", "CHAIR", "ACCEPTED"},
    {"team@jugendhilfe.example.org", "Träger \"Nord\", Teamleitung", "REQ-PARTICIPANT",
     "NEEDS-ACTION"},
    {"quartier@stadt.example.org", "Quartiersarbeit", "OPT-PARTICIPANT", "NEEDS-ACTION"},
    {"protokoll@stadt.example.org", "Geschäftsstelle", "NON-PARTICIPANT", "NEEDS-ACTION"},
};

/* First Thursday of the month, 09:00, over both changes of the clock; not on Ascension Day. */
static inline struct ical_event sample_master(void)
{
    static int64_t except;
    except = sample_wall(5, 6, 9, 0);
    return (struct ical_event){
        .uid = "m-4711@stafette.example.org",
        .dtstamp_ms = INT64_C(1795162443000), /* 2026-11-20T08:14:03Z */
        .start_s = sample_wall(1, 7, 9, 0),
        .end_s = sample_wall(1, 7, 10, 30),
        .rule = "FREQ=MONTHLY;BYDAY=1TH;UNTIL=20271231",
        .except = &except,
        .excepts = 1,
        .summary = "Sozialraumteam Eselsberg",
        .description = "Sie sind eingeladen.\nRückmeldung: bitte bis 4 Tage vorher; Räume, Zugang "
                       "und Einwahl stehen im Portal \\ Kalender.",
        .location = "Bürgerhaus, Raum 2; Eingang Süd",
        .url = "https://konferenz.example.org/raum-7",
        .organizer_address = "stafette@example.org",
        .organizer_name = "Stafette für den KSD Eselsberg",
        .attendee = sample_members,
        .attendees = COUNT_OF(sample_members),
    };
}

static inline struct ical_event sample_session(struct ical_event master, int month, int mday)
{
    master.rule = NULL;
    master.excepts = 0;
    master.sequence = 1;
    master.recurrence_s = master.start_s = sample_wall(month, mday, 9, 0);
    master.end_s = sample_wall(month, mday, 10, 30);
    return master;
}

/* 1 April goes to the 8th, 14:00. */
static inline struct ical_event sample_moved(void)
{
    struct ical_event moved = sample_session(sample_master(), 4, 1);
    moved.start_s = sample_wall(4, 8, 14, 0);
    moved.end_s = sample_wall(4, 8, 15, 30);
    return moved;
}

static inline struct ical_event sample_cancelled(void)
{
    struct ical_event cancelled = sample_session(sample_master(), 6, 3);
    cancelled.sequence = 2;
    cancelled.cancelled = true;
    return cancelled;
}

/* On the Sunday of the spring change, in the first hour after it. */
static inline struct ical_event sample_single(void)
{
    struct ical_event single = sample_master();
    single.uid = "m-4712@stafette.example.org";
    single.rule = NULL;
    single.excepts = 0;
    single.start_s = sample_wall(3, 28, 3, 30);
    single.end_s = sample_wall(3, 28, 5, 0);
    single.summary = "Begehung";
    return single;
}

#endif
