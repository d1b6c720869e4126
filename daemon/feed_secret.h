/*
 * The secret in the address of a feed (feed.h): a unit's name and a number (the epoch) under our
 * key, so that nothing is stored but the epoch, and a higher one ends all addresses that were given
 * out before. 36 characters of A-Z a-z 0-9 - _, one spelling. Pure but for libsodium (digest.h).
 */
#ifndef FEED_SECRET_H
#define FEED_SECRET_H

#include <stdint.h>

struct directory;
struct keys;
struct unit;

enum { FEED_SECRET_LEN = 36, FEED_EPOCH_MAX = (1 << 24) - 1 };

/* Writes the secret of a unit and epoch. */
void feed_secret(char text[FEED_SECRET_LEN + 1], const struct keys *keys, const char *unit,
                 int64_t epoch);

/* Whose secret it is, and its epoch; NULL when it was not written with this key or the unit is
 * gone. Costs one MAC and a comparison in constant time, whatever is wrong with the text, and a
 * short hash for each unit. */
const struct unit *feed_unit(const struct directory *dir, const struct keys *keys, const char *text,
                             int64_t *epoch);

#endif
