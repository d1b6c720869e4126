/*
 * How `stafettectl watch` tells a person: by a command of the operator, or by a mail over a relay
 * of its own, so that it does not depend on the gateway that is in trouble.
 */
#ifndef CTL_TELL_H
#define CTL_TELL_H

#include <curl/curl.h>

struct buf;
struct ctl_tell;
struct ctl_use_of;
struct watch_report;

/* Checks --command or --mail-to, --mail-from and --relay. The handle is borrowed until
 * ctl_tell_close(). NULL with a sentence in err. */
struct ctl_tell *ctl_tell_open(const struct ctl_use_of *use, CURL *easy, struct buf *err);
void ctl_tell_close(struct ctl_tell *tell);

/* A watch_options.tell; the context is a struct ctl_tell. Returns within a minute or so. */
int ctl_tell_report(void *context, const struct watch_report *report, struct buf *err);

#endif
