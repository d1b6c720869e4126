/*
 * Receipts: see receipt.h.
 */
#include "receipt.h"

#include "buf.h"
#include "code.h"
#include "event.h"
#include "gateway.h"
#include "json.h"
#include "out_event.h"
#include "store_item.h"
#include "util.h"

void receipt_faults(struct buf *out, const struct event *ev, const char *candidates)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < ev->faults; i++) {
        const struct event_fault *f = &ev->fault[i];
        struct buf text = BUF_INIT;
        event_fault_german(f, &text);
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "code", f->code);
        if (!str_empty(f->field))
            json_member_text(out, "field", f->field);
        json_member_text(out, "rule", f->rule);
        json_member_text(out, "remedy", f->remedy);
        if (f->line) {
            json_member_int(out, "line", f->line);
            json_member_int(out, "column", f->column);
        }
        if (str_eq(f->code, "E-MEHRDEUTIG") && !str_empty(candidates))
            json_member_text(out, "candidates", candidates);
        json_member_text(out, "text", buf_str(&text));
        buf_addc(out, '}');
        buf_release(&text);
    }
    buf_addc(out, ']');
}

static const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_ACCEPTED:
        return "accepted";
    case OUTCOME_RETURNED:
        return "returned";
    case OUTCOME_REFUSED:
        return "refused";
    case OUTCOME_PARKED:
        return "parked";
    case OUTCOME_COUNT:
        break;
    }
    return "?";
}

static void put_item(struct buf *out, struct stafette *g, int64_t item_seq)
{
    char code[ITEM_ID_LEN + 1];
    struct item item;
    code_write(code, item_seq, g->keys.code);
    json_member_text(out, "item_id", code);
    if (!store_item_get(g->store, item_seq, &item))
        return;
    json_member_text(out, "item_kind", item_kind_name(item.kind));
    json_member_text(out, "state", item_state_name(item.state));
}

void receipt_write(struct buf *out, struct stafette *g, const struct event_row *row,
                   const char *faults, bool repeated)
{
    out_event_start(out, g, "r", row->seq, "gateway.receipt");
    json_member_text(out, "event_id", row->id);
    json_member_text(out, "event_type", row->type);
    json_member_text(out, "outcome",
                     repeated && row->outcome == OUTCOME_ACCEPTED ? "repeated"
                                                                  : outcome_name(row->outcome));
    json_member_bool(out, "repeated", repeated);
    if (row->item_seq)
        put_item(out, g, row->item_seq);
    if (!str_empty(faults)) {
        json_put_name(out, "faults");
        buf_puts(out, faults);
    }
    out_event_end(out);
}
