/*
 * Fuzz target: form fields and paths as the public door reads them. What is accepted is clean UTF-8
 * without control characters but line breaks and tabs in values, and the first of a name wins.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../../daemon/http_form.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text, bool field)
{
    assert(utf8_valid(text, strlen(text)));
    for (; *text; text++)
        assert((unsigned char)*text >= 0x20 || (field && strchr("\n\r\t", *text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_form form = {0};
    const char *bytes = (const char *)data;
    bool whole = http_form_read(&form, bytes, size);
    assert(form.texts % 2 == 0);
    for (size_t i = 0; i < form.texts; i += 2) {
        check_clean(form.text[i], false);
        check_clean(form.text[i + 1], true);
        const char *first = http_form_get(&form, form.text[i]);
        assert(first && (i > 0 || first == form.text[1]));
    }
    assert(whole || size > 0);
    http_form_release(&form);
    if (http_form_clean_path(bytes, size))
        assert(size > 0 && bytes[0] == '/' && !memchr(bytes, '\0', size));
    return 0;
}
