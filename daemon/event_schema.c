/*
 * JSON Schema (2020-12) of each event type's envelope, written from the same tables that validate,
 * so that a case system can check its events before it sends them.
 *
 * The schema says less than event.c where the language cannot: a source must fit the topic, a
 * subject the data, and names must not repeat. It says the rest exactly; tests/schema_check.py
 * compares both on a corpus. The files in contrib/schemas are this output, byte by byte.
 */
#include <string.h>

#include "buf.h"
#include "event_table.h"
#include "json.h"
#include "util.h"

static void put_list(struct buf *out, const char *const *list)
{
    json_put_name(out, "enum");
    buf_addc(out, '[');
    for (; *list; list++) {
        json_comma(out);
        json_put_text(out, *list);
    }
    buf_addc(out, ']');
}

static void put_form(struct buf *out, enum value_kind kind)
{
    const struct value_row *row = event_value_row(kind);
    json_member_text(out, "type", "string");
    if (row->pattern)
        json_member_text(out, "pattern", row->pattern);
    if (row->format)
        json_member_text(out, "format", row->format);
}

/* One property of the data, on a line of its own. The comment is the privacy class (R3). */
static void put_field(struct buf *out, int type, enum field f)
{
    const struct field_row *row = event_field_row(f);
    const char *const *codes = event_type_codes(type, f);
    json_comma(out);
    buf_puts(out, "\n    ");
    json_put_text(out, row->name);
    buf_puts(out, ":{");
    json_member_text(out, "$comment", row->privacy == PRIVACY_P0 ? "P0" : "P1");
    if (row->kind == VALUE_INTEGER) {
        json_member_text(out, "type", "integer");
        json_member_int(out, "minimum", row->min);
        json_member_int(out, "maximum", row->max);
    } else if (row->kind == VALUE_BOOLEAN) {
        json_member_text(out, "type", "boolean");
    } else if (codes) {
        put_list(out, codes);
    } else {
        put_form(out, row->kind);
    }
    buf_addc(out, '}');
}

/* "required":["a","b"] of a set of fields. */
static void put_required(struct buf *out, field_set set)
{
    buf_puts(out, "\"required\":[");
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        if (!(set & (field_set)1 << f))
            continue;
        json_comma(out);
        json_put_text(out, event_field_name((enum field)f));
    }
    buf_addc(out, ']');
}

/* The rules between fields of the data, as event.c's required_fields() and forbid() have them. */
static void put_data_rules(struct buf *out, const struct type_row *row)
{
    if (row->rules & RULE_ROUTED)
        buf_puts(out, ",\n   \"anyOf\":[{\"required\":[\"to_unit\"]},"
                      "{\"required\":[\"place\",\"rechtskreis\",\"service\"]}]");
    if (row->rules & RULE_AGENDA) {
        buf_puts(out, ",\n   \"dependentRequired\":{\"case_ref\":[\"kind\"]},\n"
                      "   \"if\":{\"required\":[\"kind\"],\"properties\":{\"kind\":{");
        put_list(out, event_public_kinds());
        buf_puts(out, "}}},\n   \"then\":{\"properties\":{\"case_ref\":false}}");
    }
    if (row->optional & FIELD_BIT(CONSENT_REF) &&
        (row->required | row->optional) & FIELD_BIT(LEGAL_BASIS))
        buf_puts(
            out,
            ",\n   \"allOf\":[{\"if\":{\"properties\":{\"legal_basis\":{\"const\":\"consent\"}},"
            "\"required\":[\"legal_basis\"]},\n"
            "   \"then\":{\"required\":[\"consent_ref\"]}}]");
}

static void put_data(struct buf *out, int type)
{
    const struct type_row *row = event_type_row(type);
    field_set required = row->required;
    if (row->rules & RULE_FOLLOW_UP)
        required &= ~FIELD_BIT(CASE_REF);
    buf_puts(out, ",\n  \"data\":{\"type\":\"object\",\"additionalProperties\":false,\n   ");
    buf_puts(out, "\"properties\":{");
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++)
        if (event_field_use(type, (enum field)f))
            put_field(out, type, (enum field)f);
    buf_puts(out, "},\n   ");
    put_required(out, required);
    put_data_rules(out, row);
    buf_addc(out, '}');
}

/* https address ending in the type's file, or the schema's own name. */
static void put_schema_uri(struct buf *out, const char *name)
{
    struct buf dotted = BUF_INIT, pattern = BUF_INIT;
    for (const char *p = name; *p; p++)
        buf_printf(&dotted, "%s%c", *p == '.' ? "\\" : "", *p);
    buf_printf(&pattern,
               "^(?!.{201})(urn:stafette:%s:v1|https://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?"
               "(/[A-Za-z0-9._~-]*)*/%s\\.json)$",
               buf_str(&dotted), buf_str(&dotted));
    json_member_text(out, "type", "string");
    json_member_text(out, "pattern", buf_str(&pattern));
    buf_release(&dotted);
    buf_release(&pattern);
}

static void put_urgency(struct buf *out)
{
    const char *names[URGENCY_COUNT + 1] = {NULL};
    for (unsigned u = 0; u < URGENCY_COUNT; u++)
        names[u] = urgency_name((enum urgency)u);
    put_list(out, names);
}

static void put_attribute(struct buf *out, int type, enum attribute a)
{
    const struct attribute_row *row = event_attribute_row(a);
    struct buf full = BUF_INIT;
    json_comma(out);
    buf_puts(out, "\n  ");
    json_put_text(out, row->name);
    buf_puts(out, ":{");
    event_full_type(&full, event_type_name(type));
    if (a == ATTRIBUTE_TYPE)
        json_member_text(out, "const", buf_str(&full));
    else if (a == ATTRIBUTE_DATASCHEMA)
        put_schema_uri(out, event_type_name(type));
    else if (a == ATTRIBUTE_URGENCY)
        put_urgency(out);
    else if (row->kind == VALUE_FLAG)
        json_member_text(out, "type", "boolean");
    else
        put_form(out, row->kind);
    buf_addc(out, '}');
    buf_release(&full);
}

/* A follow-up names its item, the event it answers, or the case. */
static void put_follow_up(struct buf *out)
{
    static const char *const in_data[] = {"case_ref", "item_id", "in_reply_to"};
    buf_puts(out, ",\n \"anyOf\":[{\"required\":[\"itemid\"]},{\"required\":[\"inreplyto\"]}");
    for (size_t i = 0; i < COUNT_OF(in_data); i++)
        buf_printf(out, ",\n  {\"properties\":{\"data\":{\"required\":[\"%s\"]}}}", in_data[i]);
    buf_addc(out, ']');
}

void event_schema(int type, struct buf *out)
{
    const char *name = event_type_name(type);
    buf_puts(out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\n ");
    buf_printf(out, "\"$id\":\"urn:stafette:%s:v1\",\n \"title\":\"%s\",\n ", name, name);
    buf_puts(out, "\"type\":\"object\",\"additionalProperties\":false,\n \"properties\":{");
    for (unsigned a = 0; a < ATTRIBUTE_COUNT; a++)
        put_attribute(out, type, (enum attribute)a);
    put_data(out, type);
    buf_puts(out, "},\n \"required\":[");
    for (unsigned a = 0; a < ATTRIBUTE_COUNT; a++)
        if (event_attribute_row((enum attribute)a)->required)
            buf_printf(out, "\"%s\",", event_attribute_row((enum attribute)a)->name);
    buf_puts(out, "\"data\"]");
    if (event_type_row(type)->rules & RULE_FOLLOW_UP)
        put_follow_up(out);
    buf_puts(out, "}\n");
}
