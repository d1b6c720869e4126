/*
 * The last barrier before a text leaves (DOMAIN R6): scanners for what identifies a client.
 *
 * Nothing of this kind can come in by an event field; what is found here came by a configured
 * name, a template or a fault of ours, so the text is stopped and the operator told which pattern,
 * never what matched. Written by hand, one function a pattern: a number counts only when it stands
 * alone, so that codes of items (K7F3-92QX), deadlines and telephone numbers pass. Numbers with a
 * letter in them may be grouped by single spaces, as people write them.
 */
#include <string.h>
#include <strings.h>

#include "template.h"
#include "util.h"

enum { IBAN_MIN = 15, IBAN_MAX = 34, IBAN_GERMAN = 22, BORN_GAP = 24, PHONE_DIGITS = 15 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Part of a word: also every byte of a letter outside ASCII. */
static bool is_word(char c)
{
    return is_digit(c) || is_letter(c) || (unsigned char)c >= 0x80;
}

/* A number written as `shape` at p: 'd' a digit, 'A' a letter, others themselves in either case;
 * single spaces may stand between. The number must end there. */
static bool shaped(const char *p, const char *shape)
{
    for (; *shape; shape++, p++) {
        bool fits = *shape == 'd'   ? is_digit(*p)
                    : *shape == 'A' ? is_letter(*p)
                                    : (*p | 0x20) == (*shape | 0x20);
        if (!fits)
            return false;
        if (p[1] == ' ' && shape[1])
            p++;
    }
    return !is_word(*p);
}

static bool bg_number(const char *p)
{
    return shaped(p, "dddddBGddddddd");
}

static bool customer_number(const char *p)
{
    return shaped(p, "dddAdddddd");
}

static bool pension_number(const char *p)
{
    return shaped(p, "ddddddddAddd");
}

static bool health_number(const char *p)
{
    return shaped(p, "Addddddddd");
}

static const char *digits(const char *p, size_t min, size_t max)
{
    size_t n = 0;
    while (n < max && is_digit(p[n]))
        n++;
    return n >= min && !is_digit(p[n]) ? p + n : NULL;
}

/* In one piece or as the tax office prints it (12 345 678 901). Other groupings are more likely
 * telephone numbers, and a notice stopped for its telephone number is a notice lost; so is a first
 * digit of 0. */
static bool tax_id(const char *p)
{
    static const size_t group[] = {2, 3, 3, 3};
    if (*p == '0')
        return false;
    const char *end = digits(p, 11, 11);
    for (size_t i = 0; !end && i < COUNT_OF(group); i++) {
        p = digits(p, group[i], group[i]);
        if (!p || (i + 1 < COUNT_OF(group) && *p++ != ' '))
            return false;
        end = i + 1 < COUNT_OF(group) ? NULL : p;
    }
    return !is_word(*end);
}

/* ISO 7064 mod 97-10 over `n` characters, the first four moved to the end. */
static bool checksum_fits(const char *text, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[(i + 4) % n];
        sum = is_digit(c) ? sum * 10 + (unsigned)(c - '0') : sum * 100 + (unsigned)(c - 'A' + 10);
        sum %= 97;
    }
    return sum == 1;
}

/* A German one by its shape alone (a typing error identifies just as well), others by checksum. */
static bool iban(const char *p)
{
    if (shaped(p, "DEdddddddddddddddddddd"))
        return true;
    char text[IBAN_MAX];
    size_t n = 0;
    for (; n < IBAN_MAX; p++) {
        if (*p == ' ' && n)
            continue;
        if (!is_digit(*p) && !(*p >= 'A' && *p <= 'Z'))
            break;
        if ((n < 2 && is_digit(*p)) || ((n == 2 || n == 3) && !is_digit(*p)))
            return false;
        text[n++] = *p;
        if (n >= IBAN_MIN && !is_word(p[1]) && checksum_fits(text, n))
            return true;
    }
    return false;
}

static const char *month_name(const char *p)
{
    static const char *const names[] = {"jan", "feb", "mär", "mrz", "apr", "mai", "jun",
                                        "jul", "aug", "sep", "okt", "nov", "dez"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if ((*p | 0x20) != *names[i] || strncasecmp(p, names[i], strlen(names[i])) != 0)
            continue;
        while (is_word(*p) || *p == '.')
            p++;
        return p;
    }
    return NULL;
}

/* The year of a date at p, as written; NULL when there is no full date. German, ISO and with
 * slashes; the month also as a word. */
static const char *date_year(const char *p)
{
    const char *q = digits(p, 4, 4);
    if (q && *q == '-' && (q = digits(q + 1, 1, 2)) && *q == '-' && digits(q + 1, 1, 2))
        return p;
    q = digits(p, 1, 2);
    if (!q || !strchr("./-", *q) || !*q)
        return NULL;
    char between = *q++;
    q += *q == ' ';
    const char *month = digits(q, 1, 2);
    bool named = !month;
    if (named)
        month = month_name(q);
    if (!month || (!named && *month++ != between))
        return NULL;
    month += *month == ' ';
    return digits(month, 2, 2) || digits(month, 4, 4) ? month : NULL;
}

/* "geb. 3.4.2011", "geboren am 3. April 2011", "Geburtsdatum: 2011-04-03", "*3.4.11"; and any full
 * date of the last century, which no notice speaks of. */
static bool date_of_birth(const char *p)
{
    static const char *const words[] = {"geb.", "geb ", "geboren", "geburts", "*"};
    const char *year = date_year(p);
    if (year && str_starts(year, "19") && digits(year, 4, 4))
        return true;
    for (size_t i = 0; (*p == '*' || (*p | 0x20) == 'g') && i < COUNT_OF(words); i++) {
        if (strncasecmp(p, words[i], strlen(words[i])) != 0)
            continue;
        p += strlen(words[i]);
        for (size_t gap = 0; *p && !is_digit(*p) && gap < BORN_GAP; gap++)
            p++;
        return date_year(p) != NULL;
    }
    return false;
}

static const struct {
    const char *what;
    bool (*here)(const char *p);
} patterns[] = {
    {"bg_number", bg_number},
    {"customer_number", customer_number},
    {"pension_number", pension_number},
    {"health_number", health_number},
    {"tax_id", tax_id},
    {"iban", iban},
    {"date_of_birth", date_of_birth},
};

static const char *past_blanks(const char *p)
{
    while (*p == ' ')
        p++;
    return p;
}

/* False where none of the patterns can begin, so that plain words cost one look: they begin with a
 * digit, with one or two letters before a digit, or with what speaks of a birth. */
static bool may_begin(const char *p)
{
    if (is_digit(*p) || *p == '*' || (*p | 0x20) == 'g')
        return true;
    if (!is_letter(*p))
        return false;
    const char *q = past_blanks(p + 1);
    if (is_letter(*q))
        q = past_blanks(q + 1);
    return is_digit(*q);
}

/* Behind a link or a telephone number at p, else p. */
static const char *pass_over(const char *p)
{
    if (*p == 'h' && (str_starts(p, "https://") || str_starts(p, "http://")))
        return p + strcspn(p, " \n\t<>\"");
    if (p[0] != '+' || !is_digit(p[1]))
        return p;
    for (size_t n = 0; n < PHONE_DIGITS && *++p;) {
        if (is_digit(*p))
            n++;
        else if (!strchr(" -/()", *p))
            return p;
    }
    return *p ? p + 1 : p;
}

bool template_blocked(const char *text, const char **what)
{
    for (const char *p = text; *p;) {
        bool passes = *p == '+' || (*p == 'h' && p[1] == 't');
        const char *behind = passes ? pass_over(p) : p;
        if (behind > p) {
            p = behind;
            continue;
        }
        bool begins = (p == text || !is_word(p[-1])) && may_begin(p);
        for (size_t i = 0; begins && i < COUNT_OF(patterns); i++) {
            if (patterns[i].here(p)) {
                *what = patterns[i].what;
                return true;
            }
        }
        p++;
        /* Within a word nothing begins but a link. */
        while (is_word(p[-1]) && is_letter(*p) && *p != 'h')
            p++;
    }
    return false;
}
