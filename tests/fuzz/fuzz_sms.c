/*
 * Fuzz target: incoming SMS. The input is sender, a NUL, and the text; both go through the
 * callback's reading and the text through the grammar. What comes out must be clean, and the same
 * again.
 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../adapters/inbound.h"
#include "../../daemon/buf.h"
#include "../../daemon/sms_answer.h"
#include "../../daemon/store_sms.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(const char *text)
{
    char number[20], again[20];
    if (!inbound_number(number, text))
        return;
    assert(number[0] == '+' && strlen(number) <= 16);
    for (const char *p = number + 1; *p; p++)
        assert(isdigit((unsigned char)*p));
    assert(inbound_number(again, number) && str_eq(again, number));
}

static void check_answer(const char *text)
{
    struct sms_answer answer, again;
    sms_answer_read(&answer, text);
    sms_answer_read(&again, text);
    assert(answer.kind == again.kind && answer.number == again.number);
    assert(strlen(answer.code) <= ITEM_ID_LEN);
    if (answer.kind != SMS_SAYS) {
        assert(!answer.number && str_empty(answer.code));
        return;
    }
    assert(answer.verb <= ANSWER_FULL);
    assert(!answer.number || (answer.number >= SMS_NUMBER_MIN && answer.number <= SMS_NUMBER_MAX));
    assert(!strchr(text, '?') && strlen(text) <= SMS_TEXT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sender = xstrndup((const char *)data, size);
    size_t n = strlen(sender), skip = n < size ? n + 1 : size;
    char *text = xstrndup((const char *)data + skip, size - skip);
    const char *at = "";
    check_number(sender);
    check_answer(text);
    sms_answer_echoes(text, sender);
    inbound_within(sender, text);
    assert(inbound_bad_network(sender, &at) == 0 || !str_empty(at));
    free(sender);
    free(text);
    return 0;
}
