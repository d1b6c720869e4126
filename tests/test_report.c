/*
 * Delivery reports against a real store and a real public door: which delivery one means, what
 * follows from it, in which order, who may bring it, and what it cannot do. Telephone numbers are
 * made up.
 */
#include "page_rig.h"

#include "../adapters/adapter.h"
#include "../adapters/callback.h"
#include "../daemon/balance.h"
#include "../daemon/conf.h"
#include "../daemon/lane.h"
#include "../daemon/render.h"
#include "../daemon/report.h"
#include "../daemon/settings.h"

#define SECRET "report-secret-0123456789"
#define ONLY_SMS "{" REQUEST ",\"to_unit\":\"zwei-funk\"}"
/* Two telephones. */
#define TWO                                                                                        \
    " { id = \"zwei-funk\"; kind = \"team\"; name = \"Stelle zwei-funk\";"                         \
    " contacts = ( { channel = \"sms\"; address = \"+4915100000003\"; },"                          \
    " { channel = \"sms\"; address = \"+4915100000004\"; } ); },"
#define GATEWAY(name, more)                                                                        \
    " { name = \"" name                                                                            \
    "\"; adapter = \"sms_http\"; url = \"http://127.0.0.1:9/\"; tls = \"none\";"                   \
    " params = ( { name = \"text\"; value = \"{text}\"; } ); report_reference = \"ref\";"          \
    " report_id = \"id\"; report_status = \"st\"; report_queued = \"4\"; report_sent = \"8\";"     \
    " report_delivered = \"1\"; report_failed = \"2\"; report_expired = \"3\";"                    \
    " report_error = \"err\"; report_address = \"9\"; " more " },"
#define REPORTS(more) "reports = { secret_file = \"r.secret\"; sources = \"127.0.0.1\"; " more "};"

/* Two gateways that promise reports, "tor" the first for SMS, and one that does not. */
static int set_up(void **state)
{
    page_set_up(state);
    struct gateway_rig *rig = *state;
    char path[512];
    rig_write(rig->dir, "r.secret", SECRET "\n");
    snprintf(path, sizeof path, "%s/r.secret", rig->dir);
    assert_int_equal(chmod(path, 0600), 0);
    rig_insert(rig, "transports = (",
               GATEWAY("tor", REPORTS("code = 202; body = \"ACK\";")) GATEWAY("tor-b", REPORTS(""))
                   GATEWAY("stumm", ""));
    rig_insert(rig, "units = (", TWO);
    rig_insert(rig, "\"sb-vertretung\", \"", "zwei-funk\", \"");
    rig_reload(rig);
    return 0;
}

#define REPORT(name) cmocka_unit_test_setup_teardown(name, set_up, page_tear_down)

/* ---- what was sent */

struct pick {
    struct delivery d;
    bool found;
};

static void pick_sms(void *context, const struct delivery *d)
{
    struct pick *pick = context;
    if (d->channel != CHANNEL_SMS || pick->found)
        return;
    pick->d = *d;
    pick->found = true;
}

static struct delivery sms_of(const struct gateway_rig *rig, int64_t item)
{
    struct pick pick = {.found = false};
    store_delivery_each(rig->g.store, item, &pick, pick_sms);
    if (!pick.found)
        fail_msg("item %lld has no SMS", (long long)item);
    return pick.d;
}

/* The item's SMS, accepted by that transport under that id. */
static int64_t sent_by(struct gateway_rig *rig, int64_t item, const char *transport, const char *id)
{
    static const struct contact phone = {.channel = CHANNEL_SMS, .address = (char *)"+49"};
    struct delivery d = sms_of(rig, item);
    d.state = DELIVERY_SENT;
    d.attempts = 1;
    d.ended_ms = rig->g.now_ms;
    str_copy(d.provider_id, sizeof d.provider_id, id);
    store_begin(rig->g.store);
    d.lane_id =
        lane_of(&rig->g, transports_find(rig->g.config->transports, transport), &phone, d.urgent);
    store_delivery_settle(rig->g.store, &d);
    rig_commit(rig);
    return d.seq;
}

static int64_t emergency(struct gateway_rig *rig)
{
    int64_t item =
        rig_event(rig, "hotline", "emergency.reported", "\"urgency\":\"emergency\",", EMERGENCY)
            ->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

static int64_t handover(struct gateway_rig *rig)
{
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", ONLY_SMS)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

/* ---- what is reported */

static enum report_end take(struct gateway_rig *rig, const char *transport,
                            const struct report *report)
{
    store_begin(rig->g.store);
    enum report_end end =
        report_take(&rig->g, transports_find(rig->g.config->transports, transport), report);
    rig_commit(rig);
    return end;
}

static enum report_end say(struct gateway_rig *rig, int64_t seq, enum report_status status,
                           enum error_class class)
{
    struct report report = {.status = status, .class = class};
    struct buf reference = BUF_INIT;
    render_reference(&reference, &rig->g, seq);
    str_copy(report.reference, sizeof report.reference, buf_str(&reference));
    buf_release(&reference);
    return take(rig, "tor", &report);
}

static enum report_end say_id(struct gateway_rig *rig, const char *transport, const char *id,
                              enum report_status status)
{
    struct report report = {.status = status,
                            .class = status == REPORT_FAILED ? CLASS_PERMANENT : CLASS_NONE};
    str_copy(report.provider_id, sizeof report.provider_id, id);
    return take(rig, transport, &report);
}

static struct delivery row(const struct gateway_rig *rig, int64_t seq)
{
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, seq, &d));
    return d;
}

static void expect(const struct gateway_rig *rig, int64_t seq, enum delivery_state state,
                   enum report_status report, const char *word)
{
    struct delivery d = row(rig, seq);
    if (d.state != state || d.report != report || !str_eq(report_word(&rig->g, &d), word))
        fail_msg("want %s %s \"%s\", got %s %s \"%s\"", delivery_state_name(state),
                 report_status_name(report), word, delivery_state_name(d.state),
                 report_status_name(d.report), report_word(&rig->g, &d));
}

static int statuses(const struct gateway_rig *rig, int64_t item, const char *type)
{
    struct buf text = BUF_INIT, line = BUF_INIT;
    int n = 0;
    rig_tell(rig, item, &text);
    buf_printf(&line, "\nstatus %s ", type);
    for (const char *at = buf_str(&text); (at = strstr(at, buf_str(&line))); at++)
        n++;
    buf_release(&text);
    buf_release(&line);
    return n;
}

static void put_rows(void *context, const struct audit_row *audit)
{
    buf_printf(context, "%s\n", audit->content);
}

/* ---- order */

static void test_delivered(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf audit = BUF_INIT;
    int64_t item = emergency(rig), seq = sent_by(rig, item, "tor", "");
    expect(rig, seq, DELIVERY_SENT, REPORT_UNKNOWN, "awaited");
    assert_int_equal(say(rig, seq, REPORT_SENT, CLASS_NONE), REPORT_TAKEN);
    expect(rig, seq, DELIVERY_SENT, REPORT_SENT, "sent");
    assert_int_equal(say(rig, seq, REPORT_SENT, CLASS_NONE), REPORT_KNOWN);
    assert_int_equal(say(rig, seq, REPORT_QUEUED, CLASS_NONE), REPORT_KNOWN);
    assert_int_equal(statuses(rig, item, "notice.delivered"), 0);
    assert_int_equal(say(rig, seq, REPORT_DELIVERED, CLASS_NONE), REPORT_TAKEN);
    expect(rig, seq, DELIVERY_SENT, REPORT_DELIVERED, "delivered");
    assert_int_equal(row(rig, seq).reported_ms, rig->g.now_ms);
    assert_int_equal(statuses(rig, item, "notice.delivered"), 1);
    store_audit_each(rig->g.store, item, &audit, put_rows);
    assert_non_null(strstr(buf_str(&audit), "report=delivered"));
    buf_release(&audit);
}

/* The last word stands, whatever comes behind it; nothing is told twice. */
static void test_out_of_order(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = emergency(rig), seq = sent_by(rig, item, "tor", "");
    assert_int_equal(say(rig, seq, REPORT_DELIVERED, CLASS_NONE), REPORT_TAKEN);
    assert_int_equal(say(rig, seq, REPORT_SENT, CLASS_NONE), REPORT_KNOWN);
    assert_int_equal(say(rig, seq, REPORT_DELIVERED, CLASS_NONE), REPORT_KNOWN);
    assert_int_equal(say(rig, seq, REPORT_FAILED, CLASS_PERMANENT), REPORT_KNOWN);
    expect(rig, seq, DELIVERY_SENT, REPORT_DELIVERED, "delivered");
    assert_int_equal(statuses(rig, item, "notice.delivered"), 1);
    assert_int_equal(statuses(rig, item, "notice.failed"), 0);
}

static int deliveries(const struct gateway_rig *rig, int64_t item)
{
    struct buf text = BUF_INIT;
    int n = 0;
    rig_tell(rig, item, &text);
    for (const char *at = buf_str(&text); (at = strstr(at, "\nsms zwei-funk/")); at++)
        n++;
    buf_release(&text);
    return n;
}

/* As if it had been refused at sending: the unit's next contact, now. */
static void test_failed(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = handover(rig), seq = sent_by(rig, item, "tor", "");
    assert_int_equal(deliveries(rig, item), 1);
    assert_int_equal(say(rig, seq, REPORT_FAILED, CLASS_ADDRESS), REPORT_TAKEN);
    expect(rig, seq, DELIVERY_FAILED, REPORT_FAILED, "failed");
    assert_int_equal(row(rig, seq).class, CLASS_ADDRESS);
    assert_int_equal(deliveries(rig, item), 2);
    assert_int_equal(statuses(rig, item, "notice.failed"), 1);
    assert_int_equal(say(rig, seq, REPORT_FAILED, CLASS_ADDRESS), REPORT_KNOWN);
    assert_int_equal(say(rig, seq, REPORT_DELIVERED, CLASS_NONE), REPORT_KNOWN);
    assert_int_equal(deliveries(rig, item), 2);
    assert_int_equal(statuses(rig, item, "notice.failed"), 1);
}

/* A report is no answer: nobody has seen anything. */
static void test_delivered_is_not_seen(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = handover(rig), seq = sent_by(rig, item, "tor", "");
    enum item_state before = rig_item(rig, item).state;
    assert_int_equal(say(rig, seq, REPORT_DELIVERED, CLASS_NONE), REPORT_TAKEN);
    assert_int_equal(rig_item(rig, item).state, before);
    assert_string_equal(rig_item(rig, item).owner_unit, "asd");
}

/* ---- before the gateway's own answer, or instead of it */

static void test_waits_for_attempt(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = emergency(rig), seq = sms_of(rig, item).seq;
    assert_int_equal(say(rig, seq, REPORT_FAILED, CLASS_PERMANENT), REPORT_KNOWN);
    expect(rig, seq, DELIVERY_PENDING, REPORT_UNKNOWN, "");
    assert_int_equal(say(rig, seq, REPORT_DELIVERED, CLASS_NONE), REPORT_TAKEN);
    expect(rig, seq, DELIVERY_SENT, REPORT_DELIVERED, "delivered");
    assert_int_equal(statuses(rig, item, "notice.sent"), 1);
    assert_int_equal(statuses(rig, item, "notice.delivered"), 1);
}

/* ---- which delivery */

static void test_by_id(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = sent_by(rig, handover(rig), "tor", "m-1");
    int64_t second = sent_by(rig, emergency(rig), "tor-b", "m-1");
    assert_int_equal(say_id(rig, "tor", "m-2", REPORT_DELIVERED), REPORT_NO_ID);
    assert_int_equal(say_id(rig, "tor", "", REPORT_DELIVERED), REPORT_NO_ID);
    assert_int_equal(say_id(rig, "stumm", "m-1", REPORT_DELIVERED), REPORT_NO_ID);
    assert_int_equal(say_id(rig, "tor", "m-1", REPORT_DELIVERED), REPORT_TAKEN);
    expect(rig, first, DELIVERY_SENT, REPORT_DELIVERED, "delivered");
    expect(rig, second, DELIVERY_SENT, REPORT_UNKNOWN, "awaited");
    assert_int_equal(say_id(rig, "tor-b", "m-1", REPORT_FAILED), REPORT_TAKEN);
    expect(rig, second, DELIVERY_FAILED, REPORT_FAILED, "failed");
}

static void test_forged_references(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_by(rig, emergency(rig), "tor", "");
    static const char *const forms[] = {
        "d%lld",
        "d%lld.",
        "d%lld.00000000",
        "%lld",
        "x%lld.00000000",
        "d-%lld.00000000",
        "d99999999999999999999%lld.00000000",
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct report report = {.status = REPORT_FAILED, .class = CLASS_PERMANENT};
        struct buf text = BUF_INIT;
        for (const char *p = forms[i]; *p; p++)
            if (strncmp(p, "%lld", 4) == 0) {
                buf_printf(&text, "%lld", (long long)seq);
                p += 3;
            } else {
                buf_addc(&text, *p);
            }
        str_copy(report.reference, sizeof report.reference, buf_str(&text));
        if (take(rig, "tor", &report) != REPORT_NO_ID)
            fail_msg("believed: %s", report.reference);
        buf_release(&text);
    }
    expect(rig, seq, DELIVERY_SENT, REPORT_UNKNOWN, "awaited");
}

/* The first gateway was given up as doubtful, the second took over: the first one's bad news are
 * about a copy that does not matter any more, its good news are good. */
static void test_other_gateway(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_by(rig, emergency(rig), "tor-b", "");
    assert_int_equal(say(rig, seq, REPORT_FAILED, CLASS_PERMANENT), REPORT_KNOWN);
    assert_int_equal(say(rig, seq, REPORT_SENT, CLASS_NONE), REPORT_KNOWN);
    expect(rig, seq, DELIVERY_SENT, REPORT_UNKNOWN, "awaited");
    assert_int_equal(say(rig, seq, REPORT_DELIVERED, CLASS_NONE), REPORT_TAKEN);
    expect(rig, seq, DELIVERY_SENT, REPORT_DELIVERED, "delivered");
}

/* A mail is no SMS, whatever its reference. */
static void test_mail(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = page_mail(rig, request(rig), "sozialbuero", "handover.requested").delivery.seq;
    assert_int_equal(say(rig, seq, REPORT_DELIVERED, CLASS_NONE), REPORT_NO_ID);
    expect(rig, seq, DELIVERY_PENDING, REPORT_UNKNOWN, "");
}

/* ---- when nothing comes */

static void test_unknown(void **state)
{
    struct gateway_rig *rig = *state;
    const int64_t hour_ms = 3600000;
    int64_t silent = sent_by(rig, handover(rig), "stumm", "");
    int64_t promised = sent_by(rig, emergency(rig), "tor", "");
    assert_int_equal(say(rig, promised, REPORT_SENT, CLASS_NONE), REPORT_TAKEN);
    rig->g.now_ms += 24 * hour_ms - 1;
    expect(rig, promised, DELIVERY_SENT, REPORT_SENT, "sent");
    assert_int_equal(report_count_unknown(&rig->g), 0);
    rig->g.now_ms += 2;
    expect(rig, promised, DELIVERY_SENT, REPORT_SENT, "unknown");
    expect(rig, silent, DELIVERY_SENT, REPORT_UNKNOWN, "");
    assert_int_equal(report_count_unknown(&rig->g), 1);
    balance_check(&rig->g);
    assert_int_equal(rig->g.metrics.reports_unknown, 1);
    rig->g.now_ms += 6 * 24 * hour_ms - 10;
    assert_int_equal(report_count_unknown(&rig->g), 1);
    assert_int_equal(say(rig, promised, REPORT_DELIVERED, CLASS_NONE), REPORT_TAKEN);
    expect(rig, promised, DELIVERY_SENT, REPORT_DELIVERED, "delivered");
    assert_int_equal(report_count_unknown(&rig->g), 0);
}

/* The row that a report is matched with goes with its item, which stays for 40 days at least: far
 * more than the week that a report may take. */
static void test_kept_long_enough(void **state)
{
    static const char text[] = "retention = { closed = \"39d\"; };";
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    struct conf_node *root = conf_read_text("f", text, strlen(text), &faults);
    struct settings s;
    (void)state;
    settings_load(&s, root, &faults);
    if (faults.errors != 1)
        fail_msg("taken: %s %s", text, buf_str(&report));
    settings_release(&s);
    conf_free(root);
    buf_release(&report);
}

/* ---- the door */

static int code_of(const char *answer)
{
    return atoi(answer + strlen("HTTP/1.1 "));
}

static void expect_call(struct gateway_rig *rig, const char *path, const char *body, int want,
                        const char *words)
{
    const char *answer = page_call(rig, body ? "POST" : "GET", path, "", body ? body : "");
    const char *end = strstr(answer, "\r\n\r\n");
    if (code_of(answer) != want || !end || !str_eq(end + 4, words))
        fail_msg("%s: want %d \"%s\", got %s", path, want, words, answer);
}

static void test_door(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_by(rig, emergency(rig), "tor", "m-1");
    struct buf path = BUF_INIT, reference = BUF_INIT;
    render_reference(&reference, &rig->g, seq);
    buf_printf(&path, "/sms/report/tor?key=" SECRET "&ref=%s&st=8", buf_str(&reference));
    expect_call(rig, buf_str(&path), NULL, 202, "ACK");
    expect(rig, seq, DELIVERY_SENT, REPORT_SENT, "sent");
    expect_call(rig, "/sms/report/tor?key=" SECRET, "id=m-1&st=2&err=9", 202, "ACK");
    expect(rig, seq, DELIVERY_FAILED, REPORT_FAILED, "failed");
    assert_int_equal(row(rig, seq).class, CLASS_ADDRESS);
    /* Not ours, or not explained: answered all the same, or it would come again for hours. */
    expect_call(rig, "/sms/report/tor?key=" SECRET "&id=m-9&st=1", NULL, 202, "ACK");
    expect_call(rig, "/sms/report/tor-b?key=" SECRET "&id=m-9&st=1", NULL, 200, "");
    expect_call(rig, "/sms/report/tor?key=" SECRET "&id=m-1&st=nonsense", NULL, 202, "ACK");
    buf_release(&path);
    buf_release(&reference);
}

static void test_closed_door(void **state)
{
    static const char *const paths[] = {
        "/sms/report/tor?id=m-1&st=1",
        "/sms/report/tor?key=&id=m-1&st=1",
        "/sms/report/tor?key=report-secret-012345678&id=m-1&st=1",
        "/sms/report/tor?key=" SECRET "x&id=m-1&st=1",
        "/sms/report/stumm?key=" SECRET "&id=m-1&st=1",
        "/sms/report/post?key=" SECRET "&id=m-1&st=1",
        "/sms/report/?key=" SECRET "&id=m-1&st=1",
        "/sms/report/tor/?key=" SECRET "&id=m-1&st=1",
        "/sms/in/tor?key=" SECRET "&id=m-1&st=1",
    };
    struct gateway_rig *rig = *state;
    int64_t seq = sent_by(rig, emergency(rig), "tor", "m-1");
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        expect_call(rig, paths[i], NULL, 403, "");
    expect(rig, seq, DELIVERY_SENT, REPORT_UNKNOWN, "awaited");
}

/* Refused with a sentence that quotes nothing. */
static void test_unreadable(void **state)
{
    static const struct {
        const char *more, *want;
    } cases[] = {
        {"", "delivery report: neither a reference nor an id that can be used"},
        {"&id=m-1", "delivery report: no status"},
        {"&id=m-1&st=", "delivery report: no status"},
        {"&id=m%2F1&st=1", "delivery report: neither a reference nor an id that can be used"},
        {"&id=m%0d%0a1&st=1", "delivery report: neither a reference nor an id that can be used"},
        {"&id=%C3%A4&st=1", "delivery report: neither a reference nor an id that can be used"},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "/sms/report/tor?key=" SECRET "%s", cases[i].more);
        expect_call(rig, buf_str(&path), NULL, 400, cases[i].want);
        buf_release(&path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPORT(test_delivered),
        REPORT(test_out_of_order),
        REPORT(test_failed),
        REPORT(test_delivered_is_not_seen),
        REPORT(test_waits_for_attempt),
        REPORT(test_by_id),
        REPORT(test_forged_references),
        REPORT(test_other_gateway),
        REPORT(test_mail),
        REPORT(test_unknown),
        cmocka_unit_test(test_kept_long_enough),
        REPORT(test_door),
        REPORT(test_closed_door),
        REPORT(test_unreadable),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
