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

/* 8-4-4-4-12 hexadecimal digits. */
static bool is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    for (; form[i] && text[i]; i++)
        if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != '-')
            return false;
    return !form[i] && !text[i];
}

void callback_id(char *dst, size_t size, const char *text)
{
    static const char blanks[] = " \t\r\n";
    size_t len;
    text += strspn(text, blanks);
    for (len = strlen(text); len > 0 && strchr(blanks, text[len - 1]);)
        len--;
    dst[0] = '\0';
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("-_.:+", text[i]))
            return;
    if (len >= size)
        return;
    memcpy(dst, text, len);
    dst[len] = '\0';
    if (is_uuid(dst))
        for (char *p = dst; *p; p++)
            *p = (char)tolower((unsigned char)*p);
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

static bool among(const char *words, const char *word)
{
    return words && http_words_have(words, word);
}

static enum report_status status_of(const struct callback_rule *rule, const char *word)
{
    if (among(rule->expired, word))
        return REPORT_FAILED;
    for (int s = REPORT_QUEUED; s < REPORT_STATUS_COUNT; s++)
        if (http_words_have(rule->words[s], word))
            return (enum report_status)s;
    return REPORT_UNKNOWN;
}

/* Why it failed. What expired had been tried all the time, as after many a "later"; what is said
 * without a reason is the end of this message. */
static enum error_class class_of(const struct callback_rule *rule, const char *word,
                                 const char *reason)
{
    if (among(rule->address, reason) || among(rule->address, word))
        return CLASS_ADDRESS;
    if (among(rule->policy, reason) || among(rule->policy, word))
        return CLASS_POLICY;
    if (among(rule->credit, reason) || among(rule->credit, word))
        return CLASS_CREDIT;
    return among(rule->expired, word) ? CLASS_TEMPORARY : CLASS_PERMANENT;
}

static bool wants_json(const struct callback_rule *rule)
{
    return (rule->error && rule->error[0] == '/') || rule->reference[0] == '/' ||
           rule->provider_id[0] == '/' || rule->status[0] == '/';
}

static void read_facts(struct report *report, const struct callback_rule *rule,
                       const struct callback_input *input, const struct json *root)
{
    struct buf value = BUF_INIT, reason = BUF_INIT;
    read_field(&value, rule->reference, input, root);
    callback_id(report->reference, sizeof report->reference, buf_str(&value));
    read_field(&value, rule->provider_id, input, root);
    callback_id(report->provider_id, sizeof report->provider_id, buf_str(&value));
    read_field(&value, rule->status, input, root);
    keep_word(report->word, sizeof report->word, &value);
    report->status = status_of(rule, buf_str(&value));
    if (report->status == REPORT_FAILED) {
        if (rule->error)
            read_field(&reason, rule->error, input, root);
        report->class = class_of(rule, buf_str(&value), buf_str(&reason));
    }
    buf_release(&value);
    buf_release(&reason);
}

int callback_read(struct report *report, const struct callback_rule *rule,
                  const struct callback_input *input, struct buf *err)
{
    struct json *root = NULL;
    struct json_place where = {0};
    *report = (struct report){0};
    if (wants_json(rule) && !(root = json_read(input->body, input->body_len, &where))) {
        buf_printf(err, "delivery report: no JSON (line %d, column %d)", where.line, where.column);
        return -1;
    }
    read_facts(report, rule, input, root);
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
