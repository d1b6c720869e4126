/*
 * Growing text. A struct buf owns its bytes, is always NUL-terminated, and is "" while empty, so
 * buf_str() may be printed at any time. Memory that cannot be had ends the process (util.h).
 */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len; /* bytes, without the terminating NUL */
    size_t cap;
};

/* clang-format off */
#define BUF_INIT { NULL, 0, 0 }
/* clang-format on */

/* Makes b empty; the storage of b is the caller's. */
void buf_init(struct buf *b);

/* Frees what b owns and leaves it empty and usable. */
void buf_release(struct buf *b);

/* Empties b but keeps its memory, for reuse in a loop. */
void buf_reset(struct buf *b);

/* Wipes the bytes before freeing them: for secrets and rendered message text (DOMAIN R24). */
void buf_wipe(struct buf *b);

/* Makes room for `more` further bytes, so that they can be added without another allocation. */
void buf_reserve(struct buf *b, size_t more);

/* Append bytes, one character, a NUL-terminated text, or a formatted one. */
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_addc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The text, never NULL; valid until b changes. */
const char *buf_str(const struct buf *b);

/* Hands the text to the caller, who frees it; b is empty afterwards. */
char *buf_detach(struct buf *b);

/* Replaces b by the whole content of an open file or of the file at path, at most `max` bytes.
 * Returns 0, or -1 with one sentence in err: unreadable, or longer than max. */
int buf_read_file(struct buf *b, const char *path, size_t max, struct buf *err);
int buf_read_fd(struct buf *b, int fd, size_t max, struct buf *err);

#endif
