/*
 * The classes command: reads the words, asks the two tables, prints. Refuses a reply without a code
 * of three digits, and a number that is none, because a class that was guessed would be read as
 * one that is known. Holds nothing; the words of a peer are not repeated.
 */
#include "ctl_classes.h"

#include <ctype.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/verdict_rules.h"
#include "buf.h"
#include "ctl_print.h"
#include "json.h"
#include "util.h"
#include "verdict.h"

static void put_class(struct buf *out, enum error_class class)
{
    const struct verdict *v = verdict_of(class);
    json_member_text(out, "class", error_class_name(class));
    json_member_bool(out, "retried", v->again);
    json_member_text(out, "next_channel", next_way_name(v->next));
    json_member_text(out, "who_acts", verdict_hand_name(v->hand));
    json_member_bool(out, "blames_contact", v->blames);
}

static void put_sentences(struct buf *out, enum error_class class)
{
    json_member_text(out, "sender", verdict_of(class)->sender);
    json_member_text(out, "coordinator", verdict_of(class)->coordinator);
    json_member_text(out, "operators", verdict_of(class)->operators);
}

/* Which row it was: "SMTP 5.1.*: no such address". */
static void put_why(struct buf *out, const struct verdict_rule *rule)
{
    static const char *const origins[] = {"SMTP reply", "login", "libcurl", "HTTP"};
    struct buf why = BUF_INIT;
    buf_puts(&why, origins[rule->origin]);
    if (rule->first > 0 && rule->first == rule->last)
        buf_printf(&why, " %d", rule->first);
    else if (rule->first > 0)
        buf_printf(&why, " %d to %d", rule->first, rule->last);
    if (str_eq(rule->enhanced, "-"))
        buf_puts(&why, " without an enhanced code");
    else if (!str_empty(rule->enhanced))
        buf_printf(&why, " with %s", rule->enhanced);
    buf_printf(&why, ": %s", rule->why);
    json_member_text(out, "why", buf_str(&why));
    buf_release(&why);
}

static int read_stage(const char *word, enum smtp_stage *stage, struct buf *err)
{
    static const char *const words[] = {"session", "rcpt", "data", "dot"};
    *stage = SMTP_RCPT;
    if (str_empty(word))
        return 0;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        *stage = (enum smtp_stage)i;
        if (str_eq(words[i], word))
            return 0;
    }
    buf_printf(err, "--stage \"%.20s\" is none of session, rcpt, data and dot", word);
    return -1;
}

static int read_number(const char *option, const char *word, int max, struct verdict_case *c,
                       struct buf *err)
{
    int64_t number;
    if (!int_parse(word, 0, max, &number)) {
        buf_printf(err, "%s \"%.20s\" is no number from 0 to %d", option, word, max);
        return -1;
    }
    c->code = (int)number;
    return 0;
}

/* The reply's code; its enhanced code is found as for a real one. */
static int read_reply(const char *reply, struct verdict_case *c, struct job *job, struct buf *err)
{
    const unsigned char *p = (const unsigned char *)reply;
    if (!isdigit(p[0]) || !isdigit(p[1]) || !isdigit(p[2]) || isdigit(p[3]) || p[0] < '2' ||
        p[0] > '5') {
        buf_printf(err,
                   "REPLY \"%.40s\" is no answer of a mail server; write \"550 5.1.1 unknown\"",
                   reply);
        return -1;
    }
    c->code = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
    job_peer_text(job, reply + 3);
    c->enhanced = job->result.enhanced;
    return 0;
}

static int read_case(const struct ctl_classes *ask, struct verdict_case *c, struct job *job,
                     struct buf *err)
{
    if (!str_empty(ask->reply) + !str_empty(ask->http) + !str_empty(ask->curl) > 1) {
        buf_puts(err, "give REPLY, --http or --curl, one of them");
        return -1;
    }
    if (read_stage(ask->stage, &c->stage, err) < 0)
        return -1;
    if (!str_empty(ask->reply))
        return read_reply(ask->reply, c, job, err);
    c->origin = str_empty(ask->http) ? ORIGIN_CURL : ORIGIN_HTTP;
    return str_empty(ask->http) ? read_number("--curl", ask->curl, 99, c, err)
                                : read_number("--http", ask->http, 599, c, err);
}

/* 2xx and 3xx of a mail server are answers on the way, never an ending. */
static bool is_going_on(const struct verdict_case *c)
{
    return c->origin == ORIGIN_SMTP && c->code < 400;
}

static int put_one(struct buf *out, const struct ctl_classes *ask, struct buf *err)
{
    struct job *job = job_new();
    struct verdict_case c = {.origin = ORIGIN_SMTP, .enhanced = ""};
    int rc = read_case(ask, &c, job, err);
    if (rc == 0) {
        const struct verdict_rule *rule = verdict_rule(&c);
        enum error_class class = is_going_on(&c) ? CLASS_NONE : rule->class;
        buf_addc(out, '{');
        put_class(out, class);
        if (is_going_on(&c))
            json_member_text(out, "why", "SMTP reply below 400: accepted so far");
        else
            put_why(out, rule);
        put_sentences(out, class);
        buf_addc(out, '}');
    }
    job_free(job);
    return rc;
}

static void put_all(struct buf *out, bool sentences)
{
    buf_addc(out, '[');
    for (int class = 0; class < ERROR_CLASS_COUNT; class ++) {
        json_comma(out);
        buf_addc(out, '{');
        put_class(out, (enum error_class) class);
        if (sentences)
            put_sentences(out, (enum error_class) class);
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

/* The sentences are too long for a table. */
static void put_all_sentences(struct buf *out)
{
    for (int class = 0; class < ERROR_CLASS_COUNT; class ++) {
        const struct verdict *v = verdict_of((enum error_class) class);
        buf_printf(out, "\n%s\n  sender:      %s\n  coordinator: %s\n  operators:   %s\n",
                   error_class_name((enum error_class) class), v->sender, v->coordinator,
                   v->operators);
    }
}

static void print(struct buf *out, const struct buf *text)
{
    struct json_place where;
    struct json *value = json_read(buf_str(text), text->len, &where);
    ctl_print(out, value, "");
    json_free(value);
}

int ctl_classes(struct buf *out, const struct ctl_classes *ask, struct buf *err)
{
    struct buf text = BUF_INIT;
    const bool all = str_empty(ask->reply) && str_empty(ask->http) && str_empty(ask->curl);
    int rc = 0;
    if (all)
        put_all(&text, ask->json);
    else
        rc = put_one(&text, ask, err);
    if (rc == 0 && ask->json)
        buf_printf(out, "%s\n", buf_str(&text));
    else if (rc == 0)
        print(out, &text);
    if (rc == 0 && all && !ask->json)
        put_all_sentences(out);
    buf_release(&text);
    return rc;
}
