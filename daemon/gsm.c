/*
 * GSM 03.38 default alphabet: see gsm.h.
 *
 * The 128 places of the base table and the ten of the extension table are written as code points;
 * a text is walked once. Nothing is guessed: a character that is in neither table makes the text
 * UCS-2, of which a part holds 70 characters. What it may become instead is a table as well; a
 * letter that the table does not have is not taken for another.
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

/* By code point, in rising order. Letters: the base letter, where the alphabet has none of its own;
 * ligatures and sharp s as they are written without. */
static const struct {
    uint16_t from;
    const char *to;
} replacements[] = {
    {'\t', " "},    {'`', "'"},     {0x00a0, " "},  {0x00ab, "\""}, {0x00ad, ""},    {0x00b2, "2"},
    {0x00b3, "3"},  {0x00b4, "'"},  {0x00b7, "."},  {0x00b8, ","},  {0x00b9, "1"},   {0x00bb, "\""},
    {0x00c0, "A"},  {0x00c1, "A"},  {0x00c2, "A"},  {0x00c3, "A"},  {0x00c8, "E"},   {0x00ca, "E"},
    {0x00cb, "E"},  {0x00cc, "I"},  {0x00cd, "I"},  {0x00ce, "I"},  {0x00cf, "I"},   {0x00d0, "D"},
    {0x00d2, "O"},  {0x00d3, "O"},  {0x00d4, "O"},  {0x00d5, "O"},  {0x00d7, "x"},   {0x00d9, "U"},
    {0x00da, "U"},  {0x00db, "U"},  {0x00dd, "Y"},  {0x00de, "Th"}, {0x00e1, "a"},   {0x00e2, "a"},
    {0x00e3, "a"},  {0x00e7, "c"},  {0x00ea, "e"},  {0x00eb, "e"},  {0x00ed, "i"},   {0x00ee, "i"},
    {0x00ef, "i"},  {0x00f0, "d"},  {0x00f3, "o"},  {0x00f4, "o"},  {0x00f5, "o"},   {0x00fa, "u"},
    {0x00fb, "u"},  {0x00fd, "y"},  {0x00fe, "th"}, {0x00ff, "y"},  {0x0100, "A"},   {0x0101, "a"},
    {0x0102, "A"},  {0x0103, "a"},  {0x0104, "A"},  {0x0105, "a"},  {0x0106, "C"},   {0x0107, "c"},
    {0x0108, "C"},  {0x0109, "c"},  {0x010a, "C"},  {0x010b, "c"},  {0x010c, "C"},   {0x010d, "c"},
    {0x010e, "D"},  {0x010f, "d"},  {0x0110, "D"},  {0x0111, "d"},  {0x0112, "E"},   {0x0113, "e"},
    {0x0114, "E"},  {0x0115, "e"},  {0x0116, "E"},  {0x0117, "e"},  {0x0118, "E"},   {0x0119, "e"},
    {0x011a, "E"},  {0x011b, "e"},  {0x011c, "G"},  {0x011d, "g"},  {0x011e, "G"},   {0x011f, "g"},
    {0x0120, "G"},  {0x0121, "g"},  {0x0122, "G"},  {0x0123, "g"},  {0x0124, "H"},   {0x0125, "h"},
    {0x0126, "H"},  {0x0127, "h"},  {0x0128, "I"},  {0x0129, "i"},  {0x012a, "I"},   {0x012b, "i"},
    {0x012c, "I"},  {0x012d, "i"},  {0x012e, "I"},  {0x012f, "i"},  {0x0130, "I"},   {0x0131, "i"},
    {0x0132, "IJ"}, {0x0133, "ij"}, {0x0134, "J"},  {0x0135, "j"},  {0x0136, "K"},   {0x0137, "k"},
    {0x0138, "k"},  {0x0139, "L"},  {0x013a, "l"},  {0x013b, "L"},  {0x013c, "l"},   {0x013d, "L"},
    {0x013e, "l"},  {0x013f, "L"},  {0x0140, "l"},  {0x0141, "L"},  {0x0142, "l"},   {0x0143, "N"},
    {0x0144, "n"},  {0x0145, "N"},  {0x0146, "n"},  {0x0147, "N"},  {0x0148, "n"},   {0x0149, "'n"},
    {0x014a, "N"},  {0x014b, "n"},  {0x014c, "O"},  {0x014d, "o"},  {0x014e, "O"},   {0x014f, "o"},
    {0x0150, "O"},  {0x0151, "o"},  {0x0152, "OE"}, {0x0153, "oe"}, {0x0154, "R"},   {0x0155, "r"},
    {0x0156, "R"},  {0x0157, "r"},  {0x0158, "R"},  {0x0159, "r"},  {0x015a, "S"},   {0x015b, "s"},
    {0x015c, "S"},  {0x015d, "s"},  {0x015e, "S"},  {0x015f, "s"},  {0x0160, "S"},   {0x0161, "s"},
    {0x0162, "T"},  {0x0163, "t"},  {0x0164, "T"},  {0x0165, "t"},  {0x0166, "T"},   {0x0167, "t"},
    {0x0168, "U"},  {0x0169, "u"},  {0x016a, "U"},  {0x016b, "u"},  {0x016c, "U"},   {0x016d, "u"},
    {0x016e, "U"},  {0x016f, "u"},  {0x0170, "U"},  {0x0171, "u"},  {0x0172, "U"},   {0x0173, "u"},
    {0x0174, "W"},  {0x0175, "w"},  {0x0176, "Y"},  {0x0177, "y"},  {0x0178, "Y"},   {0x0179, "Z"},
    {0x017a, "z"},  {0x017b, "Z"},  {0x017c, "z"},  {0x017d, "Z"},  {0x017e, "z"},   {0x017f, "s"},
    {0x0218, "S"},  {0x0219, "s"},  {0x021a, "T"},  {0x021b, "t"},  {0x1e9e, "SS"},  {0x2000, " "},
    {0x2001, " "},  {0x2002, " "},  {0x2003, " "},  {0x2004, " "},  {0x2005, " "},   {0x2006, " "},
    {0x2007, " "},  {0x2008, " "},  {0x2009, " "},  {0x200a, " "},  {0x200b, ""},    {0x200c, ""},
    {0x200d, ""},   {0x2010, "-"},  {0x2011, "-"},  {0x2012, "-"},  {0x2013, "-"},   {0x2014, "-"},
    {0x2015, "-"},  {0x2018, "'"},  {0x2019, "'"},  {0x201a, "'"},  {0x201b, "'"},   {0x201c, "\""},
    {0x201d, "\""}, {0x201e, "\""}, {0x201f, "\""}, {0x2022, "*"},  {0x2026, "..."}, {0x202f, " "},
    {0x2032, "'"},  {0x2033, "\""}, {0x2039, "'"},  {0x203a, "'"},  {0x2044, "/"},   {0x2060, ""},
    {0x2212, "-"},  {0x2215, "/"},  {0xfeff, ""},
};

/* Marks that stand behind their letter (NFD), and the letters that the alphabet has of them. */
static const struct {
    char letter;
    uint16_t mark;
    const char *joined;
} composed[] = {
    {'a', 0x0308, "ä"}, {'o', 0x0308, "ö"}, {'u', 0x0308, "ü"}, {'A', 0x0308, "Ä"},
    {'O', 0x0308, "Ö"}, {'U', 0x0308, "Ü"}, {'e', 0x0301, "é"}, {'E', 0x0301, "É"},
    {'e', 0x0300, "è"}, {'a', 0x0300, "à"}, {'n', 0x0303, "ñ"}, {'N', 0x0303, "Ñ"},
    {'a', 0x030a, "å"}, {'A', 0x030a, "Å"}, {'C', 0x0327, "Ç"},
};

const char *gsm_encoding_name(enum gsm_encoding encoding)
{
    return encoding == GSM_UCS2 ? "UCS-2" : "GSM-7";
}

/* The code point at *text, which is moved on behind its bytes; 0xffff, one byte on, for what is
 * malformed: it is in no table. */
static uint32_t next_char(const char **text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*text;
    size_t more = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : p[0] < 0xf5 ? 3 : 0;
    uint32_t c = more ? p[0] & (0x3fu >> more) : p[0];
    size_t used = 1;
    for (; used <= more && (p[used] & 0xc0) == 0x80; used++)
        c = c << 6 | (p[used] & 0x3fu);
    bool bad = used <= more || (p[0] >= 0x80 && !more) || c < least[more] || c > 0x10ffff ||
               (c >= 0xd800 && c < 0xe000);
    *text += bad ? 1 : used;
    return bad ? 0xffff : c;
}

static bool among(const uint16_t *table, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (table[i] == c && c != 0xffff)
            return true;
    return false;
}

/* ASCII that is in the base table: most of any text, and not looked for in there. */
static bool is_plain(uint32_t c)
{
    return c >= ' ' && c <= 'z' && c != '`' && (c < '[' || c > '^');
}

static size_t plain_run(const char *text)
{
    size_t n = 0;
    while (is_plain((unsigned char)text[n]))
        n++;
    return n;
}

/* Septets of a character; 0 when the alphabet does not have it. */
static long septets_of(uint32_t c)
{
    if (is_plain(c) || among(base, COUNT_OF(base), c))
        return 1;
    return among(extension, COUNT_OF(extension), c) ? 2 : 0;
}

long gsm_septets(const char *utf8, size_t *bad)
{
    long n = 0;
    for (const char *p = utf8; *p;) {
        size_t plain = plain_run(p);
        n += (long)plain;
        p += plain;
        if (!*p)
            break;
        const char *at = p;
        long more = septets_of(next_char(&p));
        if (!more) {
            if (bad)
                *bad = (size_t)(at - utf8);
            return -1;
        }
        n += more;
    }
    return n;
}

static long units_of(enum gsm_encoding encoding, uint32_t c)
{
    return encoding == GSM_7BIT ? septets_of(c) : c > 0xffff ? 2 : 1;
}

/* Parts of so much room, filled character by character. */
static long count_parts(const char *utf8, enum gsm_encoding encoding, long room)
{
    long parts = 1, used = 0;
    for (const char *p = utf8; *p;) {
        long more = units_of(encoding, next_char(&p));
        if (used + more > room) {
            parts++;
            used = 0;
        }
        used += more;
    }
    return parts;
}

void gsm_measure(struct gsm_size *size, const char *utf8)
{
    long septets = gsm_septets(utf8, NULL);
    bool gsm = septets >= 0;
    *size = (struct gsm_size){.encoding = gsm ? GSM_7BIT : GSM_UCS2, .parts = 1};
    if (gsm)
        size->units = septets;
    else
        for (const char *p = utf8; *p;)
            size->units += units_of(GSM_UCS2, next_char(&p));
    size->room = gsm ? GSM_ONE_PART : UCS2_ONE_PART;
    if (size->units <= size->room)
        return;
    size->room = gsm ? GSM_OF_MANY : UCS2_OF_MANY;
    size->parts = count_parts(utf8, size->encoding, size->room);
}

void gsm_each_foreign(const char *utf8, void *context,
                      void (*each)(void *context, const char *bytes, size_t len, size_t place))
{
    size_t place = 0;
    for (const char *p = utf8; *p;) {
        const char *at = p;
        place++;
        if (!septets_of(next_char(&p)))
            each(context, at, (size_t)(p - at), place);
    }
}

static const char *replacement_of(uint32_t c)
{
    size_t from = 0, to = COUNT_OF(replacements);
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (replacements[middle].from < c)
            from = middle + 1;
        else
            to = middle;
    }
    return from < COUNT_OF(replacements) && replacements[from].from == c ? replacements[from].to
                                                                         : NULL;
}

static bool is_mark(uint32_t c)
{
    return c >= 0x0300 && c <= 0x036f;
}

/* A mark behind an ASCII letter, the last of the output: joined with it where the alphabet can,
 * else left out. False when another character stands there. */
static bool add_mark(struct buf *out, size_t from, uint32_t mark)
{
    char letter = out->len > from ? out->data[out->len - 1] : '\0';
    if (!is_mark(mark) || (unsigned char)((letter | 0x20) - 'a') > 'z' - 'a')
        return false;
    for (size_t i = 0; i < COUNT_OF(composed); i++)
        if (composed[i].letter == letter && composed[i].mark == mark) {
            out->data[--out->len] = '\0';
            buf_puts(out, composed[i].joined);
            break;
        }
    return true;
}

static void replace(struct buf *out, const char *utf8, const char *unknown)
{
    size_t from = out->len;
    for (const char *p = utf8;;) {
        size_t plain = plain_run(p);
        buf_add(out, p, plain);
        p += plain;
        if (!*p)
            return;
        const char *at = p;
        uint32_t c = next_char(&p);
        const char *to = septets_of(c) ? NULL : replacement_of(c);
        if (to)
            buf_puts(out, to);
        else if (add_mark(out, from, c))
            continue;
        else if (unknown && !septets_of(c))
            buf_puts(out, unknown);
        else
            buf_add(out, at, (size_t)(p - at));
    }
}

void gsm_transliterate(struct buf *out, const char *utf8)
{
    replace(out, utf8, NULL);
}

void gsm_force(struct buf *out, const char *utf8)
{
    replace(out, utf8, "?");
}
