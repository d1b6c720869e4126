/*
 * Admission: see admit.h. Which field names whom, and who may speak, is one table.
 */
#include "admit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "directory.h"
#include "machine.h"
#include "route.h"
#include "util.h"

enum speaks { MUST_SPEAK, NEED_NOT_SPEAK };

static const struct unit_field {
    enum field field;
    enum speaks speaks;
    size_t offset; /* of the parties' member */
} unit_fields[] = {
    {FIELD_FROM_UNIT, MUST_SPEAK, offsetof(struct parties, from)},
    {FIELD_TO_UNIT, NEED_NOT_SPEAK, offsetof(struct parties, to)},
    {FIELD_PROVIDER_WISH, NEED_NOT_SPEAK, offsetof(struct parties, to)},
    {FIELD_ON_CALL_UNIT, NEED_NOT_SPEAK, offsetof(struct parties, to)},
    {FIELD_BY_UNIT, MUST_SPEAK, offsetof(struct parties, by)},
    {FIELD_BY_ROLE, MUST_SPEAK, offsetof(struct parties, by)},
    {FIELD_PROVIDER, MUST_SPEAK, offsetof(struct parties, by)},
    {FIELD_UNIT, MUST_SPEAK, offsetof(struct parties, by)},
    {FIELD_DEPUTY, NEED_NOT_SPEAK, offsetof(struct parties, to)},
};

static enum event_verdict worse(enum event_verdict a, enum event_verdict b)
{
    return a == EVENT_FORBIDDEN || b == EVENT_FORBIDDEN     ? EVENT_FORBIDDEN
           : a == EVENT_INCOMPLETE || b == EVENT_INCOMPLETE ? EVENT_INCOMPLETE
           : a == EVENT_NOT_HANDLED                         ? a
                                                            : b;
}

static void fault(struct event *ev, const char *code, enum field field)
{
    char name[sizeof ev->fault[0].field];
    snprintf(name, sizeof name, "data.%s", event_field_name(field));
    event_fault_add(ev, code, name);
}

static enum event_verdict admit_unit(const struct directory *dir, struct event *ev,
                                     const struct unit_field *f, struct parties *parties)
{
    if (!ev->present[f->field] || str_empty(ev->text[f->field]))
        return EVENT_OK;
    const struct unit *unit = directory_unit(dir, ev->text[f->field]);
    bool speaks = unit && parties->source && source_speaks_for(parties->source, unit);
    if (f->speaks == MUST_SPEAK && !speaks) {
        fault(ev, "E-STELLE", f->field);
        return EVENT_FORBIDDEN;
    }
    if (!unit) {
        fault(ev, "E-STELLE", f->field);
        return EVENT_INCOMPLETE;
    }
    memcpy((char *)parties + f->offset, &unit, sizeof unit);
    return EVENT_OK;
}

static enum event_verdict admit_subject(const struct directory *dir, struct event *ev,
                                        struct parties *parties)
{
    enum event_verdict verdict = EVENT_OK;
    if (ev->present[FIELD_PLACE]) {
        parties->place = directory_place(dir, ev->text[FIELD_PLACE]);
        parties->place_unknown = !parties->place;
    }
    if (ev->present[FIELD_RECHTSKREIS]) {
        parties->area = directory_area(dir, ev->text[FIELD_RECHTSKREIS]);
        if (!parties->area) {
            fault(ev, "E-RECHTSKREIS", FIELD_RECHTSKREIS);
            verdict = EVENT_INCOMPLETE;
        }
    }
    if (ev->present[FIELD_SERVICE]) {
        parties->service = directory_service(dir, ev->text[FIELD_SERVICE]);
        if (!parties->service) {
            fault(ev, "E-DIENST", FIELD_SERVICE);
            verdict = EVENT_INCOMPLETE;
        }
    }
    /* DOMAIN R8: a basis that rests on consent needs the consent's reference. */
    if (ev->present[FIELD_LEGAL_BASIS] && str_eq(ev->text[FIELD_LEGAL_BASIS], "consent") &&
        !ev->present[FIELD_CONSENT_REF]) {
        fault(ev, "E-PFLICHT", FIELD_CONSENT_REF);
        verdict = EVENT_INCOMPLETE;
    }
    return verdict;
}

enum event_verdict admit(const struct directory *dir, struct event *ev, enum event_verdict verdict,
                         struct parties *parties)
{
    memset(parties, 0, sizeof *parties);
    if (!str_empty(ev->topic_source))
        parties->source = directory_source(dir, ev->topic_source);
    if (!parties->source) {
        event_fault_add(ev, "E-QUELLE", "");
        return EVENT_FORBIDDEN;
    }
    if (verdict == EVENT_FORBIDDEN || verdict == EVENT_NOT_HANDLED)
        return verdict;
    for (size_t i = 0; i < COUNT_OF(unit_fields); i++)
        verdict = worse(verdict, admit_unit(dir, ev, &unit_fields[i], parties));
    return worse(verdict, admit_subject(dir, ev, parties));
}

void admit_query(struct route_query *query, const struct event *ev, const struct parties *parties,
                 int64_t now_ms)
{
    *query = (struct route_query){
        .kind = machine_kind(ev->type),
        .urgency = ev->urgency,
        .place = parties->place,
        .place_unknown = parties->place_unknown,
        .area = parties->area,
        .service = parties->service,
        .complexity = ev->text[FIELD_COMPLEXITY],
        .code = ev->text[FIELD_CODE],
        .count = ev->number[FIELD_COUNT_OF],
        .from = parties->from,
        .to = parties->to,
        .restricted = ev->restricted,
        .at_ms = ev->effective_ms ? ev->effective_ms : now_ms,
    };
}
