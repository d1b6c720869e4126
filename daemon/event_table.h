/*
 * Inside the event part only: the rows of the tables in event_types.c, event_fields.c and
 * event_fault.c, and the few functions that event.c and event_schema.c share. Others use event.h.
 */
#ifndef EVENT_TABLE_H
#define EVENT_TABLE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

/* What a value looks like; one row of checks, patterns and German words each. */
enum value_kind {
    VALUE_CODE,     /* [a-z0-9_], or one of a closed list */
    VALUE_CODES,    /* up to eight codes with commas between them */
    VALUE_ID,       /* unit, place, service, budget line, room, meeting */
    VALUE_IDS,      /* up to twenty ids with commas between them */
    VALUE_DATES,    /* up to sixty days or months with commas between them */
    VALUE_AREA,     /* SGB_IX or sgb9 */
    VALUE_CASE_REF, /* pseudonym made by the case system */
    VALUE_CONSENT,  /* reference to a consent */
    VALUE_ITEM_ID,  /* K7F3-92QX */
    VALUE_EVENT_ID, /* CloudEvents id */
    VALUE_DATE,
    VALUE_TIME,
    VALUE_WEEK,
    VALUE_DURATION,
    VALUE_LINK,
    VALUE_RRULE,
    VALUE_INTEGER,
    VALUE_BOOLEAN,
    VALUE_FLAG, /* "true" or "false", as MQTT user properties write a boolean */
    VALUE_SPECVERSION,
    VALUE_SOURCE,
    VALUE_TYPE,
    VALUE_SUBJECT,
    VALUE_SCHEMA_URI,
    VALUE_MEDIA_TYPE,
    VALUE_KIND_COUNT
};

struct value_row {
    bool (*check)(const char *text, int64_t *number); /* NULL: not a text */
    const char *pattern; /* the same as a regular expression (ECMA 262), for the schemas */
    const char *format;  /* JSON Schema format; NULL when none */
    const char *remedy;  /* German: what form is expected */
};

/* DOMAIN R3: nothing above P1 exists in the table. */
enum privacy { PRIVACY_P0, PRIVACY_P1 };

struct field_row {
    const char *name;
    size_t len;
    enum value_kind kind;
    enum privacy privacy;
    int64_t min, max;         /* VALUE_INTEGER only */
    const char *const *codes; /* closed list, NULL-terminated; NULL: open, or by type */
};

/* Sets of fields are bit sets. */
__extension__ typedef unsigned __int128 field_set;
#define FIELD_BIT(name) ((field_set)1 << FIELD_##name)
static_assert(FIELD_COUNT <= 128, "a set of fields is one field_set");

enum type_rule {
    RULE_FOLLOW_UP = 1, /* item_id or in_reply_to may stand for case_ref */
    RULE_ROUTED = 2,    /* to_unit, or place + rechtskreis + service */
    RULE_AGENDA = 4,    /* case_ref only with a kind that is not public */
};

struct type_row {
    const char *name;
    field_set required, optional;
    unsigned rules;           /* enum type_rule */
    const char *const *kinds; /* closed list of `kind`; NULL when not allowed */
    const char *const *codes; /* closed list of `code`; NULL: open */
};

/* CloudEvents context attributes and the extensions that are allowed. */
enum attribute {
    ATTRIBUTE_SPECVERSION,
    ATTRIBUTE_ID,
    ATTRIBUTE_SOURCE,
    ATTRIBUTE_TYPE,
    ATTRIBUTE_TIME,
    ATTRIBUTE_SUBJECT,
    ATTRIBUTE_DATASCHEMA,
    ATTRIBUTE_DATACONTENTTYPE,
    ATTRIBUTE_EFFECTIVEAT,
    ATTRIBUTE_URGENCY,
    ATTRIBUTE_RESTRICTED,
    ATTRIBUTE_TENANT,
    ATTRIBUTE_ITEMID,
    ATTRIBUTE_INREPLYTO,
    ATTRIBUTE_CORRECTS,
    ATTRIBUTE_COUNT
};

struct attribute_row {
    const char *name;
    enum value_kind kind;
    bool required;
    const char *code; /* of the fault when the value has another form */
};

/* The attributes of one event while it is read; "" when absent or of wrong form. */
struct envelope {
    const char *value[ATTRIBUTE_COUNT];
    int64_t number[ATTRIBUTE_COUNT];
    bool seen[ATTRIBUTE_COUNT];
    const struct json *data; /* NULL when absent */
};

const struct type_row *event_type_row(int type);
/* EVENT_UNKNOWN when the catalogue has no such short name. */
int event_type_find(const char *name, size_t len);
/* The fields a type may carry, identity fields included. */
field_set event_type_allowed(int type);
/* The closed list of a field in this type, or NULL. */
const char *const *event_type_codes(int type, enum field field);
/* Kinds of meetings that are open to the public: no case may be named there (UL11). */
const char *const *event_public_kinds(void);

const struct field_row *event_field_row(enum field field);
/* FIELD_NONE when the catalogue has no such field. */
enum field event_field_find(const char *name, size_t len);

const struct value_row *event_value_row(enum value_kind kind);
bool event_in_list(const char *const *list, const char *text);

const struct attribute_row *event_attribute_row(enum attribute attribute);
/* Read the attributes of a structured (ev->root) or a binary message, then put them into ev and
 * compare them with the topic; all add the faults found. In structured mode user properties may
 * only repeat the envelope. */
void event_envelope_init(struct envelope *env);
void event_envelope_structured(struct event *ev, struct envelope *env);
void event_envelope_repeated(struct event *ev, const struct envelope *env,
                             const char *const *property);
void event_envelope_binary(struct event *ev, struct envelope *env, const char *const *property);
void event_envelope_use(struct event *ev, const struct envelope *env);

/* What the fault's code means for the event. */
enum event_verdict event_fault_verdict(const struct event_fault *fault);
/* Adds a fault about a name that came from outside: it is shown only if harmless (R2). */
void event_fault_foreign(struct event *ev, const char *code, const char *prefix, const char *name);
/* Adds a fault about a known field, with a sentence of its own. */
void event_fault_value(struct event *ev, const char *code, const char *field, const char *remedy);

#endif
