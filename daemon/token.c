/*
 * Answer tokens: see token.h. 27 bytes, so that base64url has neither padding nor loose bits and a
 * token has exactly one spelling: expiry in minutes (4), delivery (5), MAC (16), number of the key,
 * purpose. The purpose stands last and is below 62: the last character is then A-Z, a-z or 0-9.
 *
 * Promises: nothing is stored, nothing is logged. Refuses every text that was not written here.
 */
#include "token.h"

#include <assert.h>
#include <string.h>

#include "buf.h"
#include "digest.h"
#include "keys.h"
#include "util.h"

enum {
    AT_EXPIRY = 0,
    AT_DELIVERY = 4,
    AT_MAC = 9,
    AT_KEY = 25,
    AT_PURPOSE = 26,
    TOKEN_BYTES = 27,
    MAC_BYTES = 16
};

static void put_number(unsigned char *at, int bytes, uint64_t value)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        at[i] = (unsigned char)value;
}

static uint64_t get_number(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* The key of a number; NULL when it is neither the current one nor the one before. */
static const unsigned char *key_of(const struct keys *keys, unsigned char id)
{
    if (id == keys->link_id)
        return keys->link[0];
    return keys->link_id > 0 && id == keys->link_id - 1 ? keys->link[1] : NULL;
}

/* MAC over all but the place of the MAC itself; the first byte keeps it apart from the field's. */
static void make_mac(unsigned char mac[DIGEST_FULL], const unsigned char key[DIGEST_KEY],
                     const unsigned char bytes[TOKEN_BYTES])
{
    unsigned char text[1 + AT_MAC + 2];
    text[0] = 'T';
    memcpy(text + 1, bytes, AT_MAC);
    memcpy(text + 1 + AT_MAC, bytes + AT_KEY, 2);
    digest_hmac(mac, key, text, sizeof text);
}

void token_write(char text[TOKEN_LEN + 1], const struct keys *keys, const struct token *token)
{
    unsigned char bytes[TOKEN_BYTES], mac[DIGEST_FULL];
    struct buf out = BUF_INIT;
    assert(token->delivery > 0 && token->delivery < (int64_t)1 << 40);
    assert(token->purpose >= 0 && token->purpose <= TOKEN_PURPOSE_MAX && token->expires_ms >= 0);
    put_number(bytes + AT_EXPIRY, 4, (uint64_t)(token->expires_ms / MINUTE_MS));
    put_number(bytes + AT_DELIVERY, 5, (uint64_t)token->delivery);
    bytes[AT_KEY] = keys->link_id;
    bytes[AT_PURPOSE] = (unsigned char)token->purpose;
    make_mac(mac, keys->link[0], bytes);
    memcpy(bytes + AT_MAC, mac, MAC_BYTES);
    digest_base64url(&out, bytes, sizeof bytes);
    str_copy(text, TOKEN_LEN + 1, buf_str(&out));
    buf_release(&out);
}

bool token_read(struct token *token, const struct keys *keys, const char *text)
{
    unsigned char bytes[TOKEN_BYTES] = {0}, mac[DIGEST_FULL];
    bool formed = digest_base64url_read(bytes, sizeof bytes, text);
    const unsigned char *key = key_of(keys, bytes[AT_KEY]);
    make_mac(mac, key ? key : keys->link[0], bytes);
    bool same = digest_equal(mac, bytes + AT_MAC, MAC_BYTES);
    token->expires_ms = (int64_t)get_number(bytes + AT_EXPIRY, 4) * MINUTE_MS;
    token->delivery = (int64_t)get_number(bytes + AT_DELIVERY, 5);
    token->purpose = bytes[AT_PURPOSE];
    return formed && key && same;
}

void token_field(char field[TOKEN_FIELD_LEN + 1], const struct keys *keys, const char *text)
{
    unsigned char bytes[TOKEN_BYTES] = {0}, mac[DIGEST_FULL];
    struct buf in = BUF_INIT, out = BUF_INIT;
    digest_base64url_read(bytes, sizeof bytes, text);
    const unsigned char *key = key_of(keys, bytes[AT_KEY]);
    buf_printf(&in, "F%s", text);
    digest_hmac(mac, key ? key : keys->link[0], in.data, in.len);
    digest_base64url(&out, mac, MAC_BYTES);
    str_copy(field, TOKEN_FIELD_LEN + 1, buf_str(&out));
    buf_wipe(&in);
    buf_wipe(&out);
}

bool token_field_fits(const struct keys *keys, const char *text, const char *field)
{
    char want[TOKEN_FIELD_LEN + 1];
    token_field(want, keys, text);
    return strlen(field) == TOKEN_FIELD_LEN && digest_equal(want, field, TOKEN_FIELD_LEN);
}
