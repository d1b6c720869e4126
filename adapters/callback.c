/*
 * Delivery reports: see callback.h. Every value is hostile: it is kept only when it is short and of
 * plain characters, because it goes into the store, the log and a metric's label.
 */
#include "callback.h"

#include <ctype.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/json.h"
#include "../daemon/util.h"
#include "http_body.h"

/* The field's value; "" when it is absent. */
static void read_field(struct buf *out, const char *where, const struct callback_input *input,
                       const struct json *root)
{
    buf_reset(out);
    if (where[0] == '/' && root)
        http_pointer(out, root, where);
    else if (where[0] != '/' && !str_empty(where))
        buf_puts(out, input->argument(input->context, where));
}

/* Keeps an identifier; anything else than letters, digits and -_.:+ makes it unusable. */
static void keep_id(char *dst, size_t size, const struct buf *value)
{
    const char *text = buf_str(value);
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-_.:+", *p))
            text = "";
    str_copy(dst, size, text);
}

static void keep_word(char *dst, size_t size, const struct buf *value)
{
    size_t n = value->len < size ? value->len : size - 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)value->data[i];
        dst[i] = isalnum(c) || strchr("-_.", c) ? (char)c : '_';
        if (c == '\0')
            dst[i] = '_';
    }
    dst[n] = '\0';
}

static enum report_status status_of(const struct callback_rule *rule, const char *word)
{
    for (int s = REPORT_QUEUED; s < REPORT_STATUS_COUNT; s++)
        if (http_words_have(rule->words[s], word))
            return (enum report_status)s;
    return REPORT_UNKNOWN;
}

static bool wants_json(const struct callback_rule *rule)
{
    return rule->reference[0] == '/' || rule->provider_id[0] == '/' || rule->status[0] == '/';
}

int callback_read(struct report *report, const struct callback_rule *rule,
                  const struct callback_input *input, struct buf *err)
{
    struct buf value = BUF_INIT;
    struct json *root = NULL;
    struct json_place where = {0};
    *report = (struct report){0};
    if (wants_json(rule) && !(root = json_read(input->body, input->body_len, &where))) {
        buf_printf(err, "delivery report: no JSON (line %d, column %d)", where.line, where.column);
        return -1;
    }
    read_field(&value, rule->reference, input, root);
    keep_id(report->reference, sizeof report->reference, &value);
    read_field(&value, rule->provider_id, input, root);
    keep_id(report->provider_id, sizeof report->provider_id, &value);
    read_field(&value, rule->status, input, root);
    keep_word(report->word, sizeof report->word, &value);
    report->status = status_of(rule, buf_str(&value));
    buf_release(&value);
    if (root)
        json_free(root);
    if (str_empty(report->reference) && str_empty(report->provider_id))
        buf_puts(err, "delivery report: neither a reference nor an id that can be used");
    else if (str_empty(report->word))
        buf_puts(err, "delivery report: no status");
    else
        return 0;
    return -1;
}

bool report_advances(enum report_status last, enum report_status next)
{
    bool final = last == REPORT_DELIVERED || last == REPORT_FAILED;
    return !final && next > last;
}
