/*
 * SMS that come in by a gateway's callback: how a transport takes them, who may call, and what one
 * says. Pure apart from loading.
 *
 *     inbound = { secret_file = "sms-in.secret"; sources = "192.0.2.10 2001:db8::/64";
 *                 from = "from"; text = "text"; id = "id"; };
 *
 * The gateway calls GET or POST /sms/in/<transport> on the public door, with the secret as argument
 * "key" or as "Authorization: Bearer". Names of fields as in callback.h: an argument or form field,
 * or a JSON pointer that begins with "/". The defaults are those of a Kannel sms-service with
 * get-url ".../sms/in/<transport>?key=...&from=%p&text=%a&id=%I".
 */
#ifndef INBOUND_H
#define INBOUND_H

#include <stdbool.h>
#include <stddef.h>

#include "callback.h"

struct buf;
struct conf_node;
struct conf_faults;
struct inbound_rule;

enum { INBOUND_TEXT_MAX = 2048, INBOUND_SECRET_MIN = 16 };

struct inbound {
    char from[20];               /* E.164, "+49151..." */
    char id[80];                 /* the gateway's id, "" when it has none that can be used */
    char text[INBOUND_TEXT_MAX]; /* UTF-8; a longer one is cut between characters */
};

/* Reads the group `inbound` of a transport; NULL when it is not there or faulty (reported). A
 * secret shorter than INBOUND_SECRET_MIN, or no source, is a fault. */
struct inbound_rule *inbound_load(struct conf_node *transport, struct conf_faults *faults);
void inbound_free(struct inbound_rule *rule);

/* Only who may call, from `secret_file` and `sources` of any group, for callbacks of another kind.
 * Never NULL; faults are reported. */
struct inbound_rule *inbound_load_caller(struct conf_node *group, struct conf_faults *faults);
/* Its secret; borrowed. */
const char *inbound_key(const struct inbound_rule *rule);

/* True when that address may call. */
bool inbound_source(const struct inbound_rule *rule, const char *address);
/* Compares in constant time; either may be "". */
bool inbound_secret(const struct inbound_rule *rule, const char *argument, const char *header);

/* Reads one SMS. Returns 0, or -1 with one sentence in err that quotes nothing of it: no JSON where
 * the rule needs it; a sender that is no telephone number (a name, a short code). */
int inbound_read(struct inbound *sms, const struct inbound_rule *rule,
                 const struct callback_input *input, struct buf *err);

/* True when the address lies in one of the networks ("192.0.2.1 10.0.0.0/8 2001:db8::/32"). */
bool inbound_within(const char *networks, const char *address);
/* The first word that is no network; 0 when all are. Its length; *at points to it. */
size_t inbound_bad_network(const char *networks, const char **at);

/* A telephone number as gateways write it ("+49151...", "0049151...", "49151...", "0151...") in
 * E.164; a national one is German. False for names and short codes. */
bool inbound_number(char out[20], const char *text);

#endif
