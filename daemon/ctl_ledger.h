/*
 * stafettectl ledger: the full check in the caller's own process, beside a running daemon or
 * without one.
 */
#ifndef CTL_LEDGER_H
#define CTL_LEDGER_H

#include <stdbool.h>

/* Checks the store of the configuration at `config` as of the time `at` (RFC 3339; "" = now) and
 * prints the report, or JSON. Returns the exit status: 0 green, 1 something was found, else as
 * sysexits(3), with a sentence on standard error. */
int ctl_ledger(const char *config, const char *at, bool json);

#endif
