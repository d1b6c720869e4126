/*
 * Item codes: what a person reads and types, e.g. K7F3-92QX (DOMAIN R7). A keyed permutation of the
 * item's number: no index is needed to find the item, no two items share a code, and a code tells
 * nothing about how many items there are. Pure.
 */
#ifndef CODE_H
#define CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"
#include "stafette.h"

/* Item number (1 to 2^40 - 1) -> code of ITEM_ID_LEN characters and NUL. */
void code_write(char code[ITEM_ID_LEN + 1], int64_t item_seq, const unsigned char key[DIGEST_KEY]);

/* Code -> number; tolerant of case, of a missing hyphen, and of O for 0 and I, L for 1. False when
 * it is no code. A number that was never given out must be checked by the caller. */
bool code_read(const char *code, int64_t *item_seq, const unsigned char key[DIGEST_KEY]);

#endif
