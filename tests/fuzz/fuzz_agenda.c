/*
 * Fuzz target: the words of an agenda. The input is reason, changes and case_ref, each ended by a
 * NUL, as an event or a damaged store may have them. Whatever they hold, a line says words of our
 * own only, and of a case no more than its end.
 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "../../daemon/agenda.h"
#include "../../daemon/buf.h"
#include "../../daemon/gateway.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next text of the input, as much of it as the field holds. */
static void take(const uint8_t **data, size_t *size, char *field, size_t room)
{
    size_t len = strnlen((const char *)*data, *size);
    size_t kept = len < room - 1 ? len : room - 1;
    memcpy(field, *data, kept);
    field[kept] = '\0';
    *data += len;
    *size -= len;
    if (*size) {
        ++*data;
        --*size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stafette g;
    struct agenda_item row = {.block = BLOCK_A};
    struct buf reason = BUF_INIT, code = BUF_INIT;
    take(&data, &size, row.reason, sizeof row.reason);
    take(&data, &size, row.change, sizeof row.change);
    take(&data, &size, row.case_ref, sizeof row.case_ref);
    agenda_reason(&row, &reason);
    agenda_code(&g, &row, &code);
    assert(reason.len > 0 && utf8_valid(buf_str(&reason), reason.len));
    for (const char *p = buf_str(&reason); *p; p++)
        assert(!isdigit((unsigned char)*p) && *p != '_' && (unsigned char)*p >= 0x20);
    if (agenda_changes_valid(row.change))
        assert(!strstr(buf_str(&reason), "weitere Änderung"));
    assert(code.len <= 9 &&
           strspn(buf_str(&code), ".ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == code.len);
    buf_release(&reason);
    buf_release(&code);
    return 0;
}
