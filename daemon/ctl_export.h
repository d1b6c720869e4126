/*
 * The commands of stafettectl that read the store by themselves, beside a running daemon or without
 * one: export, audit verify, audit show.
 */
#ifndef CTL_EXPORT_H
#define CTL_EXPORT_H

#include <stdbool.h>

struct ctl_use_of;

/* Each prints on standard output, or an error on standard error, and returns the exit status: 0;
 * 65 when the reference or the item's code is malformed or unknown; 74 when the store cannot be
 * read; 78 when the configuration or the key file cannot. */
int ctl_export(const struct ctl_use_of *use, const char *config, bool json);
int ctl_audit_show(const struct ctl_use_of *use, const char *config, bool json);

/* 0 when the chain holds, 1 when it is broken. */
int ctl_audit_verify(const struct ctl_use_of *use, const char *config, bool json);

#endif
