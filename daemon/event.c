/*
 * Reading one event: topic, content mode, envelope, data, and the rules between fields; then the
 * verdict. See event.h; the tables are in event_types.c, event_fields.c and event_fault.c.
 *
 * Promises: all faults of one event are found in one pass (up to EVENT_FAULTS_MAX, forbidden ones
 * first, so that a full list never hides one). No value of a refused event stays in its data.
 * Refuses: whatever the tables do not name. One event costs one JSON parse and no further
 * allocation. Pure: nothing here reads a clock or keeps state.
 */
#include "event.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "event_table.h"
#include "json.h"
#include "util.h"

#define TOPIC_PREFIX "stafette/in/"
#define DATA "data."

enum mode { MODE_STRUCTURED, MODE_BINARY, MODE_UNKNOWN };

static void clear_data(struct event *ev)
{
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        ev->text[f] = "";
        ev->number[f] = 0;
        ev->present[f] = false;
    }
    ev->subject = "";
}

static void clear(struct event *ev)
{
    memset(ev, 0, sizeof *ev);
    ev->type = EVENT_UNKNOWN;
    ev->id = ev->source = "";
    ev->urgency = URGENCY_ROUTINE;
    clear_data(ev);
}

/* Type names hold no slash, so that dots and slashes can be exchanged. */
static int topic_type(const char *path)
{
    char name[64];
    if (!str_copy(name, sizeof name, path) || strchr(name, '.'))
        return EVENT_UNKNOWN;
    for (char *p = name; *p; p++)
        if (*p == '/')
            *p = '.';
    return event_type_find(name, strlen(name));
}

static void read_topic(struct event *ev, const char *topic)
{
    const char *source = topic + strlen(TOPIC_PREFIX);
    if (!str_starts(topic, TOPIC_PREFIX)) {
        event_fault_add(ev, "E-QUELLE", "topic");
        return;
    }
    size_t n = strspn(source, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    if (n < 1 || n >= sizeof ev->topic_source || source[n] != '/') {
        event_fault_add(ev, "E-QUELLE", "topic");
        return;
    }
    memcpy(ev->topic_source, source, n);
    ev->topic_source[n] = '\0';
    ev->type = topic_type(source + n + 1);
    if (ev->type == EVENT_UNKNOWN)
        event_fault_add(ev, "E-TYP", "topic");
}

/* True for the media type itself, perhaps with charset=utf-8. */
static bool media_is(const char *content_type, const char *media)
{
    size_t n = strlen(media);
    if (strncasecmp(content_type, media, n) != 0)
        return false;
    const char *rest = content_type + n;
    if (*rest == ';')
        rest += 1 + strspn(rest + 1, " ");
    return *rest == '\0' || strcasecmp(rest, "charset=utf-8") == 0;
}

/* MQTT 3.1.1 knows no content type and no properties: structured. */
static enum mode mode_of(const struct event_input *input, const char *const *property)
{
    bool envelope = false;
    for (size_t i = 0; property[i] && property[i + 1]; i += 2)
        envelope = envelope || str_eq(property[i], "specversion");
    if (media_is(input->content_type, "application/cloudevents+json"))
        return MODE_STRUCTURED;
    if (str_empty(input->content_type))
        return envelope ? MODE_BINARY : MODE_STRUCTURED;
    return media_is(input->content_type, "application/json") && property[0] ? MODE_BINARY
                                                                            : MODE_UNKNOWN;
}

/* Parses the payload into ev->root; false with a fault, which names the place but quotes nothing
 * (DESIGN 5, Leaks). */
static bool parse(struct event *ev, const struct event_input *input)
{
    struct json_place where = {0, 0};
    if (input->payload_len > PAYLOAD_MAX) {
        event_fault_add(ev, "E-GROSS", "");
        return false;
    }
    ev->root = json_read(input->payload, input->payload_len, &where);
    if (ev->root && json_kind(ev->root) == JSON_IS_OBJECT)
        return true;
    if (ev->root) {
        event_fault_value(ev, "E-JSON", "", "Die Meldung als ein JSON-Objekt senden.");
        return false;
    }
    if (!utf8_valid(input->payload, input->payload_len)) {
        event_fault_add(ev, "E-UTF8", "");
        return false;
    }
    size_t at = ev->faults;
    event_fault_add(ev, "E-JSON", "");
    if (ev->faults > at) {
        ev->fault[at].line = where.line;
        ev->fault[at].column = where.column;
    }
    return false;
}

static bool read_text(struct event *ev, enum field f, const char *text)
{
    const struct field_row *row = event_field_row(f);
    const char *const *codes = event_type_codes(ev->type, f);
    int64_t number = 0;
    if (codes ? !event_in_list(codes, text) : !event_value_row(row->kind)->check(text, &number))
        return false;
    ev->text[f] = text;
    ev->number[f] = number;
    return true;
}

static bool read_field(struct event *ev, enum field f, const struct json *value)
{
    const struct field_row *row = event_field_row(f);
    enum json_kind kind = json_kind(value);
    bool right;
    if (row->kind == VALUE_INTEGER) {
        ev->number[f] = json_int(value);
        right = kind == JSON_IS_INT && ev->number[f] >= row->min && ev->number[f] <= row->max;
    } else if (row->kind == VALUE_BOOLEAN) {
        ev->number[f] = json_bool(value);
        right = kind == JSON_IS_BOOL;
    } else {
        right = kind == JSON_IS_TEXT && read_text(ev, f, json_text(value));
    }
    ev->present[f] = right;
    return right;
}

static void fault_field(struct event *ev, const char *code, enum field f, const char *remedy)
{
    char name[sizeof ev->fault[0].field] = DATA;
    str_copy(name + strlen(DATA), sizeof name - strlen(DATA), event_field_name(f));
    event_fault_value(ev, code, name, remedy);
}

/* Reads the data's members; the result is the set of fields that were given, right or wrong. */
static field_set read_members(struct event *ev, const struct json *data)
{
    field_set allowed = event_type_allowed(ev->type), given = 0;
    for (void *m = json_first(data); m; m = json_next(data, m)) {
        const char *name = json_name(m);
        enum field f = event_field_find(name, strlen(name));
        if (f == FIELD_NONE || !(allowed & (field_set)1 << f)) {
            event_fault_foreign(ev, "E-FELD", DATA, name);
            continue;
        }
        given |= (field_set)1 << f;
        if (!read_field(ev, f, json_value(m)))
            fault_field(ev, "E-WERT", f,
                        event_type_codes(ev->type, f)
                            ? "Einen Code aus der Liste im Schema dieses Typs eintragen."
                            : event_value_row(event_field_row(f)->kind)->remedy);
    }
    return given;
}

/* An identity given as extension attribute counts as the data field of the same meaning. */
static field_set merge_identity(struct event *ev, const struct envelope *env)
{
    static const struct {
        enum attribute from;
        enum field to;
    } same[] = {{ATTRIBUTE_ITEMID, FIELD_ITEM_ID},
                {ATTRIBUTE_INREPLYTO, FIELD_IN_REPLY_TO},
                {ATTRIBUTE_CORRECTS, FIELD_CORRECTS}};
    field_set given = 0;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        const char *text = env->value[same[i].from];
        enum field f = same[i].to;
        if (!text[0])
            continue;
        if (ev->present[f] && !str_eq(ev->text[f], text))
            event_fault_value(ev, "E-WERT", event_attribute_row(same[i].from)->name,
                              "Im Umschlag und in data denselben Wert senden.");
        ev->text[f] = text;
        ev->present[f] = true;
        given |= (field_set)1 << f;
    }
    return given;
}

/* Rules that forbid. The subject must be the case or the meeting of the data: a mixed-up one would
 * send the wrong case. */
static void forbid(struct event *ev)
{
    bool agenda = event_type_row(ev->type)->rules & RULE_AGENDA;
    if (agenda && ev->present[FIELD_CASE_REF] &&
        event_in_list(event_public_kinds(), ev->text[FIELD_KIND]))
        fault_field(ev, "E-FELD", FIELD_CASE_REF,
                    "In öffentlichen Runden wird kein Fall besprochen: case_ref weglassen.");
    bool known = ev->present[FIELD_CASE_REF] || ev->present[FIELD_MEETING_ID];
    if (ev->subject[0] && known && !str_eq(ev->subject, ev->text[FIELD_CASE_REF]) &&
        !str_eq(ev->subject, ev->text[FIELD_MEETING_ID]))
        event_fault_value(ev, "E-UMSCHLAG", "subject", event_value_row(VALUE_SUBJECT)->remedy);
}

/* What the type's rules require beyond, or less than, the table's required set. */
static field_set required_fields(const struct event *ev, field_set given)
{
    const struct type_row *row = event_type_row(ev->type);
    field_set place = FIELD_BIT(PLACE) | FIELD_BIT(RECHTSKREIS) | FIELD_BIT(SERVICE);
    field_set required = row->required;
    if (row->rules & RULE_FOLLOW_UP && given & (FIELD_BIT(ITEM_ID) | FIELD_BIT(IN_REPLY_TO)))
        required &= ~FIELD_BIT(CASE_REF);
    if (row->rules & RULE_ROUTED && !(given & FIELD_BIT(TO_UNIT)))
        required |= given & place ? place : FIELD_BIT(TO_UNIT);
    if (row->rules & RULE_AGENDA && given & FIELD_BIT(CASE_REF))
        required |= FIELD_BIT(KIND);
    if (row->optional & FIELD_BIT(CONSENT_REF) && str_eq(ev->text[FIELD_LEGAL_BASIS], "consent"))
        required |= FIELD_BIT(CONSENT_REF);
    return required;
}

static void require(struct event *ev, field_set given)
{
    field_set missing = required_fields(ev, given) & ~given;
    bool follow_up = event_type_row(ev->type)->rules & RULE_FOLLOW_UP;
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        const char *remedy = NULL;
        if (!(missing & (field_set)1 << f))
            continue;
        if (f == FIELD_CASE_REF && follow_up)
            remedy = "item_id aus der Quittung, in_reply_to oder case_ref ergänzen und neu senden.";
        if (f == FIELD_TO_UNIT)
            remedy = "to_unit ergänzen, oder place, rechtskreis und service, und neu senden.";
        fault_field(ev, "E-PFLICHT", (enum field)f, remedy);
    }
}

static void read_data(struct event *ev, const struct envelope *env)
{
    if (env->data && json_kind(env->data) != JSON_IS_OBJECT) {
        event_fault_value(ev, "E-WERT", "data", "data als ein JSON-Objekt mit Feldern senden.");
        return;
    }
    if (ev->type < 0)
        return;
    field_set given = env->data ? read_members(ev, env->data) : 0;
    given |= merge_identity(ev, env);
    forbid(ev);
    require(ev, given);
}

static void read_structured(struct event *ev, const struct event_input *input,
                            const char *const *property)
{
    struct envelope env;
    event_envelope_init(&env);
    if (!parse(ev, input))
        return;
    event_envelope_structured(ev, &env);
    event_envelope_repeated(ev, &env, property);
    event_envelope_use(ev, &env);
    read_data(ev, &env);
}

static void read_binary(struct event *ev, const struct event_input *input,
                        const char *const *property)
{
    struct envelope env;
    event_envelope_init(&env);
    event_envelope_binary(ev, &env, property);
    event_envelope_use(ev, &env);
    if (!parse(ev, input))
        return;
    env.data = ev->root;
    read_data(ev, &env);
}

static enum event_verdict worst(const struct event *ev)
{
    static const int weight[] = {
        [EVENT_OK] = 0, [EVENT_NOT_HANDLED] = 1, [EVENT_INCOMPLETE] = 2, [EVENT_FORBIDDEN] = 3};
    enum event_verdict verdict = EVENT_OK;
    for (size_t i = 0; i < ev->faults; i++) {
        enum event_verdict one = event_fault_verdict(&ev->fault[i]);
        if (weight[one] > weight[verdict])
            verdict = one;
    }
    return verdict;
}

enum event_verdict event_read(struct event *ev, const struct event_input *input)
{
    static const char *const none[] = {NULL};
    const char *const *property = input->attribute ? input->attribute : none;
    clear(ev);
    read_topic(ev, input->topic);
    if (input->retained)
        event_fault_add(ev, "E-RETAIN", "");
    switch (mode_of(input, property)) {
    case MODE_STRUCTURED:
        read_structured(ev, input, property);
        break;
    case MODE_BINARY:
        read_binary(ev, input, property);
        break;
    case MODE_UNKNOWN:
        event_fault_add(ev, "E-MODUS", "");
        break;
    }
    ev->type_name = event_type_name(ev->type);
    if (ev->type >= EVENT_HANDLED_COUNT)
        event_fault_add(ev, "E-NOCH-NICHT", "type");
    enum event_verdict verdict = worst(ev);
    if (verdict == EVENT_FORBIDDEN)
        clear_data(ev);
    return verdict;
}

bool event_recall(struct event *ev, const char *type_name, const char *data)
{
    struct json_place where = {0, 0};
    clear(ev);
    ev->type = event_type_find(type_name, strlen(type_name));
    ev->type_name = event_type_name(ev->type);
    ev->root = json_read(data, strlen(data), &where);
    if (ev->type < 0 || !ev->root || json_kind(ev->root) != JSON_IS_OBJECT)
        return false;
    read_members(ev, ev->root);
    return ev->faults == 0;
}

void event_empty(struct event *ev)
{
    clear(ev);
}

void event_release(struct event *ev)
{
    json_free(ev->root);
    free(ev->memory);
    ev->root = NULL;
    ev->memory = NULL;
}

void event_data_json(const struct event *ev, struct buf *out)
{
    buf_addc(out, '{');
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        const struct field_row *row = event_field_row((enum field)f);
        if (!ev->present[f])
            continue;
        if (row->kind == VALUE_INTEGER)
            json_member_int(out, row->name, ev->number[f]);
        else if (row->kind == VALUE_BOOLEAN)
            json_member_bool(out, row->name, ev->number[f]);
        else
            json_member_text(out, row->name, ev->text[f]);
    }
    buf_addc(out, '}');
}

void event_full_type(struct buf *out, const char *type_name)
{
    buf_printf(out, "de.sozialraum.%s.v1", type_name);
}
