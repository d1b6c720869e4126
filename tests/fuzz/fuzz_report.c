/*
 * Fuzz target: the way of a delivery report from the bytes of a request to the words of its end:
 * query and body as the public door reads them, the secret, the facts. The first byte chooses the
 * transport; what follows is query, a NUL, body. Nobody gets in without the secret, and what comes
 * out is clean.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../adapters/adapter.h"
#include "../../adapters/callback.h"
#include "../../adapters/inbound.h"
#include "../../adapters/reports.h"
#include "../../adapters/sms_http.h"
#include "../../daemon/conf.h"
#include "../../daemon/digest.h"
#include "../../daemon/http_form.h"
#include "../../daemon/json.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "a-secret-of-the-fuzzer"
#define GATEWAY(name, more)                                                                        \
    "{ name = \"" name                                                                             \
    "\"; adapter = \"sms_http\"; url = \"http://127.0.0.1:1/\"; tls = \"none\";"                   \
    " report_delivered = \"1 DELIVERED\"; report_failed = \"2\"; report_expired = \"3\"; " more    \
    " reports = { secret_file = \"%s\"; sources = \"127.0.0.1\"; }; }"

static struct transports *load(void)
{
    char path[] = "/tmp/stafette-fuzz-XXXXXX";
    int fd = mkstemp(path);
    struct buf report = BUF_INIT, text = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    assert(fd >= 0 && write(fd, SECRET, strlen(SECRET)) == (ssize_t)strlen(SECRET));
    close(fd);
    buf_printf(&text,
               "transports = ( " GATEWAY(
                   "form",
                   "report_reference = \"ref\"; report_id = \"id\";"
                   " report_status = \"st\"; report_error = \"err\";"
                   " report_address = \"9\";") ", " GATEWAY("json",
                                                            "report_reference = "
                                                            "\"/data/foreign_id\"; report_id ="
                                                            " \"/data/msg_id\"; report_status = "
                                                            "\"/data/status\";") " );\n",
               path, path);
    struct conf_node *root = conf_read_text("fuzz", buf_str(&text), text.len, &faults);
    struct transports *all = transports_load(root, &faults);
    assert(all);
    unlink(path);
    conf_free(root);
    buf_release(&report);
    buf_release(&text);
    return all;
}

static const char *argument(const void *context, const char *name)
{
    return http_form_get(context, name);
}

static void take(const struct transport *t, const struct http_form *form, const char *body,
                 size_t len)
{
    struct report report;
    struct buf err = BUF_INIT;
    const struct callback_input input = {argument, form, body, len};
    int rc = callback_read(&report, sms_report_rule(t), &input, &err);
    assert((rc == 0) == (err.len == 0));
    for (const char *p = buf_str(&err); *p; p++)
        assert((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
    assert((report.status == REPORT_FAILED) == (report.class != CLASS_NONE));
    assert(strlen(report.reference) < sizeof report.reference);
    buf_release(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct transports *all;
    struct http_form form = {0};
    if (!all) {
        digest_start();
        json_start();
        all = load();
    }
    if (size < 1)
        return 0;
    const struct transport *t = all->transport[data[0] % all->count];
    const char *text = (const char *)data + 1;
    size_t n = strnlen(text, size - 1), skip = n < size - 1 ? n + 1 : n;
    bool clean =
        http_form_read(&form, text, n) && http_form_read(&form, text + skip, size - 1 - skip);
    const char *key = http_form_get(&form, "key");
    assert(inbound_secret(t->reports->caller, key, "") == str_eq(key, SECRET));
    if (clean || data[0] % 2)
        take(t, &form, text + skip, size - 1 - skip);
    http_form_release(&form);
    return 0;
}
