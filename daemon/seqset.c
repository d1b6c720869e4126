/*
 * A set of row numbers: see seqset.h. Blocks are kept sorted by their first number; rows are mostly
 * met in ascending order, so a new block is mostly the last one. Takes any number, also a negative
 * one of a broken store. Keeps nothing on disk.
 */
#include "seqset.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { BLOCK_BITS = 12, WORDS = (1 << BLOCK_BITS) / 64 };

struct seqset_block {
    int64_t base; /* the numbers' common upper part */
    uint64_t word[WORDS];
};

static int64_t base_of(int64_t seq)
{
    return seq >> BLOCK_BITS;
}

static size_t word_of(int64_t seq)
{
    return ((uint64_t)seq & ((1u << BLOCK_BITS) - 1)) / 64;
}

static uint64_t bit_of(int64_t seq)
{
    return UINT64_C(1) << ((uint64_t)seq % 64);
}

void seqset_release(struct seqset *set)
{
    for (size_t i = 0; i < set->blocks; i++)
        free(set->block[i]);
    free(set->block);
    memset(set, 0, sizeof *set);
}

/* The first block whose base is not below; set->blocks when all are. */
static size_t place_of(const struct seqset *set, int64_t base)
{
    size_t low = 0, high = set->blocks;
    if (set->last < set->blocks && set->block[set->last]->base == base)
        return set->last;
    if (!high || set->block[high - 1]->base < base)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->block[middle]->base < base)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct seqset_block *find_block(const struct seqset *set, int64_t base)
{
    size_t i = place_of(set, base);
    return i < set->blocks && set->block[i]->base == base ? set->block[i] : NULL;
}

static struct seqset_block *make_block(struct seqset *set, int64_t base)
{
    size_t i = place_of(set, base);
    set->last = i;
    if (i < set->blocks && set->block[i]->base == base)
        return set->block[i];
    set->block = grow(set->block, set->blocks, &set->cap, sizeof(struct seqset_block *));
    memmove(&set->block[i + 1], &set->block[i], (set->blocks - i) * sizeof *set->block);
    set->block[i] = xcalloc(1, sizeof *set->block[i]);
    set->block[i]->base = base;
    set->blocks++;
    return set->block[i];
}

bool seqset_add(struct seqset *set, int64_t seq)
{
    uint64_t *word = &make_block(set, base_of(seq))->word[word_of(seq)];
    bool is_new = !(*word & bit_of(seq));
    *word |= bit_of(seq);
    return is_new;
}

void seqset_remove(struct seqset *set, int64_t seq)
{
    struct seqset_block *block = find_block(set, base_of(seq));
    if (block)
        block->word[word_of(seq)] &= ~bit_of(seq);
}

bool seqset_has(const struct seqset *set, int64_t seq)
{
    const struct seqset_block *block = find_block(set, base_of(seq));
    return block && (block->word[word_of(seq)] & bit_of(seq));
}

int64_t seqset_count(const struct seqset *set)
{
    int64_t n = 0;
    for (size_t i = 0; i < set->blocks; i++)
        for (size_t w = 0; w < WORDS; w++)
            n += __builtin_popcountll(set->block[i]->word[w]);
    return n;
}

void seqset_without(const struct seqset *set, const struct seqset *other, void *context,
                    void (*each)(void *context, int64_t seq))
{
    for (size_t i = 0; i < set->blocks; i++) {
        const struct seqset_block *in = set->block[i], *out = find_block(other, in->base);
        for (size_t w = 0; w < WORDS; w++) {
            uint64_t left = in->word[w] & ~(out ? out->word[w] : 0);
            for (; left; left &= left - 1)
                each(context, (int64_t)((uint64_t)in->base << BLOCK_BITS) + (int64_t)w * 64 +
                                  __builtin_ctzll(left));
        }
    }
}
