/*
 * Reading other people's calendars: see ical.h.
 *
 * Read by ourselves: an answer needs six properties of the VEVENT and nothing else, and what comes
 * from outside should not pass through a parser that builds a tree of all of it inside the process
 * that decides. Forms that clients are known to write, with their sources, are the cases of
 * tests/test_ical_read.c.
 *
 * Promises: two passes over at most ICAL_INPUT_MAX bytes, memory for one line, whatever the input;
 * a line or a nesting that is too long or too deep is passed over. Refuses to guess: a time in a
 * zone that is not known, or a change "of this and all later sessions", leaves the VEVENT out. No
 * clock, no I/O; a crash leaves nothing.
 */
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "ical.h"
#include "ical_parts.h"
#include "util.h"

enum { LINE_MAX_OCTETS = 4096, PARAM_MAX = 256, ZONES_MAX = 8, SEQUENCE_MAX = 1000000000 };
enum { OFFSET_WINTER_S = 3600, OFFSET_SUMMER_S = 7200 };

/* Zones that change their clocks at the same moment as Berlin, by what must be added to get ours.
 */
static const struct {
    const char *name;
    int ahead_s;
} zones[] = {
    {"Europe/Berlin", 0},
    {"W. Europe Standard Time", 0}, /* names of Windows from here on, see CLDR windowsZones */
    {"Central Europe Standard Time", 0},
    {"Central European Standard Time", 0},
    {"Romance Standard Time", 0},
    {"GMT Standard Time", 3600},
    {"FLE Standard Time", -3600},
    {"GTB Standard Time", -3600},
    {"E. Europe Standard Time", -3600},
    {"Europe/Amsterdam", 0},
    {"Europe/Brussels", 0},
    {"Europe/Busingen", 0},
    {"Europe/Copenhagen", 0},
    {"Europe/Luxembourg", 0},
    {"Europe/Madrid", 0},
    {"Europe/Paris", 0},
    {"Europe/Prague", 0},
    {"Europe/Rome", 0},
    {"Europe/Stockholm", 0},
    {"Europe/Vienna", 0},
    {"Europe/Warsaw", 0},
    {"Europe/Zurich", 0},
    {"CET", 0},
    {"MEZ", 0},
    {"Europe/Lisbon", 3600},
    {"Europe/London", 3600},
    {"Europe/Athens", -3600},
    {"Europe/Bucharest", -3600},
    {"Europe/Helsinki", -3600},
};

/* A zone that the calendar describes itself: does it ever differ from +01:00 and +02:00? */
struct described {
    char name[PARAM_MAX];
    bool winter, summer, other;
};

struct reader {
    const char *at, *end;
    struct buf line; /* one unfolded line */
    bool too_long;
};

/* One property: a name, parameters and a value, within the reader's line. */
struct property {
    char name[24];
    const char *params;
    size_t params_len;
    const char *value;
};

/* What is being read. */
struct pass {
    struct described zone[ZONES_MAX];
    size_t zones_known;
    struct ical_reply event; /* what the VEVENT says so far */
    bool broken;             /* it is left out */
    struct ical_reply *replies;
    size_t first; /* of this VEVENT */
    size_t n, max;
    char method[16];
    bool seen; /* BEGIN:VCALENDAR */
    int depth; /* of components that are open */
    bool in_event, in_zone;
    bool second; /* pass: zones are known */
};

static bool line_break(char c)
{
    return c == '\n' || c == '\r';
}

/* A NUL becomes a control character, so that it spoils its value and nothing else. */
static void add_piece(struct reader *r, const char *piece, size_t n)
{
    size_t room = LINE_MAX_OCTETS - r->line.len, before = r->line.len;
    r->too_long = r->too_long || n > room;
    buf_add(&r->line, piece, n < room ? n : room);
    for (size_t i = before; i < r->line.len; i++)
        if (r->line.data[i] == '\0')
            r->line.data[i] = '\1';
}

/* The next line that is not empty, unfolded (RFC 5545 3.1); false at the end. CR, LF and CRLF end a
 * line. */
static bool next_line(struct reader *r)
{
    buf_reset(&r->line);
    r->too_long = false;
    while (r->at < r->end && line_break(*r->at))
        r->at++;
    if (r->at == r->end)
        return false;
    for (;;) {
        const char *from = r->at;
        while (r->at < r->end && !line_break(*r->at))
            r->at++;
        add_piece(r, from, (size_t)(r->at - from));
        const char *next = r->at;
        if (next < r->end && *next == '\r')
            next++;
        if (next < r->end && *next == '\n')
            next++;
        if (next >= r->end || (*next != ' ' && *next != '\t'))
            break;
        r->at = next + 1;
    }
    while (r->line.len && r->line.data[r->line.len - 1] == ' ')
        r->line.data[--r->line.len] = '\0';
    return true;
}

/* Splits a line; false when it is none of a calendar. Colons and semicolons count outside of double
 * quotes only. */
static bool split(const char *line, struct property *property)
{
    size_t n = strcspn(line, ";:");
    if (n == 0 || n >= sizeof property->name || line[n] == '\0')
        return false;
    memcpy(property->name, line, n);
    property->name[n] = '\0';
    property->params = line + n;
    bool quoted = false;
    for (const char *p = line + n; *p; p++) {
        if (*p == '"')
            quoted = !quoted;
        if (*p == ':' && !quoted) {
            property->params_len = (size_t)(p - property->params);
            property->value = p + 1;
            return true;
        }
    }
    return false;
}

/* A parameter's value without quotes; false when it is missing or too long. */
static bool param(const struct property *property, const char *name, char value[PARAM_MAX])
{
    const char *p = property->params, *end = p + property->params_len;
    size_t len = strlen(name);
    value[0] = '\0';
    while (p < end) {
        const char *at = ++p; /* behind the ';' */
        bool quoted = false;
        for (; p < end && (quoted || *p != ';'); p++)
            quoted = *p == '"' ? !quoted : quoted;
        size_t n = (size_t)(p - at);
        if (n <= len || strncasecmp(at, name, len) != 0 || at[len] != '=')
            continue;
        at += len + 1;
        n -= len + 1;
        if (n > 1 && at[0] == '"' && at[n - 1] == '"') {
            at++;
            n -= 2;
        }
        if (n >= PARAM_MAX)
            return false;
        memcpy(value, at, n);
        value[n] = '\0';
        return true;
    }
    return false;
}

/* "Europe/Berlin", or behind a prefix as libical and Mozilla write: "/mozilla.org/2005/Europe/..."
 */
static bool zone_is(const char *written, const char *name)
{
    size_t n = strlen(written), len = strlen(name);
    if (written[0] == '/' && n > len && written[n - len - 1] == '/')
        return strcasecmp(written + n - len, name) == 0;
    return strcasecmp(written, name) == 0;
}

/* Wall seconds of a zone -> ours; false when nothing is known about the zone. */
static bool zone_shift(const struct pass *pass, const char *name, int64_t *seconds)
{
    if (str_empty(name))
        return true;
    for (size_t i = 0; i < COUNT_OF(zones); i++)
        if (zone_is(name, zones[i].name)) {
            *seconds += zones[i].ahead_s;
            return true;
        }
    if (zone_is(name, "UTC") || zone_is(name, "Etc/UTC") || zone_is(name, "GMT")) {
        *seconds = ical_wall_s(*seconds);
        return true;
    }
    for (size_t i = 0; i < pass->zones_known; i++) {
        const struct described *zone = &pass->zone[i];
        if (str_eq(zone->name, name))
            return zone->winter && zone->summer && !zone->other;
    }
    return false;
}

/* A time of whatever form -> wall seconds in Berlin. */
static bool read_time(const struct pass *pass, const struct property *property, int64_t *wall_s,
                      bool *day)
{
    char zone[PARAM_MAX];
    enum ical_form form;
    if (!ical_time_parse(property->value, wall_s, &form))
        return false;
    *day = form == ICAL_FORM_DATE;
    if (form == ICAL_FORM_UTC)
        *wall_s = ical_wall_s(*wall_s);
    else if (form == ICAL_FORM_WALL) {
        param(property, "TZID", zone);
        return zone_shift(pass, zone, wall_s);
    }
    return true;
}

/* A TEXT that must fit whole, printable and without escapes but "\," "\;" "\\". */
static bool copy_text(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1] && strchr(",;\\", p[1]))
            p++;
        if (n + 1 >= size || (unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
        out[n++] = *p;
    }
    out[n] = '\0';
    return n > 0 && utf8_valid(out, n);
}

/* "mailto:" in whatever case, or an address alone; lower case. */
static bool copy_address(char *out, size_t size, const char *text)
{
    if (strncasecmp(text, "mailto:", 7) == 0)
        text += 7;
    size_t n = strlen(text);
    const char *at = strchr(text, '@');
    if (n >= size || !at || at == text || !at[1] || strchr(at + 1, '@'))
        return false;
    for (size_t i = 0; i <= n; i++) {
        char c = text[i];
        if (i < n && (c <= 0x20 || c >= 0x7f || strchr("<>()[],;:\\\"", c)))
            return false;
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return true;
}

/* A word of capitals and hyphens, in whatever case it came. */
static bool copy_word(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n >= size)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool lower = text[i] >= 'a' && text[i] <= 'z', upper = text[i] >= 'A' && text[i] <= 'Z';
        if (!lower && !upper && text[i] != '-')
            return false;
    }
    for (size_t i = 0; i <= n; i++)
        out[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
    return true;
}

/* One who answers, with what the VEVENT says about the rest still to come. */
static void read_attendee(struct pass *pass, const struct property *property)
{
    char value[PARAM_MAX];
    if (pass->n == pass->max)
        return;
    struct ical_reply *reply = &pass->replies[pass->n];
    memset(reply, 0, sizeof *reply);
    if (!copy_address(reply->address, sizeof reply->address, property->value) &&
        !(param(property, "EMAIL", value) &&
          copy_address(reply->address, sizeof reply->address, value)))
        return;
    if (!param(property, "PARTSTAT", value))
        strcpy(value, "NEEDS-ACTION"); /* RFC 5545 3.2.12 */
    if (copy_word(reply->status, sizeof reply->status, value))
        pass->n++;
}

static void read_uid(struct pass *pass, const struct property *property)
{
    if (!copy_text(pass->event.uid, sizeof pass->event.uid, property->value))
        pass->broken = true;
}

static void read_sequence(struct pass *pass, const struct property *property)
{
    if (!int_parse(property->value, 0, SEQUENCE_MAX, &pass->event.sequence))
        pass->event.sequence = 0;
}

static void read_dtstamp(struct pass *pass, const struct property *property)
{
    int64_t wall_s;
    bool day;
    enum ical_form form;
    if (ical_time_parse(property->value, &wall_s, &form) && form == ICAL_FORM_UTC)
        pass->event.dtstamp_ms = wall_s * 1000;
    else if (read_time(pass, property, &wall_s, &day))
        pass->event.dtstamp_ms = ical_utc_s(wall_s) * 1000;
}

static void read_recurrence(struct pass *pass, const struct property *property)
{
    struct ical_reply *event = &pass->event;
    char range[PARAM_MAX];
    if (param(property, "RANGE", range) || event->recurrence_s ||
        !read_time(pass, property, &event->recurrence_s, &event->recurrence_day) ||
        event->recurrence_s == 0)
        pass->broken = true;
}

static const struct {
    const char *name;
    void (*read)(struct pass *pass, const struct property *property);
} readers[] = {
    {"UID", read_uid},           {"SEQUENCE", read_sequence},
    {"DTSTAMP", read_dtstamp},   {"RECURRENCE-ID", read_recurrence},
    {"ATTENDEE", read_attendee},
};

static void event_begin(struct pass *pass)
{
    memset(&pass->event, 0, sizeof pass->event);
    pass->broken = false;
    pass->in_event = true;
    pass->first = pass->n;
}

/* Gives those who answer what the VEVENT said, or takes them back. */
static void event_end(struct pass *pass)
{
    pass->in_event = false;
    if (pass->broken || str_empty(pass->event.uid))
        pass->n = pass->first;
    for (size_t i = pass->first; i < pass->n; i++) {
        struct ical_reply all = pass->event;
        memcpy(all.address, pass->replies[i].address, sizeof all.address);
        memcpy(all.status, pass->replies[i].status, sizeof all.status);
        pass->replies[i] = all;
    }
}

static void zone_property(struct pass *pass, const struct property *property)
{
    struct described *zone = &pass->zone[pass->zones_known - 1];
    if (pass->depth == 2 && strcasecmp(property->name, "TZID") == 0) {
        if (!copy_text(zone->name, sizeof zone->name, property->value))
            zone->other = true;
    } else if (pass->depth == 3 && strcasecmp(property->name, "TZOFFSETTO") == 0) {
        bool winter = str_eq(property->value, "+0100"), summer = str_eq(property->value, "+0200");
        zone->winter = zone->winter || winter;
        zone->summer = zone->summer || summer;
        zone->other = zone->other || !(winter || summer);
    }
}

static void begin(struct pass *pass, const char *component)
{
    if (pass->depth == 0 && strcasecmp(component, "VCALENDAR") == 0)
        pass->seen = true;
    if (pass->seen)
        pass->depth++;
    if (pass->depth != 2)
        return;
    if (strcasecmp(component, "VEVENT") == 0 && pass->second) {
        event_begin(pass);
    } else if (strcasecmp(component, "VTIMEZONE") == 0 && !pass->second &&
               pass->zones_known < ZONES_MAX) {
        memset(&pass->zone[pass->zones_known++], 0, sizeof *pass->zone);
        pass->in_zone = true;
    }
}

/* False at the end of the calendar. */
static bool end(struct pass *pass, const char *component)
{
    if (pass->depth == 2 && pass->in_event) {
        pass->broken = pass->broken || strcasecmp(component, "VEVENT") != 0;
        event_end(pass);
    }
    if (pass->depth == 2)
        pass->in_zone = false;
    if (pass->depth > 0)
        pass->depth--;
    return !pass->seen || pass->depth > 0;
}

/* A session that is named in a way that cannot be read must not become the whole series. */
static void unreadable(struct pass *pass, const char *line)
{
    static const char name[] = "RECURRENCE";
    if (pass->in_event && pass->depth == 2 && strncasecmp(line, name, strlen(name)) == 0)
        pass->broken = true;
}

static void event_property(struct pass *pass, const struct property *property)
{
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        if (strcasecmp(property->name, readers[i].name) == 0) {
            readers[i].read(pass, property);
            return;
        }
    unreadable(pass, property->name);
}

/* False when there is no more to read. */
static bool read_property(struct pass *pass, const struct property *property)
{
    if (strcasecmp(property->name, "BEGIN") == 0)
        begin(pass, property->value);
    else if (strcasecmp(property->name, "END") == 0)
        return end(pass, property->value);
    else if (pass->depth == 1 && !pass->method[0] && strcasecmp(property->name, "METHOD") == 0)
        copy_word(pass->method, sizeof pass->method, property->value);
    else if (pass->in_zone)
        zone_property(pass, property);
    else if (pass->in_event && pass->depth == 2)
        event_property(pass, property);
    return true;
}

static void run(struct pass *pass, const char *text, size_t len)
{
    struct reader reader = {.at = text, .end = text + len, .line = BUF_INIT};
    struct property property;
    bool more = true;
    pass->seen = pass->in_event = pass->in_zone = false;
    pass->depth = 0;
    while (more && next_line(&reader)) {
        if (!reader.too_long && split(buf_str(&reader.line), &property))
            more = read_property(pass, &property);
        else
            unreadable(pass, buf_str(&reader.line));
    }
    if (pass->in_event)
        pass->n = pass->first; /* cut off */
    buf_release(&reader.line);
}

enum ical_verdict ical_read(const char *text, size_t len, struct ical_reply *replies, size_t max,
                            size_t *count, char method[16])
{
    struct pass pass = {.replies = replies, .max = max};
    *count = 0;
    method[0] = '\0';
    if (len > ICAL_INPUT_MAX)
        return ICAL_TOO_LARGE;
    if (len == 0)
        return ICAL_NO_CALENDAR;
    run(&pass, text, len);
    if (!pass.seen)
        return ICAL_NO_CALENDAR;
    memcpy(method, pass.method, sizeof pass.method);
    if (!str_eq(method, "REPLY"))
        return ICAL_OTHER;
    pass.second = true;
    run(&pass, text, len);
    *count = pass.n;
    return pass.n ? ICAL_REPLY : ICAL_OTHER;
}
