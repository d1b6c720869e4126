/*
 * stafettectl outbox, outbox list, outbox show: what waits, read from the store by a connection of
 * their own, beside a running daemon or without one. The deciding thread is asked only for what it
 * has in memory.
 */
#ifndef CTL_OUTBOX_H
#define CTL_OUTBOX_H

#include <stdbool.h>

struct ctl_use_of;
struct json;
struct settings;

/* Prints the answer of the command. `live` is the daemon's answer to GET /control/outbox, NULL when
 * it is silent. Returns an exit status of sysexits(3). */
int ctl_outbox(const struct ctl_use_of *use, const struct settings *settings,
               const struct json *live, bool json);

#endif
