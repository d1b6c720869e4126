/*
 * Contacts that could not be reached (table contact_flag): by contact id, never by address. A row
 * is there from the first failure until the next success.
 */
#ifndef STORE_CONTACT_H
#define STORE_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

#include "stafette.h"

struct store;

struct contact_flag {
    char contact[2 * ID_MAX];
    enum error_class class; /* of the last failure */
    int64_t failures;
    int64_t since_ms; /* of the first failure since the last success */
};

/* Counts one more failure. */
void store_contact_failed(struct store *s, const char *contact, enum error_class class,
                          int64_t now_ms);
/* It was reached: the row goes. */
void store_contact_reached(struct store *s, const char *contact);

bool store_contact_flagged(struct store *s, const char *contact);
/* How often since the last success. */
int64_t store_contact_failures(struct store *s, const char *contact);
int64_t store_contact_count(struct store *s);

/* Walks all of them, the longest flagged first. */
void store_contact_each(struct store *s, void *context,
                        void (*each)(void *context, const struct contact_flag *flag));

/* Which contacts the newest deliveries reached, and when last: among the newest `look`, so that its
 * cost does not grow with the store. */
void store_contact_each_reached(struct store *s, int64_t look, void *context,
                                void (*each)(void *context, const char *contact, int64_t at_ms));

#endif
