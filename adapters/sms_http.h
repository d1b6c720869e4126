/*
 * SMS by any HTTP gateway, by table: what sms_http.c and its presets share. A preset is a small
 * adapter of its own whose settings are partly fixed; the rest of the work is the functions here.
 */
#ifndef SMS_HTTP_H
#define SMS_HTTP_H

#include <curl/curl.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../daemon/buf.h"
#include "../daemon/stafette.h"
#include "callback.h"
#include "http_body.h"

struct conf_node;
struct conf_faults;
struct job;
struct transport;

enum sms_body { SMS_QUERY, SMS_FORM, SMS_JSON, SMS_TEXT };

/* A gateway as its transport describes it; immutable after load. Texts without a comment are the
 * transport's values or a preset's. */
struct sms {
    enum sms_body body;
    const char *method, *url, *template, *from, *username, *number_format, *ca_file;
    bool basic; /* username and password as HTTP Basic */
    int64_t timeout_ms;
    struct buf password;
    char *report_url;         /* pattern; owned */
    const char *report_key;   /* the secret of our report page; of the transport */
    struct http_value *param; /* name and pattern, ended by NULL; owned with its texts */
    struct http_value *header;
    const char *ok_codes, *ok_pointer, *ok_values;
    const char *codes[ERROR_CLASS_COUNT];  /* "" = none; of a class that sms_judged() names */
    const char *values[ERROR_CLASS_COUNT]; /* words, likewise */
    const char *id_pointer;
    regex_t ok_regex, id_regex;
    bool has_ok_regex, has_id_regex;
    struct callback_rule report;
};

/* Settings that a preset fixes; all others are options of its adapter. */
struct sms_preset {
    const struct http_value *fixed; /* setting and value, ended by NULL */
    const struct http_value *param; /* name and pattern, ended by NULL; NULL: option params */
    const char *report_query;       /* put behind report_url when that is set */
};

/* check() of the adapter: reads every setting into transport->state. */
int sms_http_setup(struct transport *t, struct conf_node *node, struct conf_faults *faults,
                   const struct sms_preset *preset);
void sms_http_release(struct transport *t);

int sms_http_prepare(struct job *job, CURL *easy);
void sms_http_finish(struct job *job, CURL *easy, CURLcode code);

/* Classes that a transport may give codes and words for, as <class>_codes and <class>_values, in
 * the order in which they are looked at; ended by CLASS_NONE. */
const enum error_class *sms_judged(void);

/* The class of a complete answer: by the transport's codes, else by the rows of verdict_rules.c,
 * then by its words; a word in no list is a refusal for good. `word` gets the gateway's own status
 * word, `id` its id for the message, each "" when there is none. An answer of an accepted code that
 * cannot be understood is CLASS_AMBIGUOUS: perhaps sent. Pure. */
enum error_class sms_judge(const struct sms *sms, long status, const struct buf *answer,
                           struct buf *word, struct buf *id);

/* How a transport's delivery reports are read; NULL when it is no HTTP gateway or has none. */
const struct callback_rule *sms_report_rule(const struct transport *t);

#endif
