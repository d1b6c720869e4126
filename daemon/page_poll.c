/*
 * Control calls about polls: list, show, close, and a vote handed in by hand, as its link would.
 */
#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "page_parts.h"
#include "poll.h"
#include "store_item.h"
#include "util.h"

enum { POLLS_MAX = 500 };

struct listing {
    struct stafette *g;
    struct buf *out;
    int left;
};

static void put_poll(struct stafette *g, struct buf *out, const struct item *item)
{
    char code[ITEM_ID_LEN + 1];
    struct poll poll;
    if (!store_poll_get(g->store, item->seq, &poll))
        return;
    code_write(code, item->seq, g->keys.code);
    json_member_text(out, "item_id", code);
    json_member_text(out, "state", item_state_name(item->state));
    json_member_text(out, "about", poll_about(g, item));
    json_member_text(out, "meeting_id", poll.meeting_id);
    json_member_text(out, "host", item->owner_unit);
    json_member_time(out, "due_at", poll.due_ms);
    json_member_int(out, "asked", store_voter_count(g->store, item->seq, false));
    json_member_int(out, "answered", store_voter_count(g->store, item->seq, true));
    json_member_int(out, "quorum", poll.quorum);
}

static bool list_poll(void *context, const struct item *item)
{
    struct listing *list = context;
    if (item->kind != ITEM_POLL)
        return true;
    json_comma(list->out);
    buf_addc(list->out, '{');
    put_poll(list->g, list->out, item);
    buf_addc(list->out, '}');
    return --list->left > 0;
}

void page_polls(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct listing list = {g, &call->answer, POLLS_MAX};
    (void)fresh;
    page_json(call);
    buf_addc(&call->answer, '[');
    store_item_each(g->store, str_eq(http_argument(call, "state"), "all"), 1, &list, list_poll);
    buf_addc(&call->answer, ']');
}

/* The poll that the last part of the path names; false with an error answered. */
static bool poll_of_path(struct stafette *g, struct http_call *call, struct item *item)
{
    int64_t seq;
    struct poll poll;
    if (!code_read(strrchr(call->path, '/') + 1, &seq, g->keys.code)) {
        page_error(call, 400, "the code of a poll such as K7F3-92QX is wanted");
        return false;
    }
    if (!store_item_get(g->store, seq, item) || item->kind != ITEM_POLL ||
        !store_poll_get(g->store, seq, &poll)) {
        page_error(call, 404, "there is no poll with that code");
        return false;
    }
    return true;
}

static void put_choices(struct stafette *g, struct buf *out, const struct item *item)
{
    struct poll_choice choice[POLL_CHOICES_MAX];
    struct buf text = BUF_INIT;
    size_t n = poll_choices(g, item->seq, choice, POLL_CHOICES_MAX);
    json_put_name(out, "choices");
    buf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        buf_reset(&text);
        poll_choice_text(g, item, &choice[i], &text);
        json_comma(out);
        buf_addc(out, '{');
        json_member_int(out, "number", choice[i].number);
        json_member_text(out, "choice", buf_str(&text));
        json_member_int(out, "votes", store_vote_count(g->store, item->seq, choice[i].number));
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
    buf_release(&text);
}

struct voters {
    struct stafette *g;
    struct buf *out;
    const struct item *item;
    struct poll_choice choice[POLL_CHOICES_MAX];
    size_t choices;
};

static void put_voter(void *context, const char *unit, int64_t answered_ms)
{
    struct voters *v = context;
    struct buf chosen = BUF_INIT;
    for (size_t i = 0; i < v->choices; i++)
        if (store_vote_has(v->g->store, v->item->seq, unit, v->choice[i].number))
            buf_printf(&chosen, "%s%lld", chosen.len ? "," : "", (long long)v->choice[i].number);
    json_comma(v->out);
    buf_addc(v->out, '{');
    json_member_text(v->out, "unit", unit);
    json_member_time(v->out, "answered_at", answered_ms);
    json_member_text(v->out, "choices",
                     answered_ms ? (chosen.len ? buf_str(&chosen) : "none") : "");
    buf_addc(v->out, '}');
    buf_release(&chosen);
}

void page_poll(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct item item;
    struct voters voters = {.g = g, .out = &call->answer, .item = &item};
    (void)fresh;
    if (!poll_of_path(g, call, &item))
        return;
    page_json(call);
    buf_addc(&call->answer, '{');
    put_poll(g, &call->answer, &item);
    put_choices(g, &call->answer, &item);
    voters.choices = poll_choices(g, item.seq, voters.choice, POLL_CHOICES_MAX);
    json_put_name(&call->answer, "parties");
    buf_addc(&call->answer, '[');
    store_voter_each(g->store, item.seq, &voters, put_voter);
    buf_puts(&call->answer, "]}");
}

void page_poll_close(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct item item;
    (void)fresh;
    if (!poll_of_path(g, call, &item))
        return;
    if (item.closed_ms) {
        page_error(call, 409, "this poll is over already");
        return;
    }
    poll_close(g, &item);
    page_json(call);
    buf_puts(&call->answer, "{\"state\":\"closed\"}");
}

/* "1,3", or "none"; false when it is neither. */
static bool read_numbers(const char *text, int64_t number[POLL_CHOICES_MAX], size_t *count)
{
    char piece[8];
    *count = 0;
    if (str_eq(text, "none"))
        return true;
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        if (*count == POLL_CHOICES_MAX || len >= sizeof piece)
            return false;
        memcpy(piece, at, len);
        piece[len] = '\0';
        if (!int_parse(piece, 1, POLL_CHOICES_MAX, &number[(*count)++]))
            return false;
        at += len;
        if (!*at)
            return true;
    }
}

void page_poll_vote(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct item item;
    struct buf said = BUF_INIT;
    int64_t number[POLL_CHOICES_MAX];
    size_t count;
    const struct unit *unit = directory_unit(g->config->directory, http_argument(call, "unit"));
    (void)fresh;
    if (!poll_of_path(g, call, &item))
        return;
    if (!read_numbers(http_argument(call, "choices"), number, &count)) {
        page_error(call, 400, "choices: numbers such as 1,3 are wanted, or none");
    } else if (!unit) {
        page_error(call, 404, "unit: this unit is not in the directory");
    } else if (!poll_vote(g, item.seq, unit, number, count, &said)) {
        page_error(call, 409, buf_str(&said));
    } else {
        page_json(call);
        buf_addc(&call->answer, '{');
        json_member_text(&call->answer, "said", buf_str(&said));
        buf_addc(&call->answer, '}');
    }
    buf_release(&said);
}
