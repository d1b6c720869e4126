/*
 * Fuzz target: the readers of answer tokens and of feeds' secrets. What they accept must be exactly
 * what the writer writes of the same content; the form's field fits only when it is the token's.
 * The input is the text and, behind a blank, the field.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/digest.h"
#include "../../daemon/directory.h"
#include "../../daemon/feed_secret.h"
#include "../../daemon/keys.h"
#include "../../daemon/token.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    digest_start();
    return 0;
}

static void check_feed(const struct keys *keys, const char *text)
{
    struct unit units[] = {{.id = "asd"}, {.id = "sozialbuero"}};
    const struct directory dir = {.unit = units, .units = COUNT_OF(units)};
    char written[FEED_SECRET_LEN + 1];
    int64_t epoch;
    const struct unit *unit = feed_unit(&dir, keys, text, &epoch);
    assert(epoch >= 0 && epoch <= FEED_EPOCH_MAX);
    if (unit) {
        feed_secret(written, keys, unit->id, epoch);
        assert(strcmp(written, text) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keys keys;
    struct token token;
    memset(&keys, 'k', sizeof keys);
    keys.link_id = 1;
    char *text = xstrndup((const char *)data, size), written[TOKEN_LEN + 1];
    char field[TOKEN_FIELD_LEN + 1], *blank = strchr(text, ' ');
    if (blank)
        *blank++ = '\0';
    if (token_read(&token, &keys, text)) {
        assert(strlen(text) == TOKEN_LEN);
        if (token.delivery > 0 && token.purpose <= TOKEN_PURPOSE_MAX) {
            token_write(written, &keys, &token);
            assert(strcmp(written, text) == 0);
        }
    }
    check_feed(&keys, text);
    token_field(field, &keys, text);
    assert(strlen(field) == TOKEN_FIELD_LEN);
    assert(token_field_fits(&keys, text, field));
    if (blank)
        assert(token_field_fits(&keys, text, blank) == (strcmp(blank, field) == 0));
    free(text);
    return 0;
}
