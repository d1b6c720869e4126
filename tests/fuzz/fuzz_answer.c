/*
 * Fuzz target: answers of SMS gateways. The first byte chooses how a gateway is read, the second
 * its HTTP code; the rest is the body. Only an answer that holds a word of acceptance is one.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../adapters/adapter.h"
#include "../../adapters/sms_http.h"
#include "../../daemon/conf.h"
#include "../../daemon/json.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "transports = ("
    " { name = \"a\"; adapter = \"sms_http\"; url = \"https://a.test/\"; ok_pointer = \"/success\";"
    "   ok_regex = \"^\\\"?([0-9]+)\\\"?$\"; ok_values = \"100 402\"; auth_values = \"900\";"
    "   id_pointer = \"/messages/0/id\"; },"
    " { name = \"b\"; adapter = \"sms_http\"; url = \"https://b.test/\"; ok_values = \"ok\";"
    "   ok_regex = \"\\\"status\\\": *\\\"(ok)\\\"|\\\"error_text\\\": *\\\"([^\\\"]*)\\\"\";"
    "   auth_values = \"Invalid_access_token\"; id_regex = \"\\\"id\\\": *\\\"?([0-9]+)\"; },"
    " { name = \"c\"; adapter = \"sms_http\"; url = \"https://c.test/\"; ok_codes = \"201\";"
    "   id_pointer = \"/uuid\"; } );";

static struct transports *load(void)
{
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    json_start();
    struct conf_node *root = conf_read_text("fuzz", text, strlen(text), &faults);
    struct transports *all = transports_load(root, &faults);
    assert(all && report.len == 0);
    conf_free(root);
    buf_release(&report);
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int codes[] = {200, 201, 204, 301, 400, 401, 402, 429, 500};
    static const char *const accepted[] = {"100 402", "ok", NULL};
    static struct transports *all;
    struct buf answer = BUF_INIT, word = BUF_INIT, id = BUF_INIT;
    if (!all)
        all = load();
    if (size < 2)
        return 0;
    size_t which = data[0] % all->count;
    int code = codes[data[1] % COUNT_OF(codes)];
    buf_add(&answer, (const char *)data + 2, size - 2);
    enum error_class class = sms_judge(all->transport[which]->state, code, &answer, &word, &id);
    assert(class < ERROR_CLASS_COUNT);
    assert(!strchr(buf_str(&word), ' '));
    if (class == CLASS_NONE)
        assert(code < 300 &&
               (!accepted[which] || http_words_have(accepted[which], buf_str(&word))));
    buf_release(&answer);
    buf_release(&word);
    buf_release(&id);
    return 0;
}
