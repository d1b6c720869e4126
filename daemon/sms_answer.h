/*
 * What an SMS says to us: the grammar of answers. Pure.
 *
 * Tolerant of what people write on a phone ("ok23", "Ja, 23", "23 ja danke", "nicht zustaendig 23",
 * "uebernehme K7F3-92QX"), strict about what it concludes: a negation or condition that is not a
 * known phrase, a question, two numbers, two contrary words end in a question back, never in a
 * guess (silence never means yes, and neither does noise). What a machine wrote is no answer.
 */
#ifndef SMS_ANSWER_H
#define SMS_ANSWER_H

#include <stdbool.h>

#include "answer.h"
#include "stafette.h"

enum sms_kind {
    SMS_SAYS,     /* a verb; the item by number, code, both, or neither */
    SMS_UNCLEAR,  /* ask back */
    SMS_STOP,     /* "STOP": wants no SMS */
    SMS_HELP,     /* "Hilfe": wants to know how to answer */
    SMS_AUTOMATIC /* written by no human: never to be answered */
};

struct sms_answer {
    enum sms_kind kind;
    enum answer_verb verb;      /* SMS_SAYS: SEEN, ACCEPT, REJECT or FULL */
    int number;                 /* 10 to 999; 0 = none */
    char code[ITEM_ID_LEN + 1]; /* as written, "" = none; code_read() decides whether it is one */
};

enum { SMS_TEXT_MAX = 640 }; /* bytes; longer ones are unclear, unless automatic */

/* Reads UTF-8; other bytes count as blanks. */
void sms_answer_read(struct sms_answer *answer, const char *text);

/* True when the text repeats one of ours: it contains the longest constant piece of a template's
 * source (between keys and line ends), which must be two words and ten letters at least. Regardless
 * of case, umlauts and punctuation. */
bool sms_answer_echoes(const char *text, const char *template_text);

#endif
