/*
 * Every adapter that is compiled in, by name of its struct. A new one is one file, one line here
 * and one in the table of adapters.c.
 */
#ifndef ADAPTERS_LIST_H
#define ADAPTERS_LIST_H

struct adapter;

extern const struct adapter adapter_email_smtp; /* email_smtp.c: a mail relay */
extern const struct adapter adapter_email_file; /* email_file.c: one file a mail */
extern const struct adapter adapter_null_email; /* null.c: accepts and forgets */
extern const struct adapter adapter_sms_http;   /* sms_http.c: any HTTP gateway, by table */
extern const struct adapter adapter_sms_kannel; /* sms_kannel.c: the same, preset for Kannel */
extern const struct adapter adapter_sms_gammu;  /* sms_gammu.c: folders of gammu-smsd */
extern const struct adapter adapter_sms_file;   /* sms_file.c: one file an SMS */
extern const struct adapter adapter_null_sms;   /* null.c: accepts and forgets */

#endif
