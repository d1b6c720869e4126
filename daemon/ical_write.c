/*
 * Calendars as text: see ical.h.
 *
 * Written by hand, because libical puts a prefix before each TZID and the whole history of the zone
 * since 1893 behind it. What the clients want, and where they say so, is in tests/golden/README.
 *
 * Promises: lines of at most 75 octets, folded between characters and ended by CRLF; nothing that a
 * text contains can end its line or its property (escaped, control characters and broken UTF-8
 * replaced); the same input gives the same bytes. An address, a link or a rule that is malformed is
 * left out with its property. Refuses nothing. No clock, no I/O; a crash leaves nothing.
 */
#include "ical.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ical_parts.h"
#include "util.h"

enum { LINE_OCTETS = 75, DAY_S = 86400 };

#define ZONE "Europe/Berlin"

/* The rule of the European Union as it is since 1996; the summers since 1981 are the same. */
static const char zone_text[] = "BEGIN:VTIMEZONE\r\n"
                                "TZID:" ZONE "\r\n"
                                "BEGIN:DAYLIGHT\r\n"
                                "TZOFFSETFROM:+0100\r\n"
                                "TZOFFSETTO:+0200\r\n"
                                "TZNAME:CEST\r\n"
                                "DTSTART:19810329T020000\r\n"
                                "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
                                "END:DAYLIGHT\r\n"
                                "BEGIN:STANDARD\r\n"
                                "TZOFFSETFROM:+0200\r\n"
                                "TZOFFSETTO:+0100\r\n"
                                "TZNAME:CET\r\n"
                                "DTSTART:19961027T030000\r\n"
                                "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
                                "END:STANDARD\r\n"
                                "END:VTIMEZONE\r\n";

static bool is_none(const char *text)
{
    return !text || *text == '\0';
}

/* Octets of the UTF-8 character at p, 0 when there is none that is whole. */
static size_t char_octets(const char *p)
{
    unsigned char c = (unsigned char)*p;
    size_t want = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2, n = 1;
    while (n < want && ((unsigned char)p[n] & 0xc0) == 0x80)
        n++;
    return n == want && utf8_valid(p, n) ? n : 0;
}

/* Appends a line, folded (RFC 5545 3.1), and empties it. */
static void end_line(struct buf *out, struct buf *line)
{
    size_t column = 0;
    for (const char *p = buf_str(line); *p;) {
        size_t n = char_octets(p) ? char_octets(p) : 1;
        if (column + n > LINE_OCTETS) {
            buf_puts(out, "\r\n ");
            column = 1;
        }
        buf_add(out, p, n);
        column += n;
        p += n;
    }
    buf_puts(out, "\r\n");
    buf_reset(line);
}

static void add_line(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For what cannot hold anything foreign. */
static void add_line(struct buf *out, const char *fmt, ...)
{
    struct buf line = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&line, fmt, ap);
    va_end(ap);
    end_line(out, &line);
    buf_release(&line);
}

/* One character of a foreign text; returns its octets. A line break is said as `lf`. */
static size_t add_char(struct buf *line, const char *p, const char *lf)
{
    size_t n = char_octets(p);
    if (!n)
        buf_addc(line, '?');
    else if (*p == '\n')
        buf_puts(line, lf);
    else if (*p == '\r')
        buf_puts(line, p[1] == '\n' ? "" : lf);
    else if ((unsigned char)*p < 0x20 || *p == 0x7f)
        buf_addc(line, ' ');
    else
        buf_add(line, p, n);
    return n ? n : 1;
}

/* NAME:text with the escapes of a TEXT (RFC 5545 3.3.11); nothing for an empty one. */
static void add_text(struct buf *out, const char *name, const char *text)
{
    struct buf line = BUF_INIT;
    if (is_none(text))
        return;
    buf_printf(&line, "%s:", name);
    while (*text) {
        if (strchr("\\;,", *text))
            buf_addc(&line, '\\');
        text += add_char(&line, text, "\\n");
    }
    end_line(out, &line);
    buf_release(&line);
}

/* CN="...": a double quote cannot stand in it, '^' is doubled for readers of RFC 6868. */
static void add_name(struct buf *line, const char *name)
{
    if (is_none(name))
        return;
    buf_puts(line, ";CN=\"");
    while (*name) {
        if (*name == '"' || *name == '^') {
            buf_puts(line, *name == '"' ? "'" : "^^");
            name++;
        } else {
            name += add_char(line, name, " ");
        }
    }
    buf_addc(line, '"');
}

/* Printable ASCII without what ends a value somewhere. */
static bool is_safe(const char *text, const char *without)
{
    for (const char *p = text; *p; p++)
        if (*p <= 0x20 || *p >= 0x7f || strchr(without, *p))
            return false;
    return *text != '\0';
}

static bool is_address(const char *text)
{
    const char *at = text ? strchr(text, '@') : NULL;
    return at && at != text && at[1] && !strchr(at + 1, '@') && is_safe(text, "<>()[],;:\\\"?%");
}

static void add_stamp(struct buf *line, int64_t seconds)
{
    int year, month, mday;
    int64_t second = (seconds % DAY_S + DAY_S) % DAY_S;
    day_split((seconds - second) / DAY_S, &year, &month, &mday);
    buf_printf(line, "%04d%02d%02dT%02d%02d%02d", year, month, mday, (int)(second / 3600),
               (int)(second / 60 % 60), (int)(second % 60));
}

/* Wall times, one or a list, in our zone. */
static void add_times(struct buf *out, const char *name, const int64_t *wall_s, size_t n)
{
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s;TZID=" ZONE, name);
    for (size_t i = 0; i < n; i++) {
        buf_addc(&line, i ? ',' : ':');
        add_stamp(&line, wall_s[i]);
    }
    if (n)
        end_line(out, &line);
    buf_release(&line);
}

/* UNTIL stands in UTC beside a DTSTART with a zone (RFC 5545 3.3.10). */
static void add_rule(struct buf *out, const char *rule)
{
    struct buf line = BUF_INIT, why = BUF_INIT;
    const char *until = is_none(rule) ? NULL : strstr(rule, "UNTIL=");
    int64_t until_s;
    if (!is_none(rule) && ical_rule_check(rule, &why) == 0) {
        size_t head = until ? (size_t)(until - rule) : strlen(rule);
        buf_printf(&line, "RRULE:%.*s", (int)head, rule);
        if (until) {
            size_t n = strcspn(until, ";");
            char *value = xstrndup(until + strlen("UNTIL="), n - strlen("UNTIL="));
            if (ical_until_parse(value, &until_s)) {
                buf_puts(&line, "UNTIL=");
                add_stamp(&line, ical_utc_s(until_s));
                buf_printf(&line, "Z%s", until + n);
            }
            free(value);
        }
        end_line(out, &line);
    }
    buf_release(&why);
    buf_release(&line);
}

/* The value when it is one of the list, else the list's first. */
static const char *one_of(const char *const *list, const char *value)
{
    for (size_t i = 0; list[i] && value; i++)
        if (str_eq(list[i], value))
            return list[i];
    return list[0];
}

static void add_organizer(struct buf *out, const struct ical_event *event)
{
    struct buf line = BUF_INIT;
    if (!is_address(event->organizer_address))
        return;
    buf_puts(&line, "ORGANIZER");
    add_name(&line, event->organizer_name);
    buf_printf(&line, ":mailto:%s", event->organizer_address);
    end_line(out, &line);
    buf_release(&line);
}

static void add_attendee(struct buf *out, const struct ical_attendee *attendee, bool asked)
{
    static const char *const roles[] = {"REQ-PARTICIPANT", "CHAIR", "OPT-PARTICIPANT",
                                        "NON-PARTICIPANT", NULL};
    static const char *const states[] = {"NEEDS-ACTION", "ACCEPTED",  "DECLINED",
                                         "TENTATIVE",    "DELEGATED", NULL};
    const char *role = one_of(roles, attendee->role);
    struct buf line = BUF_INIT;
    if (!is_address(attendee->address))
        return;
    buf_printf(&line, "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=%s;PARTSTAT=%s", role,
               one_of(states, attendee->status));
    if (asked)
        buf_printf(&line, ";RSVP=%s", str_eq(role, "NON-PARTICIPANT") ? "FALSE" : "TRUE");
    add_name(&line, attendee->name);
    buf_printf(&line, ":mailto:%s", attendee->address);
    end_line(out, &line);
    buf_release(&line);
}

static void add_when(struct buf *out, const struct ical_event *event)
{
    struct buf stamp = BUF_INIT;
    add_stamp(&stamp, event->dtstamp_ms / 1000);
    add_line(out, "DTSTAMP:%sZ", buf_str(&stamp));
    buf_release(&stamp);
    add_line(out, "SEQUENCE:%" PRId64, event->sequence);
    if (event->recurrence_s)
        add_times(out, "RECURRENCE-ID", &event->recurrence_s, 1);
    add_times(out, "DTSTART", &event->start_s, 1);
    add_times(out, "DTEND", &event->end_s, 1);
    if (!event->recurrence_s)
        add_rule(out, event->rule);
    add_times(out, "EXDATE", event->except, event->excepts);
}

static void add_event(struct buf *out, const char *method, const struct ical_event *event)
{
    bool published = str_eq(method, "PUBLISH");
    add_line(out, "BEGIN:VEVENT");
    add_text(out, "UID", event->uid);
    add_when(out, event);
    add_text(out, "SUMMARY", event->summary);
    add_text(out, "DESCRIPTION", event->description);
    add_text(out, "LOCATION", event->location);
    if (event->url && is_safe(event->url, "\"<>\\^`{|}"))
        add_line(out, "URL:%s", event->url);
    add_organizer(out, event);
    for (size_t i = 0; !published && i < event->attendees; i++)
        add_attendee(out, &event->attendee[i], str_eq(method, "REQUEST"));
    add_line(out, "STATUS:%s", event->cancelled ? "CANCELLED" : "CONFIRMED");
    add_line(out, "CLASS:PUBLIC");
    add_line(out, "TRANSP:%s", event->cancelled ? "TRANSPARENT" : "OPAQUE");
    add_line(out, "X-MICROSOFT-CDO-BUSYSTATUS:%s", event->cancelled ? "FREE" : "BUSY");
    add_line(out, "END:VEVENT");
}

static void write_calendar(struct buf *out, const char *method, const char *name,
                           const struct ical_event *event, size_t events)
{
    static const char *const methods[] = {"PUBLISH", "REQUEST", "CANCEL", "REPLY", NULL};
    method = one_of(methods, method);
    add_line(out, "BEGIN:VCALENDAR");
    add_line(out, "PRODID:-//Stafette//Stafette//DE");
    add_line(out, "VERSION:2.0");
    add_line(out, "CALSCALE:GREGORIAN");
    add_line(out, "METHOD:%s", method);
    if (!is_none(name)) {
        add_text(out, "NAME", name);
        add_text(out, "X-WR-CALNAME", name);
        add_line(out, "X-WR-TIMEZONE:" ZONE);
        add_line(out, "REFRESH-INTERVAL;VALUE=DURATION:PT1H");
        add_line(out, "X-PUBLISHED-TTL:PT1H");
    }
    buf_puts(out, zone_text);
    for (size_t i = 0; i < events; i++)
        add_event(out, method, &event[i]);
    add_line(out, "END:VCALENDAR");
}

void ical_write(struct buf *out, const char *method, const struct ical_event *event, size_t events)
{
    write_calendar(out, method, "", event, events);
}

void ical_write_feed(struct buf *out, const char *name, const struct ical_event *event,
                     size_t events)
{
    write_calendar(out, "PUBLISH", is_none(name) ? "Stafette" : name, event, events);
}
