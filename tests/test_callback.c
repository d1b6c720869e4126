/*
 * callback.c: reports of Kannel, seven.io, 46elks and LOX24 style gateways, and hostile ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../adapters/callback.h"
#include "../daemon/buf.h"
#include "../daemon/digest.h"
#include "../daemon/json.h"
#include "../daemon/util.h"

static const struct callback_rule kannel = {
    .reference = "ref",
    .provider_id = "",
    .status = "status",
    .words = {"", "4", "8", "1", "2 16"},
};
static const struct callback_rule seven = {
    .reference = "/data/foreign_id",
    .provider_id = "/data/msg_id",
    .status = "/data/status",
    .words = {"", "ACCEPTED BUFFERED", "TRANSMITTED", "DELIVERED", "FAILED REJECTED NOTDELIVERED"},
    .expired = "EXPIRED",
};
static const struct callback_rule elks = {
    .reference = "",
    .provider_id = "id",
    .status = "status",
    .words = {"", "created", "sent", "delivered", "failed"},
};
static const struct callback_rule mixed = {
    .reference = "ref",
    .provider_id = "/uuid",
    .status = "/dlr_code",
    .words = {"", "0 4", "8", "1", "2 16"},
};
static const struct callback_rule reasoned = {
    .reference = "ref",
    .provider_id = "id",
    .status = "status",
    .words = {"", "", "", "ok", "failed barred"},
    .expired = "expired",
    .error = "err",
    .address = "1 9",
    .policy = "21 barred",
    .credit = "88",
};

/* Fields as a flat list: name, value, name, value, NULL. */
static const char *lookup(const void *context, const char *name)
{
    for (const char *const *p = context; *p; p += 2)
        if (str_eq(p[0], name))
            return p[1];
    return "";
}

static const struct {
    const char *label;
    const struct callback_rule *rule;
    const char *field[7];
    const char *body;
    int want;
    enum report_status status;
    const char *reference, *id, *word;
} reports[] = {
    {"kannel delivered",
     &kannel,
     {"ref", "42", "status", "1"},
     "",
     0,
     REPORT_DELIVERED,
     "42",
     "",
     "1"},
    {"kannel accepted", &kannel, {"ref", "42", "status", "8"}, "", 0, REPORT_SENT, "42", "", "8"},
    {"kannel rejected",
     &kannel,
     {"ref", "42", "status", "16"},
     "",
     0,
     REPORT_FAILED,
     "42",
     "",
     "16"},
    {"kannel buffered", &kannel, {"ref", "42", "status", "4"}, "", 0, REPORT_QUEUED, "42", "", "4"},
    {"kannel new code",
     &kannel,
     {"ref", "42", "status", "64"},
     "",
     0,
     REPORT_UNKNOWN,
     "42",
     "",
     "64"},
    {"part of a word is not the word",
     &kannel,
     {"ref", "42", "status", "6"},
     "",
     0,
     REPORT_UNKNOWN,
     "42",
     "",
     "6"},
    {"no reference", &kannel, {"status", "1"}, "", -1, REPORT_DELIVERED, "", "", "1"},
    {"no status", &kannel, {"ref", "42"}, "", -1, REPORT_UNKNOWN, "42", "", ""},
    {"reference with a line end",
     &kannel,
     {"ref", "4\r\n2", "status", "1"},
     "",
     -1,
     REPORT_DELIVERED,
     "",
     "",
     "1"},
    {"word with a line end",
     &kannel,
     {"ref", "42", "status", "1\nlevel=error"},
     "",
     0,
     REPORT_UNKNOWN,
     "42",
     "",
     "1_level_error"},
    {"seven.io",
     &seven,
     {NULL},
     "{\"webhook_event\":\"dlr\",\"data\":{\"msg_id\":7723,\"foreign_id\":\"42\",\"status\":"
     "\"DELIVERED\",\"timestamp\":\"2026-11-20\"}}",
     0,
     REPORT_DELIVERED,
     "42",
     "7723",
     "DELIVERED"},
    {"seven.io without foreign id",
     &seven,
     {NULL},
     "{\"data\":{\"msg_id\":\"7723\",\"status\":\"EXPIRED\"}}",
     0,
     REPORT_FAILED,
     "",
     "7723",
     "EXPIRED"},
    {"no json", &seven, {NULL}, "data=1", -1, REPORT_UNKNOWN, "", "", ""},
    {"json of another shape", &seven, {NULL}, "[1,2,3]", -1, REPORT_UNKNOWN, "", "", ""},
    {"an object where a word is meant",
     &seven,
     {NULL},
     "{\"data\":{\"msg_id\":\"1\",\"status\":{}}}",
     -1,
     REPORT_UNKNOWN,
     "",
     "1",
     ""},
    {"46elks form",
     &elks,
     {"id", "s70df59406a1b4643b96f3f91e0bfb7b0", "status", "delivered"},
     "",
     0,
     REPORT_DELIVERED,
     "",
     "s70df59406a1b4643b96f3f91e0bfb7b0",
     "delivered"},
    {"argument and body together",
     &mixed,
     {"ref", "42"},
     "{\"uuid\":\"a-1\",\"dlr_code\":1}",
     0,
     REPORT_DELIVERED,
     "42",
     "a-1",
     "1"},
};

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reports); i++) {
        struct report r;
        struct buf err = BUF_INIT;
        const struct callback_input in = {lookup, reports[i].field, reports[i].body,
                                          strlen(reports[i].body)};
        int got = callback_read(&r, reports[i].rule, &in, &err);
        if (got != reports[i].want || r.status != reports[i].status ||
            !str_eq(r.reference, reports[i].reference) || !str_eq(r.provider_id, reports[i].id) ||
            !str_eq(r.word, reports[i].word) || (got != 0) != (err.len > 0))
            fail_msg("%s: %d %s ref=%s id=%s word=%s err=%s", reports[i].label, got,
                     report_status_name(r.status), r.reference, r.provider_id, r.word,
                     buf_str(&err));
        buf_release(&err);
    }
}

static void overlong_is_dropped(void **state)
{
    (void)state;
    char reference[200], word[200];
    struct report r;
    struct buf err = BUF_INIT;
    memset(reference, 'a', sizeof reference);
    memset(word, 'b', sizeof word);
    reference[sizeof reference - 1] = word[sizeof word - 1] = '\0';
    const char *fields[] = {"ref", reference, "status", word, NULL};
    const struct callback_input in = {lookup, fields, "", 0};
    assert_int_equal(callback_read(&r, &kannel, &in, &err), -1);
    assert_string_equal(r.reference, "");
    assert_int_equal(strlen(r.word), sizeof r.word - 1);
    buf_release(&err);
}

static void only_forward(void **state)
{
    (void)state;
    static const char want[REPORT_STATUS_COUNT][REPORT_STATUS_COUNT + 1] = {
        /* to: unknown queued sent delivered failed */
        "01111", "00111", "00011", "00000", "00000",
    };
    for (int from = 0; from < REPORT_STATUS_COUNT; from++)
        for (int to = 0; to < REPORT_STATUS_COUNT; to++)
            if (report_advances((enum report_status)from, (enum report_status)to) !=
                (want[from][to] == '1'))
                fail_msg("%s -> %s", report_status_name((enum report_status)from),
                         report_status_name((enum report_status)to));
}

static const struct {
    const char *label;
    const char *field[7];
    enum report_status status;
    enum error_class class;
} reasons[] = {
    {"delivered has no class", {"ref", "1", "status", "ok"}, REPORT_DELIVERED, CLASS_NONE},
    {"nothing is said", {"ref", "1", "status", "failed"}, REPORT_FAILED, CLASS_PERMANENT},
    {"a reason that nobody explained",
     {"ref", "1", "status", "failed", "err", "77"},
     REPORT_FAILED,
     CLASS_PERMANENT},
    {"no such number", {"ref", "1", "status", "failed", "err", "9"}, REPORT_FAILED, CLASS_ADDRESS},
    {"rules", {"ref", "1", "status", "failed", "err", "21"}, REPORT_FAILED, CLASS_POLICY},
    {"the status word itself is the reason",
     {"ref", "1", "status", "barred"},
     REPORT_FAILED,
     CLASS_POLICY},
    {"credit", {"ref", "1", "status", "failed", "err", "88"}, REPORT_FAILED, CLASS_CREDIT},
    {"expired", {"ref", "1", "status", "expired"}, REPORT_FAILED, CLASS_TEMPORARY},
    {"expired, because there is no such number",
     {"ref", "1", "status", "expired", "err", "1"},
     REPORT_FAILED,
     CLASS_ADDRESS},
    {"a reason of a good end is none",
     {"ref", "1", "status", "ok", "err", "9"},
     REPORT_DELIVERED,
     CLASS_NONE},
};

static void reasons_have_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        struct report r;
        struct buf err = BUF_INIT;
        const struct callback_input in = {lookup, reasons[i].field, "", 0};
        if (callback_read(&r, &reasoned, &in, &err) != 0 || r.status != reasons[i].status ||
            r.class != reasons[i].class)
            fail_msg("%s: %s %s %s", reasons[i].label, report_status_name(r.status),
                     error_class_name(r.class), buf_str(&err));
        buf_release(&err);
    }
}

/* The same at sending and in a report; only what a document says is changed. */
static void ids(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"s70df59406a1b4643b96f3f91e0bfb7b0", "s70df59406a1b4643b96f3f91e0bfb7b0"},
        {" 7723\r\n", "7723"},
        {"007723", "007723"},
        {"AbC", "AbC"},
        {"6F9619FF-8B86-D011-B42D-00CF4FC964FF", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"},
        {"6F9619FF-8B86-D011-B42D-00CF4FC964F", "6F9619FF-8B86-D011-B42D-00CF4FC964F"},
        {"6F9619FF-8B86-D011-B42D-00CF4FC964FF1", "6F9619FF-8B86-D011-B42D-00CF4FC964FF1"},
        {"a b", ""},
        {"a/b", ""},
        {"\xc3\xa4", ""},
        {"", ""},
        {"  ", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char got[80];
        callback_id(got, sizeof got, cases[i].in);
        assert_string_equal(got, cases[i].want);
    }
    char small[8];
    callback_id(small, sizeof small, "12345678");
    assert_string_equal(small, "");
    callback_id(small, sizeof small, " 1234567 ");
    assert_string_equal(small, "1234567");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),        cmocka_unit_test(overlong_is_dropped),
        cmocka_unit_test(only_forward), cmocka_unit_test(reasons_have_classes),
        cmocka_unit_test(ids),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("callback", tests, NULL, NULL);
}
