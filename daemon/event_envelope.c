/*
 * The envelope: CloudEvents 1.0 context attributes and the few extensions that are allowed, from
 * the JSON event format or from MQTT 5 user properties, and their agreement with the topic.
 *
 * Every attribute has a strict form (DESIGN 5, Leaks); an extension that is not in the table is
 * refused like an unknown field. The topic is what the broker's ACL vouches for: it wins over the
 * envelope's `source` and, except for emergencies, `type`.
 */
#include <string.h>

#include "buf.h"
#include "event_table.h"
#include "json.h"
#include "util.h"

enum { PROPERTIES_MAX = 32, PROPERTY_LEN_MAX = 256 };

#define TYPE_PREFIX "de.sozialraum."
#define TYPE_SUFFIX ".v1"

static const struct attribute_row attributes[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_SPECVERSION] = {"specversion", VALUE_SPECVERSION, true, "E-UMSCHLAG"},
    [ATTRIBUTE_ID] = {"id", VALUE_EVENT_ID, true, "E-ID"},
    [ATTRIBUTE_SOURCE] = {"source", VALUE_SOURCE, true, "E-QUELLE"},
    [ATTRIBUTE_TYPE] = {"type", VALUE_TYPE, true, "E-TYP"},
    [ATTRIBUTE_TIME] = {"time", VALUE_TIME, true, "E-UMSCHLAG"},
    [ATTRIBUTE_SUBJECT] = {"subject", VALUE_SUBJECT, false, "E-UMSCHLAG"},
    [ATTRIBUTE_DATASCHEMA] = {"dataschema", VALUE_SCHEMA_URI, false, "E-UMSCHLAG"},
    [ATTRIBUTE_DATACONTENTTYPE] = {"datacontenttype", VALUE_MEDIA_TYPE, false, "E-MODUS"},
    [ATTRIBUTE_EFFECTIVEAT] = {"effectiveat", VALUE_TIME, false, "E-WERT"},
    [ATTRIBUTE_URGENCY] = {"urgency", VALUE_CODE, false, "E-WERT"},
    [ATTRIBUTE_RESTRICTED] = {"restricted", VALUE_FLAG, false, "E-WERT"},
    [ATTRIBUTE_TENANT] = {"tenant", VALUE_ID, false, "E-WERT"},
    [ATTRIBUTE_ITEMID] = {"itemid", VALUE_ITEM_ID, false, "E-WERT"},
    [ATTRIBUTE_INREPLYTO] = {"inreplyto", VALUE_EVENT_ID, false, "E-WERT"},
    [ATTRIBUTE_CORRECTS] = {"corrects", VALUE_EVENT_ID, false, "E-WERT"},
};

const struct attribute_row *event_attribute_row(enum attribute attribute)
{
    return &attributes[attribute];
}

/* ATTRIBUTE_COUNT when there is no such attribute. */
static enum attribute attribute_find(const char *name)
{
    unsigned a = 0;
    while (a < ATTRIBUTE_COUNT && !str_eq(attributes[a].name, name))
        a++;
    return (enum attribute)a;
}

void event_envelope_init(struct envelope *env)
{
    memset(env, 0, sizeof *env);
    for (size_t a = 0; a < ATTRIBUTE_COUNT; a++)
        env->value[a] = "";
}

/* Takes a value whose text will outlive the event's reading. Of two, none is believed. */
static void attribute_set(struct event *ev, struct envelope *env, enum attribute a,
                          const char *text)
{
    const struct attribute_row *row = &attributes[a];
    const struct value_row *form = event_value_row(row->kind);
    if (env->seen[a]) {
        env->value[a] = "";
        event_fault_value(ev, "E-UMSCHLAG", row->name, "Jedes Attribut nur einmal senden.");
        return;
    }
    env->seen[a] = true;
    if (form->check(text, &env->number[a]))
        env->value[a] = text;
    else
        event_fault_value(ev, row->code, row->name, form->remedy);
}

/* JSON writes `restricted` as a boolean, all others as strings. */
static const char *attribute_text(const struct attribute_row *row, const struct json *value)
{
    if (row->kind == VALUE_FLAG && json_kind(value) == JSON_IS_BOOL)
        return json_bool(value) ? "true" : "false";
    if (row->kind != VALUE_FLAG && json_kind(value) == JSON_IS_TEXT)
        return json_text(value);
    return NULL;
}

static void structured_member(struct event *ev, struct envelope *env, const char *name,
                              const struct json *value)
{
    enum attribute a = attribute_find(name);
    if (str_eq(name, "data")) {
        env->data = value;
    } else if (a == ATTRIBUTE_COUNT) {
        event_fault_foreign(ev, "E-FELD", "", name);
    } else {
        const char *text = attribute_text(&attributes[a], value);
        attribute_set(ev, env, a, text ? text : "");
    }
}

static void missing_attributes(struct event *ev, const struct envelope *env)
{
    for (size_t a = 0; a < ATTRIBUTE_COUNT; a++)
        if (attributes[a].required && !env->seen[a])
            event_fault_value(ev, "E-UMSCHLAG", attributes[a].name,
                              "Das Attribut ergänzen; ohne es ist die Meldung kein CloudEvent.");
}

void event_envelope_structured(struct event *ev, struct envelope *env)
{
    for (void *m = json_first(ev->root); m; m = json_next(ev->root, m))
        structured_member(ev, env, json_name(m), json_value(m));
    missing_attributes(ev, env);
}

/* Copying first, because the properties go when the message goes. Longer values are cut, which
 * no form survives. */
static void binary_copy(struct event *ev, struct envelope *env, const char *const *property,
                        size_t pairs)
{
    char *p = ev->memory = xmalloc(pairs * (PROPERTY_LEN_MAX + 1) + 1);
    for (size_t i = 0; i < pairs; i++) {
        enum attribute a = attribute_find(property[2 * i]);
        size_t len = strnlen(property[2 * i + 1], PROPERTY_LEN_MAX);
        if (a == ATTRIBUTE_COUNT) {
            event_fault_foreign(ev, "E-FELD", "", property[2 * i]);
            continue;
        }
        memcpy(p, property[2 * i + 1], len);
        p[len] = '\0';
        attribute_set(ev, env, a, p);
        p += len + 1;
    }
}

void event_envelope_binary(struct event *ev, struct envelope *env, const char *const *property)
{
    size_t pairs = 0;
    while (pairs <= PROPERTIES_MAX && property[2 * pairs] && property[2 * pairs + 1])
        pairs++;
    if (pairs > PROPERTIES_MAX) {
        event_fault_add(ev, "E-GROSS", "");
        return;
    }
    binary_copy(ev, env, property, pairs);
    missing_attributes(ev, env);
}

void event_envelope_repeated(struct event *ev, const struct envelope *env,
                             const char *const *property)
{
    for (size_t i = 0; property[i] && property[i + 1]; i += 2) {
        enum attribute a = attribute_find(property[i]);
        if (a < ATTRIBUTE_COUNT && env->seen[a] && str_eq(env->value[a], property[i + 1]))
            continue;
        event_fault_value(ev, "E-MODUS", "",
                          "Im strukturierten Modus keine User Properties senden oder nur solche, "
                          "die den Umschlag wiederholen.");
        return;
    }
}

/* The catalogue's number of a full type name; EVENT_UNKNOWN when there is none. */
static int type_of(const char *full)
{
    size_t len = strlen(full), around = strlen(TYPE_PREFIX) + strlen(TYPE_SUFFIX);
    if (len <= around || !str_starts(full, TYPE_PREFIX) || !str_ends(full, TYPE_SUFFIX))
        return EVENT_UNKNOWN;
    return event_type_find(full + strlen(TYPE_PREFIX), len - around);
}

/* An emergency must be noticed even when only one of topic and envelope names it. */
static void use_type(struct event *ev, const struct envelope *env)
{
    const char *full = env->value[ATTRIBUTE_TYPE];
    if (!full[0])
        return;
    int type = type_of(full);
    if (type == EVENT_UNKNOWN || type != ev->type)
        event_fault_add(ev, "E-TYP", "type");
    if (type == EVENT_EMERGENCY_REPORTED)
        ev->type = type;
}

/* "/kiel" or "/kiel/..." for the topic's "kiel". */
static void use_source(struct event *ev, const struct envelope *env)
{
    const char *source = env->value[ATTRIBUTE_SOURCE];
    size_t n = strlen(ev->topic_source);
    if (!source[0])
        return;
    ev->source = source;
    bool same = n > 0 && strncmp(source + 1, ev->topic_source, n) == 0 &&
                (source[1 + n] == '\0' || source[1 + n] == '/');
    if (!same && n > 0)
        event_fault_add(ev, "E-QUELLE", "source");
}

static void use_schema(struct event *ev, const char *uri)
{
    struct buf want = BUF_INIT;
    if (!uri[0] || ev->type < 0)
        return;
    if (str_starts(uri, "urn:"))
        buf_printf(&want, "urn:stafette:%s:v1", event_type_name(ev->type));
    else
        buf_printf(&want, "/%s.json", event_type_name(ev->type));
    if (!str_ends(uri, buf_str(&want)))
        event_fault_value(ev, "E-UMSCHLAG", "dataschema",
                          event_value_row(VALUE_SCHEMA_URI)->remedy);
    buf_release(&want);
}

static void use_urgency(struct event *ev, const char *name)
{
    if (name[0] && !urgency_parse(name, &ev->urgency))
        event_fault_value(ev, "E-WERT", "urgency",
                          "routine, prompt, urgent oder emergency eintragen.");
    if (ev->type == EVENT_EMERGENCY_REPORTED)
        ev->urgency = URGENCY_EMERGENCY;
}

void event_envelope_use(struct event *ev, const struct envelope *env)
{
    ev->id = env->value[ATTRIBUTE_ID];
    ev->subject = env->value[ATTRIBUTE_SUBJECT];
    ev->time_ms = env->number[ATTRIBUTE_TIME];
    ev->effective_ms =
        env->value[ATTRIBUTE_EFFECTIVEAT][0] ? env->number[ATTRIBUTE_EFFECTIVEAT] : ev->time_ms;
    ev->restricted = env->value[ATTRIBUTE_RESTRICTED][0] && env->number[ATTRIBUTE_RESTRICTED];
    use_source(ev, env);
    use_type(ev, env);
    use_urgency(ev, env->value[ATTRIBUTE_URGENCY]);
    use_schema(ev, env->value[ATTRIBUTE_DATASCHEMA]);
}
