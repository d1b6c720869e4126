/*
 * A routing decision in German, for coordinators who ask why: see route_explain() in route.h.
 *
 * The path is walked rule by rule, without the index of route_index.c, so that each rule that was
 * passed over can be named with what it demands; who is told comes from route_decide() itself. Only
 * the first rules passed over at each level are listed, so the text stays short in a large tree.
 * The version of the table stands at the end, as items and audit rows carry it (KI10). Pure.
 */
#include "buf.h"
#include "directory.h"
#include "route.h"
#include "route_tree.h"
#include "util.h"

enum { PASSED_MAX = 12 };

static const char *urgency_german(enum urgency urgency)
{
    switch (urgency) {
    case URGENCY_ROUTINE:
        return "normal";
    case URGENCY_PROMPT:
        return "zügig";
    case URGENCY_URGENT:
        return "dringend";
    case URGENCY_EMERGENCY:
        return "Notfall";
    case URGENCY_COUNT:
        break;
    }
    return "";
}

/* "Ort Eselsberg", "Dringlichkeit dringend" ... */
static void put_cond(struct buf *out, enum cond cond, uintptr_t value)
{
    switch (cond) {
    case COND_PLACE:
        buf_printf(out, "Ort %s", ((const struct place *)value)->name);
        break;
    case COND_AREA:
        buf_printf(out, "Rechtskreis %s", ((const struct area *)value)->name);
        break;
    case COND_SERVICE:
        buf_printf(out, "Dienst %s", ((const struct service *)value)->name);
        break;
    case COND_KIND:
        buf_printf(out, "Vorgangsart %s", item_kind_german((enum item_kind)(value - 1)));
        break;
    case COND_URGENCY:
        buf_printf(out, "Dringlichkeit %s", urgency_german((enum urgency)(value - 1)));
        break;
    case COND_COMPLEXITY:
        buf_printf(out, "Schwierigkeit %s", value == 1 ? "Grundfall" : "komplex");
        break;
    case COND_FROM:
        buf_printf(out, "abgebende Stelle %s", ((const struct unit *)value)->name);
        break;
    case COND_CODE:
        buf_printf(out, "Anlass %s", (const char *)value);
        break;
    case COND_COUNT:
        break;
    }
}

static void put_conds(struct buf *out, const uintptr_t *value)
{
    const char *comma = "";
    for (enum cond c = 0; c < COND_COUNT; c++)
        if (value[c]) {
            buf_puts(out, comma);
            put_cond(out, c, value[c]);
            comma = ", ";
        }
}

static void put_rule(struct buf *out, const struct rule *rule)
{
    buf_printf(out, "Regel %s (%s:%d)", rule->name, rule->file, rule->line);
}

static void put_question(struct buf *out, const struct route_query *query,
                         const struct facts *facts)
{
    buf_puts(out, "Gefragt: ");
    put_conds(out, facts->value);
    if (query->code && !str_empty(query->code) && !facts->value[COND_CODE])
        buf_printf(out, ", Anlass %s", query->code);
    if (query->count > 1)
        buf_printf(out, ", zum %d. Mal", (int)query->count);
    buf_puts(out, ", nach den Regeln vom ");
    time_german(out, query->at_ms);
    buf_puts(out, ".\n");
    if (query->place_unknown)
        buf_puts(out, "Der genannte Ort steht nicht im Verzeichnis; Regeln mit Ort greifen daher "
                      "nicht.\n");
}

static void put_passed(struct buf *out, const struct rule *rule, const struct facts *facts)
{
    enum cond cond = rule_fails(rule, facts);
    buf_puts(out, "Übergangen: ");
    put_rule(out, rule);
    if (cond < COND_COUNT) {
        buf_puts(out, " verlangt ");
        put_cond(out, cond, rule->value[cond]);
        buf_puts(out, facts->value[cond] || cond == COND_PLACE ? "" : ", was nicht angegeben ist");
    } else if (facts->count < rule->min_count) {
        buf_printf(out, " verlangt, dass es mindestens %d-mal vorkam", (int)rule->min_count);
    } else {
        bool early = facts->at_ms < rule->from_ms;
        buf_puts(out, early ? " gilt erst ab " : " gilt nicht mehr seit ");
        time_german(out, early ? rule->from_ms : rule->to_ms);
    }
    buf_puts(out, ".\n");
}

static void put_taken(struct buf *out, const struct rule *rule)
{
    buf_puts(out, rule->onward ? "Zusätzlich: " : "Es gilt: ");
    put_rule(out, rule);
    buf_puts(out, rule->mask ? ", denn " : " ohne Bedingung");
    put_conds(out, rule->value);
    buf_puts(out, rule->mask ? " trifft zu" : "");
    buf_puts(out, rule->onward ? "; danach wird weitergesucht.\n" : ".\n");
}

static void explain_level(struct buf *out, const struct rule *parent, const struct facts *facts)
{
    size_t passed = 0;
    for (size_t i = 0; i < parent->children; i++) {
        const struct rule *rule = parent->child[i];
        bool taken = rule_fails(rule, facts) == COND_COUNT && rule_in_force(rule, facts);
        if (!taken && passed++ < PASSED_MAX)
            put_passed(out, rule, facts);
        if (!taken)
            continue;
        if (passed > PASSED_MAX)
            buf_printf(out, "Übergangen: %zu weitere Regeln.\n", passed - PASSED_MAX);
        passed = 0;
        put_taken(out, rule);
        explain_level(out, rule, facts);
        if (!rule->onward)
            return;
    }
    if (passed > PASSED_MAX)
        buf_printf(out, "Übergangen: %zu weitere Regeln.\n", passed - PASSED_MAX);
    if (parent->children == 0)
        return;
    buf_puts(out, "Keine weitere Unterregel trifft zu; es gilt ");
    put_rule(out, parent);
    buf_puts(out, " selbst.\n");
}

static void put_target(struct buf *out, const struct routing *routing,
                       const struct route_target *target, bool copy)
{
    const struct rule *from = copy ? NULL : target->rule->to_rule;
    buf_printf(out, "%s: %s (%s)", copy ? "Zur Kenntnis" : "Empfänger", target->unit->name,
               target->unit->id);
    if (target->reason == REASON_NAMED) {
        buf_puts(out, ", weil die Meldung diese Stelle selbst nennt.\n");
        return;
    }
    buf_puts(out, ", nach ");
    put_rule(out, target->rule);
    if (from == routing->root)
        buf_puts(out, ": Auffangstelle, weil keine Regel eine andere nennt");
    else if (from && from != target->rule) {
        buf_puts(out, ", übernommen von ");
        put_rule(out, from);
    }
    buf_puts(out, ".\n");
}

/* The providers that can be asked, one after the other. */
static void put_candidates(struct buf *out, const struct route_result *result)
{
    if (result->candidates < 2)
        return;
    buf_puts(out, "Zur Auswahl stehen, jeweils nur eine Stelle: ");
    for (size_t i = 0; i < result->candidates; i++)
        buf_printf(out, "%s%s", i ? ", " : "", result->candidate[i]->id);
    buf_puts(out, result->choice == CHOOSE_LEAST_LOADED
                      ? "; zuerst die mit den wenigsten offenen Aufträgen und freien Plätzen.\n"
                      : "; in dieser Reihenfolge.\n");
}

static void put_others(struct buf *out, const struct route_result *result)
{
    for (size_t i = 0; i < result->tasks; i++)
        buf_printf(out,
                   "Eigene Aufgabe: %s (%s); der Vorgang endet erst, wenn auch sie erledigt "
                   "ist.\n",
                   result->task[i]->name, result->task[i]->id);
    for (size_t i = 0; i < result->count_copies; i++)
        buf_printf(out, "Nur als Zahl: %s (%s) erfährt die Anzahl, nicht diesen Vorgang.\n",
                   result->count_copy[i]->name, result->count_copy[i]->id);
}

void route_explain(const struct routing *routing, const struct directory *dir,
                   const struct route_query *query, struct buf *out)
{
    struct facts facts;
    struct route_result result;
    facts_set(&facts, routing, query);
    route_decide(routing, dir, query, &result);
    put_question(out, query, &facts);
    explain_level(out, routing->root, &facts);
    for (size_t i = 0; i < result.targets; i++)
        put_target(out, routing, &result.target[i], i >= result.targets - result.copies);
    put_candidates(out, &result);
    put_others(out, &result);
    if (query->restricted)
        buf_puts(out, "Geschützter Vorgang: nur eine Stelle erfährt davon, keine Kopien.\n");
    else if (result.targets == RECIPIENTS_MAX)
        buf_printf(out, "Von einem Fall erfahren höchstens %d Stellen.\n", RECIPIENTS_MAX);
    buf_printf(out, "Fristen: Regelwerk \"%s\", nach ", result.policy->id);
    put_rule(out, result.rule);
    buf_printf(out, ".\nStand der Verteiltabelle: %s.\n", routing->version);
}
