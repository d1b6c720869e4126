/*
 * The secret in the address of a feed: see feed_secret.h. 27 bytes, so that base64url has neither
 * padding nor loose bits: hash of the unit (8), epoch (3), MAC (16). The hash only finds the unit;
 * the MAC is over its name. Refuses every text that was not written here, and logs none.
 */
#include "feed_secret.h"

#include <string.h>

#include "buf.h"
#include "digest.h"
#include "directory.h"
#include "keys.h"
#include "util.h"

enum { AT_EPOCH = 8, AT_MAC = 11, MAC_BYTES = 16, SECRET_BYTES = 27 };

static void put_hash(unsigned char bytes[SECRET_BYTES], const struct keys *keys, const char *unit)
{
    uint64_t hash = digest_short(keys->token, unit, strlen(unit));
    for (int i = 0; i < AT_EPOCH; i++)
        bytes[i] = (unsigned char)(hash >> (8 * i));
}

/* The first word keeps it apart from all else that is made with this key. */
static void make_mac(unsigned char mac[DIGEST_FULL], const struct keys *keys, const char *unit,
                     int64_t epoch)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "feed %s %lld", unit, (long long)epoch);
    digest_hmac(mac, keys->token, text.data, text.len);
    buf_wipe(&text);
}

void feed_secret(char text[FEED_SECRET_LEN + 1], const struct keys *keys, const char *unit,
                 int64_t epoch)
{
    unsigned char bytes[SECRET_BYTES], mac[DIGEST_FULL];
    struct buf out = BUF_INIT;
    put_hash(bytes, keys, unit);
    for (int i = 0; i < AT_MAC - AT_EPOCH; i++)
        bytes[AT_EPOCH + i] = (unsigned char)(epoch >> (16 - 8 * i));
    make_mac(mac, keys, unit, epoch);
    memcpy(bytes + AT_MAC, mac, MAC_BYTES);
    digest_base64url(&out, bytes, sizeof bytes);
    str_copy(text, FEED_SECRET_LEN + 1, buf_str(&out));
    buf_wipe(&out);
}

const struct unit *feed_unit(const struct directory *dir, const struct keys *keys, const char *text,
                             int64_t *epoch)
{
    unsigned char bytes[SECRET_BYTES] = {0}, hash[SECRET_BYTES], mac[DIGEST_FULL];
    const struct unit *unit = NULL;
    bool formed = digest_base64url_read(bytes, sizeof bytes, text);
    *epoch = (int64_t)bytes[AT_EPOCH] << 16 | bytes[AT_EPOCH + 1] << 8 | bytes[AT_EPOCH + 2];
    for (size_t i = 0; i < dir->units; i++) {
        put_hash(hash, keys, dir->unit[i].id);
        if (memcmp(hash, bytes, AT_EPOCH) == 0)
            unit = &dir->unit[i];
    }
    make_mac(mac, keys, unit ? unit->id : "", *epoch);
    bool same = digest_equal(mac, bytes + AT_MAC, MAC_BYTES);
    return formed && same ? unit : NULL;
}
