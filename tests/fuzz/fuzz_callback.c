/*
 * Fuzz target: delivery reports. The first byte chooses where the facts stand, the rest up to a NUL
 * is the value of every argument, what follows is the body. What comes out must be clean.
 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../adapters/callback.h"
#include "../../daemon/buf.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *same_for_all(const void *context, const char *name)
{
    (void)name;
    return context;
}

static void check_clean(const char *text)
{
    for (; *text; text++)
        assert(isalnum((unsigned char)*text) || strchr("-_.:+", *text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct callback_rule rules[] = {
        {.reference = "ref",
         .provider_id = "id",
         .status = "status",
         .words = {"", "4", "8", "1", "2 16"}},
        {.reference = "/data/foreign_id",
         .provider_id = "/data/msg_id",
         .status = "/data/status",
         .words = {"", "A", "B", "C", "D"},
         .expired = "E",
         .error = "/data/err",
         .address = "1",
         .policy = "2",
         .credit = "3"},
        {.reference = "ref",
         .provider_id = "/list/0/uuid",
         .status = "/a~1b",
         .words = {"", "", "", "true", "0"}},
    };
    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    size_t n = strnlen(text, size - 1), skip = n < size - 1 ? n + 1 : n;
    char *argument = xstrndup(text, n);
    struct report report;
    struct buf err = BUF_INIT;
    const struct callback_input in = {same_for_all, argument, text + skip, size - 1 - skip};
    int rc = callback_read(&report, &rules[data[0] % COUNT_OF(rules)], &in, &err);
    check_clean(report.reference);
    check_clean(report.provider_id);
    check_clean(report.word);
    assert(report.status == REPORT_FAILED || report.class == CLASS_NONE);
    assert(report.status != REPORT_FAILED || report.class != CLASS_NONE);
    assert((rc == 0) == (err.len == 0));
    assert(rc != 0 || report.reference[0] || report.provider_id[0]);
    buf_release(&err);
    free(argument);
    return 0;
}
