/*
 * Links in mails: see links.h. Which answers have a line of their own is a table; everything else
 * that is possible stands on the page. Reads the store, writes nothing.
 */
#include "links.h"

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "links_meeting.h"
#include "store_delivery.h"
#include "store_item.h"
#include "token.h"
#include "util.h"

/* What a mail asks for by itself, in the order of its lines. Giving back, withdrawing and the like
 * need a second look: they stand on the page. */
static const bool has_line[ANSWER_VERB_COUNT] = {
    [ANSWER_SEEN] = true,    [ANSWER_ACCEPT] = true,    [ANSWER_APPROVE] = true,
    [ANSWER_REFUSE] = true,  [ANSWER_CONFIRMED] = true, [ANSWER_KEEPS] = true,
    [ANSWER_CLEARED] = true, [ANSWER_CONTACTED] = true, [ANSWER_DONE] = true,
};

bool links_offer(struct stafette *g, const struct item *item, const struct unit *by,
                 enum answer_verb verb)
{
    if (verb == ANSWER_ACCEPT &&
        (item->kind == ITEM_EMERGENCY || item->kind == ITEM_TASK || item->kind == ITEM_DRILL))
        return false;
    if (verb == ANSWER_DONE && item->kind == ITEM_EMERGENCY && item->state != STATE_CLEARED)
        return false;
    return answer_possible(g, item, by, verb);
}

int64_t links_expire_ms(const struct stafette *g, int64_t created_ms)
{
    return created_ms + g->config->settings.answer_link_hours * HOUR_MS;
}

void links_put_line(const struct stafette *g, const struct due *due, int purpose,
                    int64_t expires_ms, const char *label, struct buf *out)
{
    char text[TOKEN_LEN + 1];
    const struct token token = {due->delivery.seq, purpose, expires_ms};
    token_write(text, &g->keys, &token);
    buf_printf(out, "\n%s: %s/a/%s", label, g->config->settings.answer_url, text);
}

void links_put(struct stafette *g, const struct due *due, const struct item *item, struct buf *out)
{
    const struct unit *by = directory_unit(g->config->directory, due->notice.unit);
    bool others = false;
    size_t lines = 0;
    struct buf list = BUF_INIT;
    if (str_empty(g->config->settings.answer_url) || due->delivery.channel != CHANNEL_EMAIL ||
        item->closed_ms || !by)
        return;
    if (item->kind == ITEM_MEETING || item->kind == ITEM_POLL) {
        links_meeting_put(g, due, item, out);
        return;
    }
    if (!due->notice.deadline_ms)
        return;
    int64_t until_ms = links_expire_ms(g, due->notice.created_ms);
    for (int verb = 0; verb < ANSWER_VERB_COUNT; verb++) {
        if (!links_offer(g, item, by, (enum answer_verb)verb))
            continue;
        others = others || !has_line[verb];
        lines += has_line[verb];
        if (has_line[verb])
            links_put_line(g, due, verb, until_ms,
                           answer_verb_german((enum answer_verb)verb, item->kind), &list);
    }
    if (others)
        links_put_line(g, due, TOKEN_PAGE, until_ms, lines ? "Andere Antwort" : "Antworten", &list);
    if (list.len) {
        buf_puts(out, "Antworten ohne Anmeldung, bis ");
        time_german(out, until_ms);
        buf_puts(out, " (es zählt erst der Knopf auf der Seite):");
        buf_add(out, list.data, list.len);
    }
    buf_wipe(&list);
}
