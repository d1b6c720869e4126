/*
 * The whole configuration, loaded and checked in one go: all or nothing. Immutable once loaded;
 * the deciding thread swaps it whole and counts its users (jobs in flight keep theirs).
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "settings.h"

struct buf;
struct directory;
struct mail_domains;
struct protections;
struct routing;
struct school;
struct templates;
struct transports;

struct config {
    struct settings settings;
    struct directory *directory;
    struct routing *routing;
    struct templates *templates;
    struct school *school; /* NULL: no school holidays are known */
    struct transports *transports;
    struct mail_domains *mail_domains;
    struct protections *protections; /* certificates of mailboxes */
    char *path;                      /* as given */
    char version[17]; /* 16 hex digits over all files read: in every audit row (DOMAIN R27) */
    long users;       /* config_hold / config_drop; deciding thread only */
};

/* Loads a file or a directory of *.conf. On success the configuration with one user; on errors NULL
 * with every fault in `report`, one "file:line: ..." a line, sorted by file and line. Warnings
 * ("file:line: warning: ...") are in `report` either way. Touches nothing outside, so it may run on
 * a carrier. */
struct config *config_load(const char *path, struct buf *report);

/* One user more; one user less, and the last one frees it. NULL is nobody's. */
void config_hold(struct config *config);
void config_drop(struct config *config);

#endif
