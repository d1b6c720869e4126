/*
 * Tagged numbers: see verp.h.
 *
 * Promises: a text costs at most one MAC and one comparison in constant time; 64 bits of tag, so
 * that trying them at a mail server's pace takes longer than a delivery is remembered. Refuses
 * signs, leading zeros and numbers beyond 64 bits: each delivery has one spelling. Keeps nothing.
 */
#include "verp.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "digest.h"
#include "keys.h"
#include "util.h"

enum { TAG_BYTES = 8, NUMBER_MAX = 19, TEXT_MAX = 256 };

void verp_put(struct buf *out, const struct keys *keys, char kind, int64_t number)
{
    unsigned char mac[DIGEST_FULL];
    struct buf text = BUF_INIT;
    buf_printf(&text, "%c%lld", kind, (long long)number);
    digest_hmac(mac, keys->token, text.data, text.len);
    buf_printf(out, "%s.", buf_str(&text));
    digest_hex(out, mac, TAG_BYTES);
    buf_release(&text);
}

void verp_put_address(struct buf *out, const char *base, const char *tagged)
{
    const char *at = strrchr(base, '@');
    if (!at)
        return;
    buf_add(out, base, (size_t)(at - base));
    buf_addc(out, '+');
    buf_puts(out, tagged);
    buf_puts(out, at);
}

/* "d17." with one spelling of the number, whatever follows. */
static bool names_delivery(const char *text, int64_t *number)
{
    char digits[NUMBER_MAX + 1];
    size_t n = text[0] == VERP_DELIVERY ? strspn(text + 1, "0123456789") : 0;
    if (n == 0 || n > NUMBER_MAX || text[1] == '0' || text[1 + n] != '.')
        return false;
    memcpy(digits, text + 1, n);
    digits[n] = '\0';
    return int_parse(digits, 1, INT64_MAX, number);
}

/* Of a text in lower case. */
static enum verp_end judge(const struct keys *keys, const char *text, int64_t *delivery)
{
    struct buf want = BUF_INIT;
    int64_t number;
    if (!names_delivery(text, &number))
        return VERP_PLAIN;
    verp_put(&want, keys, VERP_DELIVERY, number);
    bool same = strlen(text) == want.len && digest_equal(text, buf_str(&want), want.len);
    buf_release(&want);
    if (!same)
        return VERP_FORGED;
    *delivery = number;
    return VERP_OURS;
}

/* Without blanks and <>, in lower case; false when longer than anything of ours. */
static bool trim(char out[TEXT_MAX], const char *text)
{
    text += strspn(text, " \t<");
    size_t n = strcspn(text, " \t\r\n>");
    if (n >= TEXT_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)text[i]);
    out[n] = '\0';
    return true;
}

enum verp_end verp_address(const struct keys *keys, const char *base, const char *address,
                           int64_t *delivery)
{
    char text[TEXT_MAX];
    const char *our_at = strrchr(base, '@');
    if (!our_at || !trim(text, address))
        return VERP_FOREIGN;
    size_t local = (size_t)(our_at - base);
    char *at = strrchr(text, '@');
    if (!at || strcasecmp(at, our_at) != 0 || strncasecmp(text, base, local) != 0)
        return VERP_FOREIGN;
    if (text + local == at)
        return VERP_PLAIN;
    if (text[local] != '+')
        return VERP_FOREIGN;
    *at = '\0';
    enum verp_end end = judge(keys, text + local + 1, delivery);
    return end == VERP_PLAIN ? VERP_FOREIGN : end; /* bounce+anything is nobody */
}

enum verp_end verp_message_id(const struct keys *keys, const char *domain, const char *id,
                              int64_t *delivery)
{
    char text[TEXT_MAX];
    if (!trim(text, id))
        return VERP_FOREIGN;
    char *at = strrchr(text, '@');
    if (!at || strcasecmp(at + 1, domain) != 0)
        return VERP_FOREIGN;
    *at = '\0';
    return judge(keys, text, delivery);
}
