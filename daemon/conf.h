/*
 * Configuration files as a tree of nodes; the only part that knows libconfig. A directory stands
 * for all its *.conf files in name order, merged at top level, so that a city keeps places, units
 * and routes in files of their own; every node knows its file and line.
 *
 * conf.c answers for the form (syntax, duplicates across files, sizes, UTF-8); what a setting means
 * is checked by the part that reads it, which reports each fault by conf_fault() and goes on, so
 * that one run shows them all.
 *
 * @include "name" stands on a line of its own; the name counts from the directory of the file that
 * holds the line.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum conf_type { CONF_GROUP, CONF_LIST, CONF_TEXT, CONF_INT, CONF_REAL, CONF_BOOL };

struct conf_node {
    const char *name; /* "" for list elements and the root */
    enum conf_type type;
    const char *text;         /* CONF_TEXT; "" otherwise */
    int64_t number;           /* CONF_INT, CONF_BOOL (0 or 1) */
    double real;              /* CONF_REAL */
    const char *file;         /* for messages, never ""; for the root the path as given */
    int line;                 /* from 1; 0 for the root */
    struct conf_node **child; /* CONF_GROUP, CONF_LIST (libconfig lists and arrays) */
    size_t children;
    bool used; /* set by the lookups below; see conf_check_unused() */
};

/* Faults found while loading: "file:line: what is wrong; how to mend it". */
struct conf_faults {
    struct buf *text; /* one line each; owned by the caller */
    size_t errors;
    size_t warnings;
};

/* Reads a file, or all *.conf files of a directory. The tree is freed by conf_free(). On faults of
 * form they are reported and the readable rest is returned; NULL only when nothing can be read. */
struct conf_node *conf_read(const char *path, struct conf_faults *faults);

/* The same from a text in memory, without @include; `name` stands for the file in messages. Never
 * NULL. For tests and for the fuzzer. */
struct conf_node *conf_read_text(const char *name, const char *text, size_t len,
                                 struct conf_faults *faults);
void conf_free(struct conf_node *root);

/* False when a file was left out because of its syntax: then what misses may stand there. */
bool conf_whole(const struct conf_node *root);

/* 16 hex digits over the bytes of all files read, in order; not over their names. */
const char *conf_version(const struct conf_node *root);

/* Reports one fault at a node. A warning does not refuse the configuration. */
void conf_fault(struct conf_faults *faults, const struct conf_node *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void conf_warning(struct conf_faults *faults, const struct conf_node *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a place that has no node; line 0 leaves the line out. */
void conf_fault_at(struct conf_faults *faults, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The member of a group, marked used; NULL when absent or when `group` is NULL or no group. */
struct conf_node *conf_get(struct conf_node *group, const char *name);

/* Member readers: the default when absent; a fault and the default when of the wrong type or out
 * of range. The text is owned by the tree. */
const char *conf_text(struct conf_node *group, const char *name, const char *otherwise,
                      struct conf_faults *faults);
int64_t conf_int(struct conf_node *group, const char *name, int64_t otherwise, int64_t min,
                 int64_t max, struct conf_faults *faults);
bool conf_bool(struct conf_node *group, const char *name, bool otherwise,
               struct conf_faults *faults);

/* Durations are texts with a unit ("15m"), because libconfig wraps large integers silently. */
int64_t conf_duration_ms(struct conf_node *group, const char *name, int64_t otherwise_ms,
                         struct conf_faults *faults);

/* Sizes likewise: "64 KB", "20 GB", in bytes. */
int64_t conf_size_bytes(struct conf_node *group, const char *name, int64_t otherwise,
                        struct conf_faults *faults);

/* Appends a path that counts from the directory of the node's file (for the root: from the
 * configuration's directory); an absolute path as it is. */
void conf_resolve(const struct conf_node *at, const char *path, struct buf *out);

/* The name of `known` (NULL-terminated, may be NULL) at most two typing errors away, or NULL. */
const char *conf_nearest(const char *name, const char *const *known);

/* Reports every direct member of `group` that nobody looked up, naming the nearest known name of
 * `known` (NULL-terminated, may be NULL). Call it on a group after reading it. */
void conf_check_unused(struct conf_node *group, const char *const *known,
                       struct conf_faults *faults);

#endif
