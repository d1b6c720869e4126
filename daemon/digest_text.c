/*
 * Lines of overviews: see digest_text.h. Holds nothing.
 */
#include "digest_text.h"

#include "buf.h"
#include "code.h"
#include "directory.h"
#include "gateway.h"
#include "stafette.h"
#include "util.h"

bool section_row(struct section *s)
{
    if (s->rows++ >= DIGEST_ROWS_MAX)
        return false;
    if (s->rows == 1)
        buf_printf(s->out, "%s%s", s->out->len ? "\n\n" : "", s->title);
    buf_puts(s->out, "\n- ");
    return true;
}

void section_end(struct section *s)
{
    if (s->rows >= DIGEST_LOOK_MAX)
        buf_printf(s->out, "\n- und mindestens %lld weitere", (long long)s->rows - DIGEST_ROWS_MAX);
    else if (s->rows > DIGEST_ROWS_MAX)
        buf_printf(s->out, "\n- und %lld weitere", (long long)s->rows - DIGEST_ROWS_MAX);
}

const char *digest_unit_name(const struct directory *dir, const char *id)
{
    const struct unit *unit = directory_unit(dir, id);
    return unit ? unit->name : id;
}

void digest_code(struct buf *out, const struct stafette *g, int64_t item_seq)
{
    char code[ITEM_ID_LEN + 1];
    code_write(code, item_seq, g->keys.code);
    buf_puts(out, code);
}

void digest_masked(struct buf *out, int64_t count)
{
    if (count > 0 && count < DIGEST_SHOWN_MIN)
        buf_printf(out, "1-%d", DIGEST_SHOWN_MIN - 1);
    else
        buf_printf(out, "%lld", (long long)count);
}

void digest_last_quarter(int64_t now_ms, int64_t *from_day, int64_t *to_day)
{
    int year, month, mday;
    day_split(berlin_day(now_ms), &year, &month, &mday);
    int first = (month - 1) / 3 * 3 + 1;
    *to_day = day_of(year, first, 1);
    *from_day = first == 1 ? day_of(year - 1, 10, 1) : day_of(year, first - 3, 1);
}

void digest_last_month(int64_t now_ms, int64_t *from_day, int64_t *to_day)
{
    int year, month, mday;
    day_split(berlin_day(now_ms), &year, &month, &mday);
    *to_day = day_of(year, month, 1);
    *from_day = month == 1 ? day_of(year - 1, 12, 1) : day_of(year, month - 1, 1);
}
