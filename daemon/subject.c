/*
 * What the store holds about one case: see subject.h. The index goes by the short keyed hash; the
 * longer one decides, so that two cases are never taken for one. Reads only.
 */
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "code.h"
#include "erasures.h"
#include "json.h"
#include "keys.h"
#include "known.h"
#include "store_agenda.h"
#include "store_erase.h"
#include "store_event.h"
#include "store_item.h"
#include "util.h"

static void add_number(struct numbers *list, int64_t number)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i] == number)
            return;
    list->at = grow(list->at, list->n, &list->cap, sizeof *list->at);
    list->at[list->n++] = number;
}

static bool is_about(const struct subject *s, const char *case_ref)
{
    struct erasure e;
    if (str_empty(case_ref))
        return false;
    erasure_of(&e, s->keys->case_ref, case_ref);
    return e.case_key == s->who->case_key &&
           memcmp(e.case_hash, s->who->case_hash, sizeof e.case_hash) == 0;
}

static bool take_item(void *context, const struct item *item)
{
    struct subject *s = context;
    if (is_about(s, item->case_ref))
        add_number(&s->items, item->seq);
    return true;
}

static void take_child(void *context, int64_t child_seq)
{
    struct subject *s = context;
    add_number(&s->items, child_seq);
}

static void take_loose(void *context, int64_t event_seq, const char *source, const char *data)
{
    struct subject *s = context;
    struct json_place where;
    struct json *root = json_read(data, strlen(data), &where);
    (void)source;
    if (root && is_about(s, json_text(json_get(root, "case_ref"))))
        add_number(&s->events, event_seq);
    json_free(root);
}

static bool take_agenda(void *context, const struct agenda_item *row)
{
    struct subject *s = context;
    if (is_about(s, row->case_ref))
        add_number(&s->agenda, row->seq);
    return true;
}

/* The item of the event with that id of that source, 0 = none that is remembered. */
static int64_t item_of_id(struct subject *s, const char *source, const char *id)
{
    unsigned char hash[DIGEST_ID];
    struct event_row row;
    struct buf text = BUF_INIT;
    if (!s->known)
        return 0;
    buf_add(&text, source, strlen(source) + 1);
    buf_add(&text, id, strlen(id) + 1);
    digest_keyed(hash, sizeof hash, s->keys->id, text.data, text.len);
    buf_release(&text);
    int64_t seq = known_find(s->known, hash);
    return seq && store_event_get(s->store, seq, &row, NULL) ? row.item_seq : 0;
}

/* The refusal that an event of the case corrected says nothing of the case, but that it was. */
static void take_refusal(void *context, int64_t event_seq, const char *source, const char *data)
{
    struct subject *s = context;
    struct item item;
    struct json_place where;
    struct json *root = json_read(data, strlen(data), &where);
    const char *corrects = root ? json_text(json_get(root, "corrects")) : "";
    int64_t seq = 0;
    (void)event_seq;
    if (!str_empty(corrects) && !code_read(corrects, &seq, s->keys->code))
        seq = item_of_id(s, source, corrects);
    if (seq && store_item_get(s->store, seq, &item) && item.kind == ITEM_REFUSAL &&
        str_eq(item.source, source))
        add_number(&s->items, seq);
    json_free(root);
}

void subject_find(struct subject *s, struct store *store, const struct keys *keys,
                  const struct known *known, const struct erasure *who)
{
    *s = (struct subject){.store = store, .keys = keys, .known = known, .who = who};
    store_item_each_of_case(store, who->case_key, s, take_item);
    for (size_t i = 0; i < s->items.n; i++) {
        store_erase_each_child(store, s->items.at[i], s, take_child);
        store_erase_each_data(store, s->items.at[i], s, take_refusal);
    }
    store_erase_each_data(store, 0, s, take_loose);
    store_agenda_each_of_case(store, who->case_key, s, take_agenda);
    for (size_t i = 0; i < s->items.n; i++) {
        struct item item;
        s->open += store_item_get(store, s->items.at[i], &item) && !item.closed_ms;
    }
}

void subject_release(struct subject *s)
{
    free(s->items.at);
    free(s->events.at);
    free(s->agenda.at);
}
