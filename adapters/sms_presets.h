/*
 * Presets: SMS gateways as rows of one table, so that a transport says only what differs from one
 * city to the next. A preset is nothing but values of the options of adapter sms_http. Pure.
 */
#ifndef SMS_PRESETS_H
#define SMS_PRESETS_H

#include <stdbool.h>

#include "http_body.h"

struct buf;

struct sms_preset {
    const char *name;
    const char *adapter;  /* that uses it */
    const char *document; /* which it follows: an address */
    bool real;            /* tested with the gateway itself; else with an imitation: not proven */
    const char *reports;  /* what its delivery reports tell, for people */
    const char *needs;    /* options that have to be given, separated by spaces */
    const struct http_value *setting; /* option and value, ended by NULL */
    const struct http_value *param;   /* name and pattern, ended by NULL; NULL: option params */
    const struct http_value *header;  /* likewise; NULL: option headers */
    const char *report_query;         /* put behind report_url when that is set */
};

/* The table, ended by a row without a name. Rows of other adapters are there to be listed. */
const struct sms_preset *sms_presets(void);

/* A preset of adapter sms_http; NULL when there is none of that name. */
const struct sms_preset *sms_preset_find(const char *name);

/* Appends the table for people, or as a JSON list. */
void sms_presets_print(struct buf *out);
void sms_presets_json(struct buf *out);

#endif
