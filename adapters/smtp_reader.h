/*
 * What an SMTP server says, as bytes (RFC 5321 4.2): a strict reader of replies and of the lines
 * that answer EHLO. Pure.
 *
 * Bytes are put into the reader as they come; it hands out one reply after the other and keeps
 * what is behind it. A reply ends with the line that has no hyphen after its code; all its lines
 * have the same code. What is no SMTP stays refused: after SMTP_READ_BROKEN nobody knows which
 * answer belongs to which command, so the connection must go.
 */
#ifndef SMTP_READER_H
#define SMTP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 5321 4.5.3.1.5 allows 512 bytes a line; servers say more, but not without end. */
enum { SMTP_LINE_MAX = 1024, SMTP_LINES_MAX = 64, SMTP_READER_BYTES = 2 * SMTP_LINE_MAX };

struct smtp_reply {
    int code;       /* 200 to 599; 0: nothing was heard */
    char text[256]; /* the last line with its code, control characters as '?' */
};

struct smtp_reader {
    char bytes[SMTP_READER_BYTES];
    size_t len;   /* bytes held */
    size_t lines; /* of the reply under way */
    int code;     /* which all of them must have */
    bool broken;
};

enum smtp_read {
    SMTP_READ_MORE,  /* no whole reply yet */
    SMTP_READ_REPLY, /* *reply is filled, and its bytes are gone from the reader */
    SMTP_READ_BROKEN /* this is no SMTP, now and for ever */
};

void smtp_reader_init(struct smtp_reader *r);

/* Where further bytes go, and how many fit: never 0 after SMTP_READ_MORE. */
char *smtp_reader_room(struct smtp_reader *r, size_t *room);
void smtp_reader_added(struct smtp_reader *r, size_t len);

/* Takes the next whole reply. Broken are: no code of three digits 2xx to 5xx, a fourth character
 * that is neither space nor hyphen, a line over SMTP_LINE_MAX bytes, more than SMTP_LINES_MAX lines
 * or two codes in one reply, a NUL. A bare LF ends a line, as libcurl has it. */
enum smtp_read smtp_reader_next(struct smtp_reader *r, struct smtp_reply *reply);

/* True when nothing was said that has not been taken: the dialogue is in step. */
bool smtp_reader_empty(const struct smtp_reader *r);

/* What the server offers. */
struct smtp_offers {
    bool pipelining; /* RFC 2920 */
    bool size;       /* RFC 1870 */
};

/* Takes one line (not NUL-terminated, its line end may be there) of the beginning of a session, up
 * to the answer to the last EHLO. The 220 of a greeting and of STARTTLS (RFC 3207 4.2) makes
 * everything forgotten that was offered before. *reply gets the line. */
void smtp_offers_line(struct smtp_offers *offers, struct smtp_reply *reply, const char *line,
                      size_t len);

#endif
