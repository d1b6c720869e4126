/*
 * Fuzz target: a gateway's HTTP answer. The first byte chooses the gateway, the next two its status
 * code, what follows is the body. Whatever comes, the verdict is one class, an answer that does not
 * hold the wanted word is never an acceptance, and the id that is kept is clean.
 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../adapters/adapter.h"
#include "../../adapters/callback.h"
#include "../../adapters/sms_http.h"
#include "../../daemon/conf.h"
#include "../../daemon/json.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char common[] =
    "adapter = \"sms_http\"; url = \"http://127.0.0.1:1/\"; tls = \"none\";"
    " address_codes = \"400 404\"; temporary_values = \"500 busy\"; address_values = \"202\";"
    " auth_values = \"900 denied\";";

static const char *const gateways[] = {
    "name = \"json\"; ok_pointer = \"/success\"; ok_values = \"100\";"
    " id_pointer = \"/messages/0/id\";",
    "name = \"regex\"; ok_regex = \"^([A-Z]+);\"; ok_values = \"OK\";"
    " id_regex = \"ID=([0-9A-Za-z-]+)\";",
    "name = \"mixed\"; ok_regex = \"(ok|queued)\"; id_pointer = \"/a~1b/0\";",
    "name = \"silent\";",
    "name = \"both\"; ok_pointer = \"/success\"; ok_regex = \"^\\\"?([0-9]+)\\\"?$\";"
    " ok_values = \"100 402\"; id_pointer = \"/messages/0/id\";",
    "name = \"sentence\"; ok_values = \"ok\"; id_regex = \"\\\"id\\\": *\\\"?([0-9]+)\";"
    " ok_regex = \"\\\"status\\\": *\\\"(ok)\\\"|\\\"error_text\\\": *\\\"([^\\\"]*)\\\"\";",
};

static struct transports *load(void)
{
    struct buf report = BUF_INIT, text = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    for (size_t i = 0; i < COUNT_OF(gateways); i++)
        buf_printf(&text, "%s{ %s %s }", i ? ", " : "transports = ( ", gateways[i], common);
    buf_puts(&text, " );\n");
    struct conf_node *root = conf_read_text("fuzz", buf_str(&text), text.len, &faults);
    struct transports *all = transports_load(root, &faults);
    assert(all);
    conf_free(root);
    buf_release(&report);
    buf_release(&text);
    return all;
}

static void check_id(const char *text)
{
    char id[80];
    callback_id(id, sizeof id, text);
    for (const char *p = id; *p; p++)
        assert(isalnum((unsigned char)*p) || strchr("-_.:+", *p));
    assert(strlen(id) <= strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct transports *all;
    if (!all) {
        json_start();
        all = load();
    }
    if (size < 3)
        return 0;
    const struct sms *sms = all->transport[data[0] % all->count]->state;
    long status = 100 + (data[1] << 8 | data[2]) % 500;
    struct buf answer = BUF_INIT, word = BUF_INIT, id = BUF_INIT;
    size_t len = size - 3 < ANSWER_MAX ? size - 3 : ANSWER_MAX;
    buf_add(&answer, data + 3, len);
    enum error_class class = sms_judge(sms, status, &answer, &word, &id);
    assert(class < ERROR_CLASS_COUNT);
    assert(!strchr(buf_str(&word), ' '));
    if (class == CLASS_NONE) {
        assert(http_codes_have(sms->ok_codes, status));
        assert(str_empty(sms->ok_values) || http_words_have(sms->ok_values, buf_str(&word)));
        check_id(buf_str(&id));
    }
    buf_release(&answer);
    buf_release(&word);
    buf_release(&id);
    return 0;
}
