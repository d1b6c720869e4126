/*
 * Numbers by which a phone answers (table sms_code): 10 to 99 of each phone, three digits when
 * those are used up. A phone is known by a contact id, never by its number of telephone.
 */
#ifndef STORE_SMS_H
#define STORE_SMS_H

#include <stdbool.h>
#include <stdint.h>

struct store;

enum {
    SMS_NUMBER_MIN = 10,
    SMS_NUMBER_SHORT = 99, /* the last of two digits */
    SMS_NUMBER_MAX = 999,
    SMS_NUMBER_REST_DAYS = 30 /* not given again so long after its item has ended */
};

/* The number by which that phone answers to the item; 0 when it has none. */
int store_sms_number(struct store *s, const char *contact, int64_t item_seq);

/* The same, giving the next free number in turn when there is none yet. 0 when all 990 are in use:
 * then the SMS names none. */
int store_sms_give(struct store *s, const char *contact, int64_t item_seq, int64_t now_ms);

/* The item that a phone means by a number; 0 when it was never given to it. */
int64_t store_sms_item(struct store *s, const char *contact, int number);

/* Walks the items that a phone has numbers for, the latest given first; each() false ends. */
void store_sms_each(struct store *s, const char *contact, void *context,
                    bool (*each)(void *context, int64_t item_seq));

#endif
