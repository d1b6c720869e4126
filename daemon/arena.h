/*
 * Memory that is filled once and freed as a whole, for things loaded together and never changed
 * (the directory). Pointers into it stay where they are until arena_release().
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* the newest first */
};

/* The storage of a is the caller's; all zero is an empty arena, too. */
void arena_init(struct arena *a);
void arena_release(struct arena *a);

/* `n` zeroed elements of `size` bytes, aligned for any type. Never NULL, also for n = 0. */
void *arena_get(struct arena *a, size_t n, size_t size);

/* A copy of the text. */
const char *arena_text(struct arena *a, const char *text);

#endif
