/*
 * A list of chunks, each filled from its beginning; what does not fit opens the next chunk.
 * Promises zeroed memory aligned for any type, and that nothing moves. Memory that cannot be had
 * ends the process (util.h). There is no way to give back a part.
 */
#include "arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { CHUNK_BYTES = 64 * 1024 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    max_align_t bytes[];
};

void arena_init(struct arena *a)
{
    a->chunk = NULL;
}

void arena_release(struct arena *a)
{
    while (a->chunk) {
        struct arena_chunk *next = a->chunk->next;
        free(a->chunk);
        a->chunk = next;
    }
}

static struct arena_chunk *chunk_add(struct arena *a, size_t bytes)
{
    size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct arena_chunk *chunk = xcalloc(1, sizeof(*chunk) + size);
    chunk->size = size;
    chunk->next = a->chunk;
    a->chunk = chunk;
    return chunk;
}

void *arena_get(struct arena *a, size_t n, size_t size)
{
    size_t unit = _Alignof(max_align_t);
    assert(size > 0 && n <= SIZE_MAX / 2 / size);
    size_t bytes = (n * size + unit - 1) / unit * unit;
    struct arena_chunk *chunk = a->chunk;
    if (!chunk || chunk->size - chunk->used < bytes)
        chunk = chunk_add(a, bytes);
    char *p = (char *)chunk->bytes + chunk->used;
    chunk->used += bytes;
    return p;
}

const char *arena_text(struct arena *a, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(arena_get(a, size, 1), text, size);
}
