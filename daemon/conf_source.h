/*
 * The bytes of a configuration, before libconfig sees them; internal to conf.c.
 *
 * Includes are put in place here and not by libconfig 1.5, which looks for them in the working
 * directory and ends the process when one is a directory. The line map leads back to file and line.
 */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "digest.h"

struct conf_faults;

struct conf_place {
    const char *file;
    int line;
};

struct conf_source {
    struct buf text;          /* one top file with its includes in place */
    struct conf_place *place; /* of each line of the text */
    size_t places, cap;
    char **file; /* names of all files read, owned */
    size_t files, files_cap;
    unsigned char hash[DIGEST_FULL]; /* chained over the bytes of the files */
};

void conf_source_init(struct conf_source *s);
void conf_source_release(struct conf_source *s);

/* Reads a file and what it includes, reporting faults of the bytes. False when the top file or an
 * included one cannot be read. */
bool conf_source_file(struct conf_source *s, const char *path, struct conf_faults *faults);

/* Takes a text; an @include in it is a fault. */
void conf_source_text(struct conf_source *s, const char *name, const char *text, size_t len,
                      struct conf_faults *faults);

/* Where a line of the text (from 1) comes from; lines beyond the end stand for the last one. */
struct conf_place conf_source_place(const struct conf_source *s, int line);

#endif
