/*
 * GSM 03.38 default alphabet: see gsm.h.
 *
 * The 128 places of the base table and the ten of the extension table are written as code points;
 * a text is walked once. Nothing is guessed: a character that is in neither table makes the text
 * unfit, because a gateway would silently fall back to UCS-2 and cut the text at 70 characters.
 */
#include "gsm.h"

#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "util.h"

/* By septet value; 0x1B is the escape to the extension table and no character of its own. */
static const uint16_t base[128] = {
    '@',    0x00a3, '$',    0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec, 0x00f2, 0x00c7, '\n',   0x00d8,
    0x00f8, '\r',   0x00c5, 0x00e5, 0x0394, '_',    0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8,
    0x03a3, 0x0398, 0x039e, 0xffff, 0x00c6, 0x00e6, 0x00df, 0x00c9, ' ',    '!',    '"',    '#',
    0x00a4, '%',    '&',    '\'',   '(',    ')',    '*',    '+',    ',',    '-',    '.',    '/',
    '0',    '1',    '2',    '3',    '4',    '5',    '6',    '7',    '8',    '9',    ':',    ';',
    '<',    '=',    '>',    '?',    0x00a1, 'A',    'B',    'C',    'D',    'E',    'F',    'G',
    'H',    'I',    'J',    'K',    'L',    'M',    'N',    'O',    'P',    'Q',    'R',    'S',
    'T',    'U',    'V',    'W',    'X',    'Y',    'Z',    0x00c4, 0x00d6, 0x00d1, 0x00dc, 0x00a7,
    0x00bf, 'a',    'b',    'c',    'd',    'e',    'f',    'g',    'h',    'i',    'j',    'k',
    'l',    'm',    'n',    'o',    'p',    'q',    'r',    's',    't',    'u',    'v',    'w',
    'x',    'y',    'z',    0x00e4, 0x00f6, 0x00f1, 0x00fc, 0x00e0};

static const uint16_t extension[] = {'\f', '^', '{', '}', '\\', '[', '~', ']', '|', 0x20ac};

static const struct {
    const char *from, *to;
} replacements[] = {
    {"„", "\""},     {"“", "\""},     {"”", "\""}, {"‚", "'"},   {"‘", "'"},
    {"’", "'"},      {"–", "-"},      {"—", "-"},  {"…", "..."}, {"\u00a0", " "},
    {"\u202f", " "}, {"\u2011", "-"}, {"ẞ", "SS"},
};

/* The code point at *text, which is moved on; 0xffff for what is malformed or above the BMP: both
 * are in no table. */
static uint32_t next_char(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    size_t more = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : p[0] < 0xf5 ? 3 : 0;
    uint32_t c = p[0] < 0x80 ? p[0] : more == 1 ? p[0] & 0x1fu : more == 2 ? p[0] & 0x0fu : 0xffff;
    size_t used = 1;
    while (used <= more && (p[used] & 0xc0) == 0x80) {
        c = c << 6 | (p[used] & 0x3fu);
        used++;
    }
    bool bad = used <= more || more == 3 || (p[0] >= 0x80 && !more) || (more == 2 && c < 0x800);
    *text += used;
    return bad ? 0xffff : c;
}

static bool among(const uint16_t *table, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (table[i] == c && c != 0xffff)
            return true;
    return false;
}

long gsm_septets(const char *utf8, size_t *bad)
{
    long n = 0;
    for (const char *p = utf8; *p;) {
        const char *at = p;
        uint32_t c = next_char(&p);
        if (among(base, COUNT_OF(base), c)) {
            n += 1;
        } else if (among(extension, COUNT_OF(extension), c)) {
            n += 2;
        } else {
            if (bad)
                *bad = (size_t)(at - utf8);
            return -1;
        }
    }
    return n;
}

void gsm_transliterate(struct buf *out, const char *utf8)
{
    while (*utf8) {
        size_t i = 0;
        while (i < COUNT_OF(replacements) && !str_starts(utf8, replacements[i].from))
            i++;
        if (i < COUNT_OF(replacements)) {
            buf_puts(out, replacements[i].to);
            utf8 += strlen(replacements[i].from);
        } else {
            buf_addc(out, *utf8++);
        }
    }
}
