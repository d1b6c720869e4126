/*
 * Telling the service manager (sd_notify protocol): ready, alive, reloading, stopping. Does nothing
 * when $NOTIFY_SOCKET is not set.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/* Sends lines such as "READY=1". */
void notify_send(const char *lines);

/* How often the manager wants WATCHDOG=1, in ms (half of WATCHDOG_USEC); 0 = never. */
int64_t notify_watchdog_ms(void);

#endif
