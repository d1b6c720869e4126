/*
 * Fuzz target: names and contents of files in the folders of gammu-smsd. Up to a NUL it is a name,
 * what follows is a file that came in. What comes out must be of its own form.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../adapters/sms_gammu.h"
#include "../../daemon/buf.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char reference[SPOOL_REFERENCE_MAX], sender[40];
    int part = -1;
    struct buf text = BUF_INIT;
    size_t n = strnlen((const char *)data, size), skip = n < size ? n + 1 : n;
    char *name = xstrndup((const char *)data, n);
    if (gammu_reference(reference, name)) {
        assert(reference[0] == 'd' && strlen(reference) < sizeof reference);
        assert(strspn(reference, "d.0123456789abcdef") == strlen(reference));
        assert(strstr(name, reference));
    }
    size_t common = gammu_inbox_name(name, sender, &part);
    assert(common < n || common == 0);
    assert(common == 0 || (part >= 0 && part <= 99 && sender[0] && !strchr(sender, '_')));
    gammu_text(&text, (const char *)data + skip, size - skip);
    assert(utf8_valid(buf_str(&text), text.len));
    assert(strlen(buf_str(&text)) == text.len);
    buf_release(&text);
    free(name);
    return 0;
}
