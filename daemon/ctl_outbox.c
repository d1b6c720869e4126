/*
 * The outbox for operators: see ctl_outbox.h. Shows numbers and contact ids, never an address.
 * Refuses unknown words in a filter by naming the known ones. Writes nothing, makes no key file.
 */
#include "ctl_outbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "code.h"
#include "ctl_command.h"
#include "ctl_print.h"
#include "json.h"
#include "keys.h"
#include "lane_hold.h"
#include "outbox_table.h"
#include "settings.h"
#include "store.h"
#include "store_delivery.h"
#include "store_notice.h"
#include "store_outbox.h"
#include "util.h"
#include "verdict.h"

enum { LIST_USUAL = 100, LIST_MAX = 100000 };

/* What a command works on. */
struct desk {
    struct store *store;
    struct keys keys;
    struct lane_holds holds;
    int64_t now_ms, steady_ms;
};

static int fail(int status, const char *text)
{
    fprintf(stderr, "stafettectl: %s\n", text);
    return status;
}

static void take_hold(void *context, const char *lane, int64_t since_ms)
{
    lane_holds_add(context, lane, since_ms);
}

/* The daemon's clocks where it has told them: it may run on a test clock. */
static void read_clocks(struct desk *desk, const struct json *live)
{
    desk->now_ms = desk->steady_ms = util_wall_ms();
    if (time_parse(json_text(json_get(live, "now")), &desk->now_ms))
        desk->steady_ms = desk->now_ms;
    time_parse(json_text(json_get(live, "attempts_now")), &desk->steady_ms);
}

static void close_desk(struct desk *desk)
{
    if (desk->store)
        store_rollback(desk->store);
    store_close(desk->store);
    lane_holds_release(&desk->holds);
    explicit_bzero(&desk->keys, sizeof desk->keys);
}

static int open_desk(struct desk *desk, const struct settings *s, const struct json *live)
{
    struct buf err = BUF_INIT;
    int status = EX_OK;
    *desk = (struct desk){0};
    read_clocks(desk, live);
    if (access(s->key_file, R_OK) < 0) {
        buf_printf(&err, "key file %s: %s; run as the daemon's user", s->key_file, strerror(errno));
        status = fail(EX_NOPERM, buf_str(&err));
    } else if (keys_load(&desk->keys, s->key_file, &err) < 0) {
        status = fail(EX_CONFIG, buf_str(&err));
    } else {
        desk->store = store_open_reader(s->store, &err);
        if (!desk->store)
            status = fail(EX_IOERR, buf_str(&err));
    }
    buf_release(&err);
    if (desk->store) {
        store_begin_reading(desk->store);
        store_outbox_each_hold(desk->store, &desk->holds, take_hold);
    }
    return status;
}

/* Prints JSON as it is, or as text for people. */
static void print(const struct buf *answer, bool json, const char *empty)
{
    struct json_place where;
    struct buf text = BUF_INIT;
    struct json *root = json ? NULL : json_read(buf_str(answer), answer->len, &where);
    if (root)
        ctl_print(&text, root, empty);
    else
        buf_printf(&text, "%s\n", buf_str(answer));
    fwrite(buf_str(&text), 1, text.len, stdout);
    if (root)
        json_free(root);
    buf_release(&text);
}

static int read_trouble(const struct desk *desk)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "the store cannot be read: %s", store_trouble(desk->store));
    fail(EX_IOERR, buf_str(&text));
    buf_release(&text);
    return EX_IOERR;
}

/* ---- the table */

static void take_mark(void *context, const struct outbox_mark *mark)
{
    outbox_table_add(context, mark);
}

static const char *lane_name(void *context, int64_t lane_id)
{
    return store_intern_text(context, lane_id);
}

static int show_table(struct desk *desk, const struct ctl_use_of *use, const struct json *live,
                      bool json)
{
    struct outbox_table table;
    struct buf out = BUF_INIT;
    int status = EX_OK;
    outbox_table_init(&table, desk->now_ms, desk->steady_ms);
    store_outbox_marks(desk->store, &table, take_mark);
    if (store_failed(desk->store)) {
        status = read_trouble(desk);
    } else {
        bool urgent = !str_empty(ctl_value(use, "--urgent"));
        outbox_table_finish(&table, urgent, desk->store, lane_name);
        if (json)
            outbox_table_json(&out, &table, &desk->holds, live);
        else
            outbox_table_text(&out, &table, &desk->holds, live);
        fwrite(buf_str(&out), 1, out.len, stdout);
        if (json)
            fputc('\n', stdout);
    }
    outbox_table_release(&table);
    buf_release(&out);
    return status;
}

/* ---- one delivery */

static void put_delivery(struct buf *out, struct desk *desk, const struct delivery *d)
{
    char code[ITEM_ID_LEN + 1];
    code_write(code, d->item_seq, desk->keys.code);
    json_member_int(out, "delivery", d->seq);
    json_member_int(out, "notice", d->notice_seq);
    json_member_text(out, "item_id", code);
    json_member_text(out, "contact", d->contact);
    json_member_text(out, "destination", store_intern_text(desk->store, d->lane_id));
    json_member_text(out, "state", delivery_state_name(d->state));
    json_member_int(out, "attempts", d->attempts);
    json_member_text(out, "class", error_class_name(d->class));
    json_member_int(out, "code", d->code);
    json_member_time(out, "created_at", d->created_ms);
    json_member_time(out, "next_at", d->state == DELIVERY_PENDING ? d->next_ms : 0);
    json_member_time(out, "ended_at", d->ended_ms);
}

static int show_one(struct desk *desk, const struct ctl_use_of *use, bool json)
{
    struct due due;
    struct buf out = BUF_INIT;
    int64_t seq;
    if (!int_parse(ctl_value(use, "DELIVERY"), 1, INT64_MAX, &seq))
        return fail(EX_DATAERR, "the number of a delivery is wanted, as outbox list shows it");
    bool found = store_delivery_with_notice(desk->store, seq, &due);
    if (store_failed(desk->store))
        return read_trouble(desk);
    if (!found)
        return fail(EX_DATAERR, "there is no delivery with that number, or its time is over");
    const struct delivery *d = &due.delivery;
    const char *lane = store_intern_text(desk->store, d->lane_id);
    const struct lane_hold *held = lane_holds_cover(&desk->holds, lane);
    buf_addc(&out, '{');
    put_delivery(&out, desk, d);
    json_member_text(&out, "channel", channel_name(d->channel));
    json_member_bool(&out, "urgent", d->urgent);
    json_member_text(&out, "german", verdict_of(d->class)->operators);
    json_member_time(&out, "expires_at", d->state == DELIVERY_PENDING ? d->expires_ms : 0);
    json_member_text(&out, "report", report_status_name(d->report));
    json_member_time(&out, "reported_at", d->reported_ms);
    if (d->bundle_seq)
        json_member_int(&out, "left_with", d->bundle_seq);
    json_member_text(&out, "unit", due.notice.unit);
    json_member_text(&out, "what", due.notice.template_name);
    json_member_text(&out, "reason", reason_name(due.notice.reason));
    json_member_bool(&out, "perhaps_a_copy", due.notice.doubtful);
    json_member_time(&out, "answer_until", due.notice.deadline_ms);
    json_member_time(&out, "destination_held_since", held ? held->since_ms : 0);
    buf_addc(&out, '}');
    print(&out, json, "");
    buf_release(&out);
    return EX_OK;
}

/* ---- the list */

struct list {
    struct desk *desk;
    const char *lane;          /* "" = any */
    enum delivery_state state; /* DELIVERY_STATE_COUNT: what waits */
    enum error_class class;    /* ERROR_CLASS_COUNT: any */
    int64_t before_ms;         /* made before; 0 = whenever */
    int64_t left;
    struct buf out;
};

static bool list_one(void *context, const struct delivery *d)
{
    struct list *list = context;
    if ((list->class != ERROR_CLASS_COUNT && d->class != list->class) ||
        (list->before_ms && d->created_ms > list->before_ms) ||
        (!str_empty(list->lane) &&
         !lane_is_meant(list->lane, store_intern_text(list->desk->store, d->lane_id), true)))
        return true;
    json_comma(&list->out);
    buf_addc(&list->out, '{');
    put_delivery(&list->out, list->desk, d);
    buf_addc(&list->out, '}');
    return --list->left > 0;
}

/* By destination, of each the next attempt first. */
static void list_pending(struct list *list)
{
    struct store *s = list->desk->store;
    int64_t lane = 0;
    while (list->left > 0 && (lane = store_delivery_lane_after(s, lane)))
        if (str_empty(list->lane) || lane_is_meant(list->lane, store_intern_text(s, lane), true))
            store_outbox_each_pending(s, lane, list, list_one);
}

static int bad_word(const char *option, const char *word, struct buf *known)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s: there is no \"%.40s\"; there are %s", option, word, buf_str(known));
    fail(EX_USAGE, buf_str(&text));
    buf_release(&text);
    return EX_USAGE;
}

static int read_state(const char *word, enum delivery_state *state)
{
    struct buf known = BUF_INIT;
    int i = 0, status = EX_OK;
    *state = DELIVERY_STATE_COUNT;
    if (str_empty(word))
        return EX_OK;
    for (; i < DELIVERY_STATE_COUNT && !str_eq(word, delivery_state_name((enum delivery_state)i));
         i++)
        buf_printf(&known, "%s%s", i ? ", " : "", delivery_state_name((enum delivery_state)i));
    *state = (enum delivery_state)i;
    if (i == DELIVERY_STATE_COUNT)
        status = bad_word("--state", word, &known);
    buf_release(&known);
    return status;
}

static int read_class(const char *word, enum error_class *class)
{
    struct buf known = BUF_INIT;
    int i = 0, status = EX_OK;
    *class = ERROR_CLASS_COUNT;
    if (str_empty(word))
        return EX_OK;
    for (; i < ERROR_CLASS_COUNT && !str_eq(word, error_class_name((enum error_class)i)); i++)
        buf_printf(&known, "%s%s", i ? ", " : "", error_class_name((enum error_class)i));
    *class = (enum error_class)i;
    if (i == ERROR_CLASS_COUNT)
        status = bad_word("--class", word, &known);
    buf_release(&known);
    return status;
}

static int read_filters(struct list *list, const struct ctl_use_of *use)
{
    const char *older = ctl_value(use, "--older"), *limit = ctl_value(use, "--limit");
    int64_t age_ms = 0;
    int status = read_state(ctl_value(use, "--state"), &list->state);
    if (status == EX_OK)
        status = read_class(ctl_value(use, "--class"), &list->class);
    if (status != EX_OK)
        return status;
    if (!str_empty(older) && (!duration_parse(older, &age_ms) || age_ms <= 0))
        return fail(EX_USAGE, "--older needs a duration such as 30m, 2h or 3d");
    if (!str_empty(limit) && !int_parse(limit, 1, LIST_MAX, &list->left))
        return fail(EX_USAGE, "--limit needs a number from 1 to 100000");
    list->before_ms = age_ms ? list->desk->now_ms - age_ms : 0;
    return EX_OK;
}

static int show_list(struct desk *desk, const struct ctl_use_of *use, bool json)
{
    struct list list = {.desk = desk, .lane = ctl_value(use, "--lane"), .left = LIST_USUAL};
    int status = read_filters(&list, use);
    if (status != EX_OK)
        return status;
    bool waiting = list.state == DELIVERY_STATE_COUNT;
    buf_addc(&list.out, '[');
    if (waiting || list.state == DELIVERY_PENDING)
        list_pending(&list);
    if (list.left > 0 && list.state != DELIVERY_PENDING)
        store_outbox_each_of(desk->store, waiting ? DELIVERY_HELD : list.state, &list, list_one);
    buf_addc(&list.out, ']');
    if (store_failed(desk->store))
        status = read_trouble(desk);
    else
        print(&list.out, json, use->command->empty);
    buf_release(&list.out);
    return status;
}

int ctl_outbox(const struct ctl_use_of *use, const struct settings *settings,
               const struct json *live, bool json)
{
    struct desk desk;
    int status = open_desk(&desk, settings, live);
    if (status == EX_OK && use->command->local == CTL_OUTBOX)
        status = show_table(&desk, use, live, json);
    else if (status == EX_OK && use->command->local == CTL_OUTBOX_LIST)
        status = show_list(&desk, use, json);
    else if (status == EX_OK)
        status = show_one(&desk, use, json);
    close_desk(&desk);
    return status;
}
