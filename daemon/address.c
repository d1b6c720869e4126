/*
 * E-mail addresses and telephone numbers.
 *
 * Promises that an accepted address holds nothing but letters, digits and a few harmless signs:
 * no CR or LF, no quotes, no angle brackets, no blanks, so it cannot carry a second command into
 * an SMTP session (libcurl before 2026 passes CR LF on). Refuses what is legal but never a role
 * mailbox: quoted local parts, IP literals, one-label domains, non-ASCII local parts (they need
 * SMTPUTF8 on every hop). The messages name the remedy and do not repeat the address.
 */
#include "address.h"

#include <idn2.h>
#include <string.h>

#include "buf.h"
#include "util.h"

enum {
    ADDRESS_MAX = 254,
    LOCAL_MAX = 64,
    DOMAIN_MAX = 253,
    LABEL_MAX = 63,
    PHONE_DIGITS_MIN = 7,
    PHONE_DIGITS_MAX = 15
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int refuse(struct buf *err, const char *why)
{
    buf_puts(err, why);
    return -1;
}

static int check_local(const char *local, size_t len, struct buf *err)
{
    if (len == 0 || len > LOCAL_MAX)
        return refuse(err, "the part before the @ must have 1 to 64 characters");
    if (local[0] == '.' || local[len - 1] == '.')
        return refuse(err, "the part before the @ must not begin or end with a dot");
    for (size_t i = 0; i < len; i++) {
        if (local[i] & 0x80)
            return refuse(err, "umlauts before the @ cannot be delivered everywhere; write ae, "
                               "oe, ue, ss");
        if (local[i] == '.' && local[i + 1] == '.')
            return refuse(err, "two dots in a row before the @");
        if (!is_letter(local[i]) && !is_digit(local[i]) && !strchr("._+-=~&'#", local[i]))
            return refuse(err, "before the @ only letters, digits and . _ + - = ~ & ' # are "
                               "allowed: no blanks, quotes or brackets");
    }
    return 0;
}

/* One label of letters, digits and inner hyphens; `len` is without the dot. */
static bool label_valid(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '-')
            return false;
    return true;
}

/* Before the conversion, because libidn2 drops CR and LF without a word. */
static bool ascii_harmless(const char *domain)
{
    for (const char *p = domain; *p; p++)
        if (!(*p & 0x80) && !is_letter(*p) && !is_digit(*p) && *p != '-' && *p != '.')
            return false;
    return true;
}

/* libidn2 lets empty labels and too long names pass, so the result is checked once more. */
static int check_domain(const char *domain, struct buf *err)
{
    size_t labels = 0, len = 0;
    const char *label = domain;
    if (strlen(domain) > DOMAIN_MAX)
        return refuse(err, "the domain is longer than 253 characters");
    for (;; label += len + 1) {
        len = strcspn(label, ".");
        if (!label_valid(label, len))
            return refuse(err, "the domain is not well formed: labels of letters, digits and "
                               "inner hyphens, separated by single dots");
        labels++;
        if (label[len] == '\0')
            break;
    }
    if (labels < 2)
        return refuse(err, "the domain needs at least two labels, such as amt.example");
    if (strspn(label, "0123456789") == len)
        return refuse(err, "an IP address is no mail domain; write the domain's name");
    return 0;
}

int address_email(struct buf *out, const char *text, struct buf *err)
{
    char *ascii = NULL;
    const char *at = strrchr(text, '@');
    if (!at)
        return refuse(err, "an e-mail address needs an @, such as team@amt.example");
    if (check_local(text, (size_t)(at - text), err))
        return -1;
    if (!ascii_harmless(at + 1))
        return refuse(err, "after the @ only letters, digits, dots and hyphens are allowed");
    int rc = idn2_to_ascii_8z(at + 1, &ascii,
                              IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT | IDN2_USE_STD3_ASCII_RULES);
    if (rc != IDN2_OK) {
        buf_printf(err, "the domain cannot be written in ASCII (%s)", idn2_strerror_name(rc));
        return -1;
    }
    rc = check_domain(ascii, err);
    size_t whole = (size_t)(at - text) + 1 + strlen(ascii);
    if (rc == 0 && whole > ADDRESS_MAX)
        rc = refuse(err, "the address is longer than 254 characters");
    if (rc == 0) {
        buf_add(out, text, (size_t)(at - text) + 1);
        buf_puts(out, ascii);
    }
    idn2_free(ascii);
    return rc;
}

/* Copies the digits and drops what people put between them; false on any other character. */
static bool collect_digits(const char *text, char *digits, size_t size)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (str_starts(p, "(0)"))
            p += 2;
        else if (is_digit(*p) && n + 1 < size)
            digits[n++] = *p;
        else if (!strchr(" ()-/.", *p))
            return false;
    }
    digits[n] = '\0';
    return true;
}

int address_phone(struct buf *out, const char *text, struct buf *err)
{
    char digits[PHONE_DIGITS_MAX + 4];
    bool plus = text[0] == '+';
    if (!collect_digits(text + plus, digits, sizeof(digits)))
        return refuse(err, "a telephone number holds digits, and blanks ( ) - / . between them; "
                           "write it as +49...");
    const char *number = digits;
    if (!plus && str_starts(digits, "00"))
        number = digits + 2;
    else if (!plus && digits[0] != '0')
        return refuse(err, "the number lacks its area code; write it as +49...");
    bool german = !plus && number == digits;
    number += german;
    size_t len = strlen(number) + (german ? 2 : 0);
    if (number[0] == '0' || len < PHONE_DIGITS_MIN || len > PHONE_DIGITS_MAX)
        return refuse(err, "an international number has 7 to 15 digits after the + and does not "
                           "begin with 0; write it as +49...");
    buf_printf(out, "+%s%s", german ? "49" : "", number);
    return 0;
}
