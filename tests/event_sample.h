/*
 * Valid events of every type, made from the tables: what the tests of the event part start from,
 * and how they compare. To be included after cmocka.h.
 */
#ifndef EVENT_SAMPLE_H
#define EVENT_SAMPLE_H

#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/event.h"
#include "../daemon/event_table.h"
#include "../daemon/json.h"
#include "../daemon/util.h"

#define SAMPLE_REF "cr-7f3k92qxm4t8b"
#define SAMPLE_SOURCE "jugendamt-kiel"

/* A harmless value of each kind, as JSON. */
static inline const char *sample_of_kind(enum value_kind kind)
{
    static const char *const samples[VALUE_KIND_COUNT] = {
        [VALUE_CODE] = "\"transition_36b\"",
        [VALUE_CODES] = "\"open_tasks,consent_ref\"",
        [VALUE_IDS] = "\"jugendamt-asd,sozialbuero\"",
        [VALUE_DATES] = "\"2027-01-07,2027-09\"",
        [VALUE_ID] = "\"jugendamt-kiel-asd-mitte\"",
        [VALUE_AREA] = "\"SGB_IX\"",
        [VALUE_CASE_REF] = "\"" SAMPLE_REF "\"",
        [VALUE_CONSENT] = "\"c-8841\"",
        [VALUE_ITEM_ID] = "\"K7F3-92QX\"",
        [VALUE_EVENT_ID] = "\"01JD3K9Q7Z\"",
        [VALUE_DATE] = "\"2026-12-04\"",
        [VALUE_TIME] = "\"2026-11-20T09:14:03+01:00\"",
        [VALUE_WEEK] = "\"2027-W05\"",
        [VALUE_DURATION] = "\"PT90M\"",
        [VALUE_LINK] = "\"https://konferenz.example/raum-7\"",
        [VALUE_RRULE] = "\"FREQ=MONTHLY;BYDAY=1TH\"",
        [VALUE_INTEGER] = "3",
        [VALUE_BOOLEAN] = "true",
    };
    return samples[kind] ? samples[kind] : "null";
}

/* Appends the sample of a field; of a closed list the last code, which is no public meeting. */
static inline void sample_value(struct buf *out, int type, enum field f)
{
    const char *const *codes = event_type_codes(type, f);
    if (!codes) {
        buf_puts(out, sample_of_kind(event_field_row(f)->kind));
        return;
    }
    while (codes[1])
        codes++;
    json_put_text(out, *codes);
}

/* The least set of fields that makes an event of this type complete. */
static inline field_set sample_least(int type)
{
    const struct type_row *row = event_type_row(type);
    return row->required | (row->rules & RULE_ROUTED ? FIELD_BIT(TO_UNIT) : 0);
}

/* Appends {"field":value,...}; `odd` takes the JSON `value` instead of its sample when not NULL. */
static inline void sample_data(struct buf *out, int type, field_set fields, enum field odd,
                               const char *value)
{
    buf_addc(out, '{');
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        if (!(fields & (field_set)1 << f))
            continue;
        json_put_name(out, event_field_name((enum field)f));
        if (f == odd && value)
            buf_puts(out, value);
        else
            sample_value(out, type, (enum field)f);
    }
    buf_addc(out, '}');
}

/* Appends a whole envelope around `data` (JSON). */
static inline void sample_envelope(struct buf *out, int type, const char *data)
{
    buf_puts(out, "{\"specversion\":\"1.0\",\"id\":\"01JD3K9Q7Z\",\"source\":\"/" SAMPLE_SOURCE
                  "/fachverfahren\",\"type\":\"");
    event_full_type(out, event_type_name(type));
    buf_printf(out, "\",\"time\":\"2026-11-20T09:14:03+01:00\",\"data\":%s}", data);
}

static inline void sample_topic(struct buf *out, int type)
{
    buf_puts(out, "stafette/in/" SAMPLE_SOURCE "/");
    size_t from = out->len;
    buf_puts(out, event_type_name(type));
    for (size_t i = from; i < out->len; i++)
        if (out->data[i] == '.')
            out->data[i] = '/';
}

/* Reads `payload` as an event of this type on its topic; release ev afterwards, then payload. */
static inline enum event_verdict sample_read(struct event *ev, int type, const char *payload)
{
    struct buf topic = BUF_INIT;
    sample_topic(&topic, type);
    struct event_input input = {.topic = buf_str(&topic),
                                .payload = payload,
                                .payload_len = strlen(payload),
                                .content_type = "application/cloudevents+json"};
    enum event_verdict verdict = event_read(ev, &input);
    buf_release(&topic);
    return verdict;
}

static inline const char *sample_verdict_name(enum event_verdict verdict)
{
    switch (verdict) {
    case EVENT_OK:
        return "ok";
    case EVENT_INCOMPLETE:
        return "incomplete";
    case EVENT_FORBIDDEN:
        return "forbidden";
    case EVENT_NOT_HANDLED:
        return "not_handled";
    }
    return "?";
}

/* "forbidden E-FELD data.diagnosis, E-WERT data.place" */
static inline void sample_summary(struct buf *out, const struct event *ev,
                                  enum event_verdict verdict)
{
    buf_puts(out, sample_verdict_name(verdict));
    for (size_t i = 0; i < ev->faults; i++)
        buf_printf(out, "%s %s%s%s", i ? "," : "", ev->fault[i].code,
                   ev->fault[i].field[0] ? " " : "", ev->fault[i].field);
}

/* Reads the payload on the type's topic and compares "verdict codes". */
static inline void sample_expect(int type, const char *label, const char *payload, const char *want)
{
    struct event ev;
    struct buf got = BUF_INIT;
    sample_summary(&got, &ev, sample_read(&ev, type, payload));
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s %s\n  got  %s\n  want %s", event_type_name(type), label, buf_str(&got), want);
    event_release(&ev);
    buf_release(&got);
}

/* The same for an event made from data. */
static inline void sample_expect_data(int type, const char *label, const char *data,
                                      const char *want)
{
    struct buf payload = BUF_INIT;
    sample_envelope(&payload, type, data);
    sample_expect(type, label, buf_str(&payload), want);
    buf_release(&payload);
}

static inline const char *sample_good(int type)
{
    return event_type_handled(type) ? "ok" : "not_handled E-NOCH-NICHT type";
}

/* "verdict E-... field" with the trailing fault that types not handled yet carry. */
static inline void sample_want(struct buf *out, int type, const char *verdict, const char *faults)
{
    buf_reset(out);
    buf_printf(out, "%s %s%s", verdict, faults,
               event_type_handled(type) ? "" : ", E-NOCH-NICHT type");
}

#endif
