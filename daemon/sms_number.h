/*
 * Which number an SMS carries, so that its reader can answer by it (DESIGN 9). Numbers belong to
 * the phone, not to the unit: two units may share a duty phone, and a number on it must mean one
 * item. So rows carry the first contact of the directory that has that telephone.
 */
#ifndef SMS_NUMBER_H
#define SMS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

struct contact;
struct directory;
struct stafette;
struct template;

/* The first SMS contact with this telephone (E.164), or NULL: nobody of ours. */
const struct contact *sms_number_phone(const struct directory *dir, const char *address);

/* Gives the phone a number for the item, in the open transaction, when the text asks for an answer
 * by SMS (has {answer_number}). A repeat and a reminder keep the number. */
void sms_number_give(struct stafette *g, const struct contact *contact, int64_t item_seq,
                     const struct template *text);

/* The number that the phone has for the item; 0 = none. */
int sms_number_of(const struct stafette *g, const struct contact *contact, int64_t item_seq);

#endif
