/*
 * Item codes: see code.h. A Feistel network of four rounds over two halves of 20 bits; the alphabet
 * is Crockford's base 32, which has no I, L, O and U.
 */
#include "code.h"

#include <ctype.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { HALF_BITS = 20, HALF_MASK = (1 << HALF_BITS) - 1, ROUNDS = 4, SYMBOLS = 8 };

static uint32_t mix(uint32_t half, unsigned round, const unsigned char key[DIGEST_KEY])
{
    const uint32_t block[2] = {half, round};
    return (uint32_t)digest_short(key, block, sizeof block) & HALF_MASK;
}

void code_write(char code[ITEM_ID_LEN + 1], int64_t item_seq, const unsigned char key[DIGEST_KEY])
{
    uint32_t left = (uint32_t)(item_seq >> HALF_BITS) & HALF_MASK;
    uint32_t right = (uint32_t)item_seq & HALF_MASK;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t next = left ^ mix(right, round, key);
        left = right;
        right = next;
    }
    uint64_t value = (uint64_t)left << HALF_BITS | right;
    char *p = code;
    for (int i = SYMBOLS - 1; i >= 0; i--) {
        *p++ = alphabet[value >> (5 * i) & 31];
        if (i == SYMBOLS / 2)
            *p++ = '-';
    }
    *p = '\0';
}

static int symbol(char c)
{
    c = (char)toupper((unsigned char)c);
    if (c == 'O')
        c = '0';
    if (c == 'I' || c == 'L')
        c = '1';
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

bool code_read(const char *code, int64_t *item_seq, const unsigned char key[DIGEST_KEY])
{
    uint64_t value = 0;
    int symbols = 0;
    for (const char *p = code; *p; p++) {
        if (*p == '-' && symbols == SYMBOLS / 2 && p[-1] != '-')
            continue;
        int digit = symbol(*p);
        if (digit < 0 || ++symbols > SYMBOLS)
            return false;
        value = value << 5 | (uint64_t)digit;
    }
    if (symbols != SYMBOLS)
        return false;
    uint32_t left = (uint32_t)(value >> HALF_BITS), right = (uint32_t)value & HALF_MASK;
    for (unsigned round = ROUNDS; round-- > 0;) {
        uint32_t before = right ^ mix(left, round, key);
        right = left;
        left = before;
    }
    *item_seq = (int64_t)((uint64_t)left << HALF_BITS | right);
    return *item_seq > 0;
}
