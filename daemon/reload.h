/*
 * Loading a new configuration while running (SIGHUP): read and checked on a carrier, swapped whole
 * by the deciding thread, or refused with every fault in the log and nothing changed.
 */
#ifndef RELOAD_H
#define RELOAD_H

struct stafette;

/* Starts loading; the swap happens in a later turn. */
void reload_start(struct stafette *g);

#endif
