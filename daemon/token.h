/*
 * Answer tokens: what stands at the end of a link in a mail (DESIGN 9, DOMAIN R15). A token says
 * which delivery it came with, what it is for and until when, and carries a MAC over that, so that
 * nothing secret is stored and the same delivery gives the same link at every repeat. 36 characters
 * of A-Z a-z 0-9 - _, the last one always a letter or digit, because mail programs cut a link
 * before a trailing sign. Pure but for libsodium (digest.h).
 *
 * A token of the key before the current one is still read (keys.h). Whether it was used or has
 * expired is the caller's question: the token only says what it was made for.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

struct keys;

enum {
    TOKEN_LEN = 36,
    TOKEN_FIELD_LEN = 22,
    TOKEN_PURPOSE_MAX = 61, /* highest purpose: the last that ends in a letter or digit */
    TOKEN_PAGE = 61         /* purpose of a link to all that may be answered */
};

struct token {
    int64_t delivery;   /* 1 to 2^40 - 1 */
    int purpose;        /* enum answer_verb, or TOKEN_PAGE */
    int64_t expires_ms; /* wall time; whole minutes, rounded down */
};

/* Writes the token with the current key. */
void token_write(char text[TOKEN_LEN + 1], const struct keys *keys, const struct token *token);

/* Reads one back; false when it was not made with one of the two keys. Costs one MAC and a
 * comparison in constant time, whatever is wrong with the text. */
bool token_read(struct token *token, const struct keys *keys, const char *text);

/* The field that the form of a token's page carries: a second MAC, over the token's text. Whoever
 * only follows a link, also by POST, does not have it. */
void token_field(char field[TOKEN_FIELD_LEN + 1], const struct keys *keys, const char *text);
bool token_field_fits(const struct keys *keys, const char *text, const char *field);

#endif
