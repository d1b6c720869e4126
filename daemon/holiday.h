/*
 * Public holidays of the 16 Länder, computed (DOMAIN 6). Pure.
 *
 * A calendar key is the Land's two letters (ISO 3166-2:DE without "DE-": BW BY BE BB HB HH HE MV
 * NI NW RP SL SN ST SH TH), optionally with municipality tags: BY+mh (Mariä Himmelfahrt),
 * BY+augsburg (Friedensfest and Mariä Himmelfahrt), SN+fl and TH+fl (Fronleichnam). The seat of the
 * authority decides the key; it is never derived from a name.
 */
#ifndef HOLIDAY_H
#define HOLIDAY_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* The years of which the holidays are known: before, Buß- und Bettag was law everywhere; after,
 * nobody knows. */
enum { HOLIDAY_YEAR_FIRST = 1995, HOLIDAY_YEAR_LAST = 2100 };

/* True when the key names a Land and only tags that it knows. */
bool holiday_key_valid(const char *key);

/* Appends all keys for a reader: "BB, BE, BW, BY (also +mh, +augsburg), ...". */
void holiday_keys(struct buf *out);

/* The German name of the statutory holiday on that day under that key, or NULL; NULL also for a
 * key that is not valid, "" among them. Days are days since 1970-01-01. When
 * two holidays fall on one day (1 May 2008), the one with the fixed date is named. */
const char *holiday_name(const char *key, int64_t day);

/* Easter Sunday of a year, in days since 1970-01-01 (Gregorian computus). */
int64_t holiday_easter(int year);

#endif
