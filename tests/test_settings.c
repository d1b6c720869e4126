/*
 * settings.c: defaults, ranges, checks across settings, and the printed configuration.
 *
 * config/stafette.conf is what settings_print() prints. After a change of the table write it anew:
 *     STAFETTE_WRITE=1 build/tests/test_settings
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/settings.h"
#include "../daemon/util.h"

#define OPEN "http = { public = \"127.0.0.1:8086\"; }; "

static const char printed[] = "config/stafette.conf";

static void load_text(struct settings *s, const char *text, struct buf *report)
{
    struct conf_faults faults = {.text = report};
    struct conf_node *root = conf_read_text("etc/f", text, strlen(text), &faults);
    settings_load(s, root, &faults);
    conf_free(root);
}

static void test_defaults(void **state)
{
    (void)state;
    struct settings s;
    struct buf report = BUF_INIT;
    load_text(&s, "mail = { from = \"a@Amt.Example\"; };", &report);
    assert_string_equal(buf_str(&report), "");
    assert_string_equal(s.instance, "stafette");
    assert_string_equal(s.templates, "etc/templates");
    assert_string_equal(s.store, "/var/lib/stafette/stafette.db");
    assert_string_equal(s.mqtt_host, "127.0.0.1");
    assert_int_equal(s.mqtt_port, 1883);
    assert_string_equal(s.mqtt_client_id, "stafette-stafette");
    assert_false(s.mqtt_tls);
    assert_int_equal(s.mqtt_keepalive_ms, 30000);
    assert_string_equal(s.http_public, "");
    assert_string_equal(s.mail_from, "a@amt.example");
    assert_string_equal(s.mail_bounce, "a@amt.example");
    assert_string_equal(s.mail_id_domain, "amt.example");
    assert_int_equal(s.carriers, 16);
    assert_int_equal(s.attempt_timeout_ms, 60000);
    assert_true(s.store_max_bytes == (int64_t)20 << 30);
    settings_release(&s);
    buf_release(&report);
}

static void test_values(void **state)
{
    (void)state;
    struct settings s;
    struct buf report = BUF_INIT;
    load_text(
        &s,
        "gateway = { instance = \"ulm\"; store = \"db/x\"; link = \"https://a/{code}\"; };\n"
        "mqtt = { port = 8883; host = \"broker.ulm.example\"; tls = true; };\n"
        "http = { internal = \"[::1]:0\"; public = \"[::1]:8086\"; control_socket = \"\"; };\n"
        "answer = { url = \"https://stadt.example/stafette//\"; link_hours = 24; };\n"
        "mail = { from = \"a@b.example\"; bounce = \"r@c.example\"; id_domain = \"D.example\"; "
        "from_name = \"Zentrale für Übergaben\"; };\n"
        "delivery = { retry_first = \"1m\"; retry_max = \"2h\"; };\n",
        &report);
    assert_string_equal(buf_str(&report), "");
    assert_string_equal(s.store, "etc/db/x");
    assert_string_equal(s.control_socket, "");
    assert_string_equal(s.answer_url, "https://stadt.example/stafette");
    assert_int_equal(s.answer_link_hours, 24);
    assert_true(s.mqtt_tls);
    assert_string_equal(s.mqtt_client_id, "stafette-ulm");
    assert_string_equal(s.mail_bounce, "r@c.example");
    assert_string_equal(s.mail_id_domain, "d.example");
    assert_int_equal(s.retry_max_ms, 7200000);
    settings_release(&s);
    buf_release(&report);
}

static const struct {
    const char *label, *in, *want;
} faults_table[] = {
    {"misspelt", "mqtt = { prot = 1; };", "unknown setting \"prot\"; did you mean \"port\"?"},
    {"no group", "mqtt = 5;", "\"mqtt\" must be a group: mqtt = { ... };"},
    {"port 0", "mqtt = { port = 0; };", "\"port\" must be from 1 to 65535"},
    {"port as text", "mqtt = { port = \"1883\"; };",
     "\"port\" must be a whole number without quotes"},
    {"duration short", "mqtt = { keepalive = \"1s\"; };", "\"keepalive\" must be from 5s to 18h"},
    {"duration bare", "mqtt = { keepalive = 60; };", "\"keepalive\" must be a length of time"},
    {"size small", "events = { store_max = \"5 KB\"; };",
     "\"store_max\" must be from 1 MB to 1000 GB"},
    {"empty", "gateway = { store = \"\"; };", "\"store\" must not be empty"},
    {"line break", "mail = { from_name = \"a\\nb\"; };",
     "\"from_name\" must be one line without control characters"},
    {"instance", "gateway = { instance = \"Ulm/1\"; };",
     "\"instance\" may hold lower-case letters, digits, _ and - only"},
    {"instance long",
     "gateway = { instance = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; };",
     "\"instance\" is too long; at most 40 bytes"},
    {"log level", "gateway = { log_level = \"loud\"; };",
     "\"log_level\" must be error, warn, info or debug"},
    {"link", "gateway = { link = \"http://a/\"; };", "\"link\" must start with https://"},
    {"link blank", "gateway = { link = \"https://a/ b\"; };", "\"link\" must not hold blanks"},
    {"version", "mqtt = { version = \"4\"; };", "\"version\" must be \"5\" or \"3.1.1\""},
    {"tls", "mqtt = { host = \"broker.ulm.example\"; };", "needs \"tls = true\""},
    {"half a key", "mqtt = { cert_file = \"/dev/null\"; };",
     "\"cert_file\" and \"key_file\" go together"},
    {"password alone", "mqtt = { password_file = \"/dev/null\"; };",
     "a password needs a \"username\" beside it"},
    {"file absent", "mqtt = { ca_file = \"nowhere.pem\"; };",
     "etc/nowhere.pem: No such file or directory"},
    {"listen", "http = { public = \"8086\"; };", "\"public\" must be address:port"},
    {"listen name", "http = { public = \"host.example:80\"; };", "\"public\" must be address:port"},
    {"listen v6", "http = { public = \"::1:80\"; };", "\"public\" must be address:port"},
    {"listen port", "http = { public = \"127.0.0.1:65536\"; };", "\"public\" must be address:port"},
    {"same door", "http = { public = \"127.0.0.1:8085\"; };",
     "\"public\" and \"internal\" must not be the same door"},
    {"answer without https", OPEN "answer = { url = \"http://stadt.example\"; };",
     "\"url\" must start with https://"},
    {"answer at no host", OPEN "answer = { url = \"https:///\"; };",
     "\"url\" must start with https://"},
    {"answer at a look-alike", OPEN "answer = { url = \"http://127.0.0.1.stadt.example\"; };",
     "\"url\" must start with https://"},
    {"answer with a query", OPEN "answer = { url = \"https://stadt.example/?x\"; };",
     "\"url\" must not hold blanks"},
    {"answer without a door", "answer = { url = \"https://stadt.example\"; };", "set http.public"},
    {"links for long", "answer = { link_hours = 73; };", "\"link_hours\" must be"},
    {"from", "mail = { from = \"nobody\"; };", "\"from\": "},
    {"from with blank", "mail = { from = \"a b@c.example\"; };", "\"from\": "},
    {"bounce", "mail = { bounce = \"<a@b.example>\"; };", "\"bounce\": "},
    {"id domain", "mail = { id_domain = \"a@b\"; };", "\"id_domain\" must be a domain"},
    {"retry", "delivery = { retry_first = \"2h\"; retry_max = \"1h\"; };",
     "\"retry_first\" is longer than \"retry_max\""},
    {"night", "ledger = { night = \"24:00\"; };", "\"night\" must be a time of the day"},
    {"night short", "ledger = { night = \"6:30\"; };", "\"night\" must be a time of the day"},
    {"internal door", "http = { internal = \"0.0.0.0:8085\"; };", "warning: \"internal\" can be"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults_table); i++) {
        struct settings s;
        struct buf report = BUF_INIT;
        load_text(&s, faults_table[i].in, &report);
        const char *line = strstr(buf_str(&report), "etc/f:1: ");
        if (!line || !strstr(line, faults_table[i].want))
            fail_msg("%s: got \"%s\"", faults_table[i].label, buf_str(&report));
        settings_release(&s);
        buf_release(&report);
    }
}

static void test_printed(void **state)
{
    (void)state;
    struct buf want = BUF_INIT, got = BUF_INIT, err = BUF_INIT;
    settings_print(&want);
    if (getenv("STAFETTE_WRITE")) {
        FILE *f = fopen(printed, "w");
        assert_non_null(f);
        fwrite(buf_str(&want), 1, want.len, f);
        fclose(f);
    }
    assert_int_equal(buf_read_file(&got, printed, 1 << 20, &err), 0);
    assert_string_equal(buf_str(&got), buf_str(&want));
    buf_release(&want);
    buf_release(&got);
    buf_release(&err);
}

/* Read back, what is printed is the defaults. */
static void test_printed_is_default(void **state)
{
    (void)state;
    struct settings defaults, read;
    struct buf text = BUF_INIT, report = BUF_INIT, other = BUF_INIT;
    settings_print(&text);
    load_text(&read, buf_str(&text), &report);
    assert_string_equal(buf_str(&report), "");
    load_text(&defaults, "", &other);
    assert_non_null(strstr(buf_str(&other), "warning: mail.from is not set"));
    assert_string_equal(read.templates, defaults.templates);
    assert_string_equal(read.mail_bounce, defaults.mail_bounce);
    assert_string_equal(read.control_socket, defaults.control_socket);
    /* from the first number on, the struct holds pointers only where they were compared above */
    assert_int_equal(read.carriers, defaults.carriers);
    assert_memory_equal(&read.carriers, &defaults.carriers,
                        sizeof read - offsetof(struct settings, carriers));
    settings_release(&read);
    settings_release(&defaults);
    buf_release(&text);
    buf_release(&report);
    buf_release(&other);
}

static void test_groups(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    settings_print(&text);
    size_t n = 0;
    for (const char *name; (name = settings_group(n)); n++) {
        struct buf head = BUF_INIT;
        buf_printf(&head, "\n%s = {\n", name);
        assert_non_null(strstr(buf_str(&text), buf_str(&head)));
        buf_release(&head);
    }
    size_t heads = 0;
    for (const char *p = buf_str(&text); (p = strstr(p, " = {\n")); p++)
        heads++;
    assert_int_equal(n, heads);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_printed),
        cmocka_unit_test(test_printed_is_default),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
