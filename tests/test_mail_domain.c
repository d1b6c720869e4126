/*
 * mail_domain.c and its use in lane.c: what an entry must be, whose mail it governs, and that a
 * domain's mail is never handed to a transport that its entry does not name, by no way: default,
 * failover, a lane from before a reload, a contact's own transport.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/conf.h"
#include "../daemon/lane.h"
#include "../daemon/mail_domain.h"
#include "../daemon/outbox_parts.h"
#include "gateway_rig.h"

#define RELAY                                                                                      \
    "adapter = \"email_smtp\"; url = \"smtp://127.0.0.1:25\"; from = \"stafette@amt.example\"; "

static const char relays[] = "transports = ( { name = \"relay-a\"; " RELAY "},"
                             " { name = \"relay-b\"; tls_min = \"1.3\"; " RELAY "},"
                             " { name = \"hier\"; tls = \"none\"; " RELAY "},"
                             " { name = \"ordner\"; adapter = \"email_file\"; path = \"mail\"; },"
                             " { name = \"funk\"; adapter = \"sms_file\"; path = \"sms\"; } );\n";

static const struct {
    const char *label, *entries;
    const char *want; /* part of the report; "" = no fault */
} loads[] = {
    {"none", "", ""},
    {"one", "( { domain = \"job.example\"; transports = [ \"relay-a\", \"relay-b\" ]; } )", ""},
    {"newest TLS",
     "( { domain = \"job.example\"; transports = [ \"relay-b\" ]; tls_min = \"1.3\"; } )", ""},
    {"own relay",
     "( { domain = \"job.example\"; transports = [ \"hier\", \"ordner\" ]; tls = \"required\"; } )",
     ""},
    {"no list", "{ domain = \"job.example\"; }", "must be a list"},
    {"no group", "( \"job.example\" )", "an entry is a group"},
    {"no transports", "( { domain = \"job.example\"; } )", "must name at least one transport"},
    {"empty transports", "( { domain = \"job.example\"; transports = []; } )", "at least one"},
    {"a number as transport", "( { domain = \"job.example\"; transports = [ 1 ]; } )",
     "unknown transport"},
    {"unknown transport", "( { domain = \"job.example\"; transports = [ \"relay-c\" ]; } )",
     "town.conf:2: unknown transport \"relay-c\"; add it"},
    {"for SMS", "( { domain = \"job.example\"; transports = [ \"funk\" ]; } )", "carries no mail"},
    {"twice the same",
     "( { domain = \"job.example\"; transports = [ \"relay-a\", \"relay-a\" ]; } )",
     "names \"relay-a\" twice"},
    {"no domain", "( { transports = [ \"relay-a\" ]; } )", "must be a mail domain"},
    {"an address", "( { domain = \"a@job.example\"; transports = [ \"relay-a\" ]; } )",
     "must be a mail domain"},
    {"one label", "( { domain = \"example\"; transports = [ \"relay-a\" ]; } )",
     "must be a mail domain"},
    {"domain twice",
     "( { domain = \"b\xc3\xbcro.example\"; transports = [ \"relay-a\" ]; },"
     " { domain = \"XN--BRO-hoa.example\"; transports = [ \"relay-b\" ]; } )",
     "the domain \"xn--bro-hoa.example\" stands here twice"},
    {"not verified", "( { domain = \"job.example\"; transports = [ \"hier\" ]; } )",
     "\"hier\" is not encrypted, but the domain wants tls = \"verified\""},
    {"a folder is not verified", "( { domain = \"job.example\"; transports = [ \"ordner\" ]; } )",
     "\"ordner\" is not encrypted"},
    {"too old",
     "( { domain = \"job.example\"; transports = [ \"relay-a\" ]; tls_min = \"1.3\"; } )",
     "\"relay-a\" accepts TLS 1.2, but the domain wants tls_min = \"1.3\""},
    {"odd tls", "( { domain = \"job.example\"; transports = [ \"relay-a\" ]; tls = \"none\"; } )",
     "\"tls\" is \"verified\", or \"required\""},
    {"odd tls_min",
     "( { domain = \"job.example\"; transports = [ \"relay-a\" ]; tls_min = \"1.1\"; } )",
     "\"tls_min\" is \"1.2\" or \"1.3\""},
    {"unknown member",
     "( { domain = \"job.example\"; transports = [ \"relay-a\" ]; tls_mim = \"1.3\"; } )",
     "did you mean \"tls_min\"?"},
};

static void test_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(loads); i++) {
        struct buf text = BUF_INIT, report = BUF_INIT;
        struct conf_faults faults = {.text = &report};
        buf_puts(&text, relays);
        if (*loads[i].entries)
            buf_printf(&text, "mail_domains = %s;\n", loads[i].entries);
        struct conf_node *root = conf_read_text("town.conf", buf_str(&text), text.len, &faults);
        struct transports *transports = transports_load(root, &faults);
        assert_non_null(transports);
        struct mail_domains *all = mail_domains_load(root, transports, &faults);
        assert_non_null(all);
        bool as_wanted =
            *loads[i].want ? strstr(buf_str(&report), loads[i].want) != NULL : report.len == 0;
        if (!as_wanted || (faults.errors == 0) != !*loads[i].want)
            fail_msg("%s: %s", loads[i].label, buf_str(&report));
        mail_domains_free(all);
        transports_free(transports);
        conf_free(root);
        buf_release(&text);
        buf_release(&report);
    }
    mail_domains_free(NULL);
}

static void test_tls_min(void **state)
{
    (void)state;
    static const struct {
        const char *said;
        bool good;
    } cases[] = {
        {"", true},
        {"tls_min = \"1.2\";", true},
        {"tls_min = \"1.3\";", true},
        {"tls_min = \"1.1\";", false},
        {"tls_min = \"\";", false},
        {"tls_min = \"TLSv1.3\";", false},
        {"tls_min = 1.3;", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT, report = BUF_INIT;
        struct conf_faults faults = {.text = &report};
        buf_printf(&text, "transports = ( { name = \"a\"; " RELAY "%s } );", cases[i].said);
        struct conf_node *root = conf_read_text("town.conf", buf_str(&text), text.len, &faults);
        struct transports *all = transports_load(root, &faults);
        if ((all != NULL) != cases[i].good ||
            (!all && !strstr(buf_str(&report), "town.conf:1: ")) ||
            (!all && !strstr(buf_str(&report), "tls_min")))
            fail_msg("%s: %s", cases[i].said, buf_str(&report));
        transports_free(all);
        conf_free(root);
        buf_release(&text);
        buf_release(&report);
    }
}

/* The town with three relays and a policy for one domain. */
static void add_policy(struct gateway_rig *rig, const char *order)
{
    char units[1200], more[300];
    struct buf text = rig_read(rig->dir, "stafette.conf"), all = BUF_INIT;
    const char *at = strstr(buf_str(&text), "transports = ("), *end = strchr(at, '\n');
    buf_add(&all, text.data, (size_t)(at - text.data));
    buf_puts(&all, relays);
    buf_puts(&all, end);
    rig_write(rig->dir, "stafette.conf", buf_str(&all));
    snprintf(
        units, sizeof units,
        "{ id = \"jc\"; kind = \"team\"; name = \"JC\"; contacts = ("
        " { channel = \"email\"; address = \"t@b\xc3\xbcro.example\"; },"
        " { channel = \"email\"; address = \"t@xn--bro-hoa.example\"; transport = \"relay-a\"; },"
        " { channel = \"email\"; address = \"t@sub.xn--bro-hoa.example\"; },"
        " { channel = \"sms\"; address = \"+4915100000003\"; } ); },");
    snprintf(more, sizeof more,
             "mail_domains = ( { domain = \"a.example\"; transports = [ \"relay-b\" ]; },"
             " { domain = \"B\xc3\xbcro.example\"; transports = [ %s ]; },"
             " { domain = \"z.example\"; transports = [ \"relay-b\" ]; } );\n",
             order);
    rig_add_units(rig, units, more);
    buf_release(&text);
    buf_release(&all);
}

static const struct contact *contact(const struct gateway_rig *rig, const char *id)
{
    return directory_contact(rig->g.config->directory, id);
}

static void test_default_and_next(void **state)
{
    struct gateway_rig *rig = *state;
    const struct stafette *g = &rig->g;
    add_policy(rig, "\"relay-b\", \"relay-a\"");
    const struct {
        const char *contact, *first, *second, *third;
    } cases[] = {
        {"jc/1", "relay-b", "relay-a", "relay-b"}, /* IDN: its A-label in both places */
        {"jc/2", "relay-a", "relay-b", "relay-a"}, /* its own transport, then the list */
        {"jc/3", "relay-a", "relay-b", "hier"},    /* a domain below is another domain */
        {"jc/4", "funk", "funk", "funk"},          {"asd/1", "relay-a", "relay-b", "hier"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct contact *c = contact(rig, cases[i].contact);
        const struct mail_domain *domain = mail_domain_of(g->config->mail_domains, c);
        const struct transport *first = lane_default(g, c), *second = lane_next(g, first, domain);
        assert_string_equal(first->name, cases[i].first);
        assert_string_equal(second->name, cases[i].second);
        assert_string_equal(lane_next(g, second, domain)->name, cases[i].third);
    }
}

/* What was planned before the policy came does not leave by the old way. */
static void test_lane_from_before(void **state)
{
    struct gateway_rig *rig = *state;
    struct stafette *g = &rig->g;
    add_policy(rig, "\"relay-a\"");
    const struct contact *c = contact(rig, "jc/1"), *other = contact(rig, "asd/1");
    store_begin(g->store);
    const struct transport *relay = transports_find(g->config->transports, "relay-b");
    int64_t lane = lane_of(g, relay, c, false), urgent = lane_of(g, relay, c, true);
    int64_t free_lane = lane_of(g, relay, other, false);
    int64_t sms =
        lane_of(g, transports_find(g->config->transports, "funk"), contact(rig, "jc/4"), true);
    rig_commit(rig);
    const struct mail_domain *domain = lane_policy(g, lane);
    assert_ptr_equal(domain, mail_domain_of(g->config->mail_domains, c));
    assert_ptr_equal(lane_policy(g, urgent), domain);
    assert_null(lane_policy(g, free_lane));
    assert_null(lane_policy(g, sms));
    assert_false(mail_domain_allows(domain, relay));
    assert_string_equal(lane_next(g, relay, domain)->name, "relay-a");
    const struct lane old = {.id = lane, .road = road_find(g->outbox, "relay-b")};
    const struct lane usual = {.id = free_lane, .road = old.road};
    assert_int_equal(road_choose(g, &old), road_find(g->outbox, "relay-a"));
    assert_int_equal(road_choose(g, &usual), old.road);
    assert_string_equal(lane_default(g, c)->name, "relay-a");
}

static void test_own_transport_outside(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf report = BUF_INIT;
    char path[300];
    add_policy(rig, "\"relay-a\", \"relay-b\"");
    struct buf text = rig_read(rig->dir, "stafette.conf"), bad = BUF_INIT;
    const char *at = strstr(buf_str(&text), "transports = [ \"relay-a\", \"relay-b\" ]");
    assert_non_null(at);
    buf_add(&bad, text.data, (size_t)(at - text.data));
    buf_puts(&bad, "transports = [ \"relay-b\" ]");
    buf_puts(&bad, at + strlen("transports = [ \"relay-a\", \"relay-b\" ]"));
    rig_write(rig->dir, "stafette.conf", buf_str(&bad));
    snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
    assert_null(config_load(path, &report));
    assert_non_null(strstr(buf_str(&report), "transport \"relay-a\" does not stand in "
                                             "\"mail_domains\" for the domain of this address"));
    buf_release(&report);
    buf_release(&text);
    buf_release(&bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_tls_min),
        cmocka_unit_test_setup_teardown(test_default_and_next, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_lane_from_before, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_own_transport_outside, rig_set_up, rig_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
