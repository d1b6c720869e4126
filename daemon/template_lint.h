/*
 * What template.c (compile, render), template_set.c (the directory) and template_lint.c (the
 * rules) share; no other part includes this.
 */
#ifndef TEMPLATE_LINT_H
#define TEMPLATE_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "template.h"

enum {
    TEMPLATE_MAX = 16 * 1024, /* bytes of one file */
    SUBJECT_MAX = 78          /* characters: what mail programs show in one line */
};

/* A piece of the body. Lines end with a PART_BREAK. */
struct template_part {
    enum { PART_TEXT, PART_KEY, PART_BREAK } kind;
    enum template_key key; /* PART_KEY */
    char *text;            /* PART_TEXT, owned; NULL otherwise */
    size_t offset;         /* of its first byte in the source, for messages */
};

struct template
{
    char *name; /* base name of the file */
    char *type; /* its first part: "handover.requested" */
    enum channel channel;
    char *text;     /* the source */
    char hash[65];  /* of the source, hex */
    char *subject;  /* "" for SMS */
    size_t body_at; /* offset of the body in the source */
    struct template_part *part;
    size_t parts, cap;
    uint32_t asked; /* bit i: has key i */
};

/* A text under examination. `where` names the file in messages. */
struct template_source {
    const char *where, *text;
    struct conf_faults *faults;
};

/* Reports a fault as where:line:column of a byte of the source. */
void template_fault(const struct template_source *source, size_t offset, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Compiles like template_compile(); `where` is the path that messages name. */
struct template *template_compile_at(const char *name, const char *where, const char *text,
                                     size_t len, struct conf_faults *faults);

/* Form of the bytes: UTF-8, no control characters but line feeds, no byte order mark. False after
 * reporting each kind of fault once. */
bool template_lint_bytes(const struct template_source *source, size_t len);

/* The rules that need the compiled text: forbidden words, length, alphabet, wanted keys. */
void template_lint(const struct template *t, const struct template_source *source);

/* The templates that the workflow asks for, by i; NULL behind the last. */
const char *template_wanted(size_t i);

/* Reports a key that does not exist, with the nearest that does. */
void template_unknown_key(const struct template_source *source, size_t offset, const char *name);

#endif
