/*
 * The table of the state machines for people: the whole matrix as text, for the golden test, and
 * a kind's graph for `stafettectl states`. Asks machine_next() and nothing else, so what is shown
 * is what happens.
 */
#include "buf.h"
#include "machine.h"

/* Codes that a row of the table distinguishes; "" for any other. */
static const char *const codes_of[][5] = {
    {"not_competent", "", NULL},
    {"confirmed", "reassigned", "giver_keeps", NULL},
    {"", NULL},
};

static const char *const *codes(int on)
{
    return on == EVENT_HANDOVER_REJECTED  ? codes_of[0]
           : on == EVENT_CONFLICT_DECIDED ? codes_of[1]
                                          : codes_of[2];
}

static const char *event_word(int on)
{
    return on >= ON_DELIVERED ? inner_event_name(on) : event_type_name(on);
}

/* The next event that concerns the kind, after `on`; -1 when there is none. Begin with -1. */
static int next_event(enum item_kind kind, int on)
{
    for (on++; on < EVENT_HANDLED_COUNT; on++)
        if (machine_kind(on) == kind && machine_role(on) != ROLE_FACT)
            return on;
    if (on == EVENT_HANDLED_COUNT)
        on = ON_DELIVERED;
    for (; on <= ON_HELD; on++)
        for (int state = 0; state < ITEM_STATE_COUNT; state++) {
            const struct step *step;
            const struct occasion o = {kind, (enum item_state)state, 0, on, ""};
            if (machine_next(&o, &step) == STEP_APPLY)
                return on;
        }
    return -1;
}

/* True when some event leads the kind into the state, or it begins there. */
static bool has_state(enum item_kind kind, enum item_state state)
{
    for (int type = 0; type < EVENT_HANDLED_COUNT; type++)
        if (machine_kind(type) == kind && machine_begins(type) == state && state != STATE_NONE)
            return true;
    for (int from = STATE_REQUESTED; from < ITEM_STATE_COUNT; from++)
        for (int on = next_event(kind, -1); on >= 0; on = next_event(kind, on))
            for (const char *const *code = codes(on); *code; code++) {
                const struct step *step;
                const struct occasion o = {kind, (enum item_state)from, 0, on, *code};
                if ((enum item_state)from == state
                        ? machine_next(&o, &step) == STEP_APPLY
                        : machine_next(&o, &step) == STEP_APPLY && step->to == state)
                    return true;
            }
    return false;
}

static void put_cell(struct buf *out, const struct occasion *o)
{
    const struct step *step;
    enum step_verdict verdict = machine_next(o, &step);
    struct occasion hilfeplan = *o;
    hilfeplan.flags = ITEM_HILFEPLAN;
    const struct step *guarded;
    bool guard = verdict == STEP_APPLY && machine_next(&hilfeplan, &guarded) == STEP_PARK;
    buf_printf(out, "%-10s %-23s %-27s %-13s ", item_kind_name(o->kind), item_state_name(o->state),
               event_word(o->on), o->code[0] ? o->code : "-");
    switch (verdict) {
    case STEP_APPLY:
        buf_printf(out, "apply %s%s\n", item_state_name(step->to),
                   guard ? " (Hilfeplan: park until the conversation is held)" : "");
        break;
    case STEP_NO_EFFECT:
        buf_puts(out, "apply (no effect, it is so already)\n");
        break;
    case STEP_PARK:
        buf_puts(out, "park\n");
        break;
    case STEP_REFUSE:
        buf_puts(out, "refuse\n");
        break;
    }
}

void machine_print(enum item_kind kind, struct buf *out)
{
    for (int state = STATE_REQUESTED; state < ITEM_STATE_COUNT; state++) {
        if (!has_state(kind, (enum item_state)state))
            continue;
        for (int on = next_event(kind, -1); on >= 0; on = next_event(kind, on))
            for (const char *const *code = codes(on); *code; code++) {
                const struct occasion o = {kind, (enum item_state)state, 0, on, *code};
                put_cell(out, &o);
            }
    }
}

static void put_edge(struct buf *out, const struct occasion *o)
{
    const struct step *step;
    enum step_verdict verdict = machine_next(o, &step);
    if (verdict == STEP_APPLY)
        buf_printf(out, "  %s -> %s [label=\"%s%s%s\"%s];\n", item_state_name(o->state),
                   item_state_name(step->to), event_word(o->on), o->code[0] ? "\\n" : "", o->code,
                   step_moves_owner(step) ? ", style=bold" : "");
    else if (verdict == STEP_PARK)
        buf_printf(out, "  %s -> %s [label=\"%s\\nwaits\", style=dotted];\n",
                   item_state_name(o->state), item_state_name(o->state), event_word(o->on));
}

void machine_dot(enum item_kind kind, struct buf *out)
{
    buf_printf(out, "digraph %s {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n",
               item_kind_name(kind));
    for (int state = STATE_REQUESTED; state < ITEM_STATE_COUNT; state++) {
        if (!has_state(kind, (enum item_state)state))
            continue;
        buf_printf(out, "  %s [label=\"%s\\n%s\"%s];\n", item_state_name((enum item_state)state),
                   item_state_name((enum item_state)state),
                   item_state_german((enum item_state)state),
                   item_state_is_final(kind, (enum item_state)state) ? ", peripheries=2" : "");
        for (int on = next_event(kind, -1); on >= 0; on = next_event(kind, on))
            for (const char *const *code = codes(on); *code; code++) {
                const struct occasion o = {kind, (enum item_state)state, 0, on, *code};
                put_edge(out, &o);
            }
    }
    buf_puts(out, "}\n");
}
