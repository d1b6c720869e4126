/*
 * verdict.c and verdict_rules.c: what is made into which class, one case for each row at least, and
 * what follows from each class; the sentences that people read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/verdict_rules.h"
#include "../daemon/util.h"
#include "../daemon/verdict.h"

#define SESSION ORIGIN_SMTP, SMTP_SESSION
#define RCPT ORIGIN_SMTP, SMTP_RCPT
#define DATA ORIGIN_SMTP, SMTP_DATA
#define DOT ORIGIN_SMTP, SMTP_DOT
#define LOGIN ORIGIN_LOGIN, SMTP_SESSION
#define BEFORE ORIGIN_CURL, SMTP_SESSION
#define AFTER ORIGIN_CURL, SMTP_DOT
#define HTTP ORIGIN_HTTP, SMTP_DOT

static const struct {
    const char *label;
    struct verdict_case in;
    enum error_class want;
} cases[] = {
    {"421 greeting", {SESSION, 421, ""}, CLASS_THROTTLED},
    {"421 beats its enhanced code", {RCPT, 421, "4.3.2"}, CLASS_THROTTLED},
    {"432", {SESSION, 432, "4.7.12"}, CLASS_AUTH},
    {"525", {SESSION, 525, "5.7.13"}, CLASS_AUTH},
    {"530 login demanded", {SESSION, 530, "5.7.0"}, CLASS_AUTH},
    {"530 at RCPT", {RCPT, 530, "5.5.1"}, CLASS_AUTH},
    {"534", {SESSION, 534, ""}, CLASS_AUTH},
    {"535", {SESSION, 535, "5.7.8"}, CLASS_AUTH},
    {"538", {SESSION, 538, ""}, CLASS_AUTH},
    {"5.7.10", {RCPT, 550, "5.7.10"}, CLASS_TLS},
    {"4.7.10 beats 4xx", {RCPT, 450, "4.7.10"}, CLASS_TLS},
    {"5.7.11", {SESSION, 550, "5.7.11"}, CLASS_TLS},
    {"4.7.12", {SESSION, 450, "4.7.12"}, CLASS_AUTH},
    {"5.7.8 at RCPT", {RCPT, 550, "5.7.8"}, CLASS_AUTH},
    {"5.7.9", {SESSION, 550, "5.7.9"}, CLASS_AUTH},
    {"5.7.13", {RCPT, 550, "5.7.13"}, CLASS_AUTH},
    {"5.7.14", {RCPT, 550, "5.7.14"}, CLASS_AUTH},
    {"552 5.2.2: full, not too large", {RCPT, 552, "5.2.2"}, CLASS_FULL},
    {"452 4.2.2", {RCPT, 452, "4.2.2"}, CLASS_FULL},
    {"5.2.2 after the dot", {DOT, 550, "5.2.2"}, CLASS_FULL},
    {"5.2.2 at MAIL is no recipient's", {SESSION, 552, "5.2.2"}, CLASS_PERMANENT},
    {"454 bare", {SESSION, 454, ""}, CLASS_TLS},
    {"454 at RCPT", {RCPT, 454, "4.7.1"}, CLASS_TEMPORARY},
    {"greylisting", {RCPT, 450, "4.7.1"}, CLASS_TEMPORARY},
    {"4.5.3", {RCPT, 452, "4.5.3"}, CLASS_TEMPORARY},
    {"451 bare", {DOT, 451, ""}, CLASS_TEMPORARY},
    {"4xx with 5.1.1 stays temporary", {RCPT, 450, "5.1.1"}, CLASS_TEMPORARY},
    {"5.2.3", {RCPT, 552, "5.2.3"}, CLASS_PERMANENT},
    {"5.3.4 at MAIL", {SESSION, 552, "5.3.4"}, CLASS_PERMANENT},
    {"5.3.4 after the dot", {DOT, 554, "5.3.4"}, CLASS_PERMANENT},
    {"552 at MAIL", {SESSION, 552, ""}, CLASS_PERMANENT},
    {"554 greeting", {SESSION, 554, ""}, CLASS_LOCAL},
    {"5.7.1 at MAIL is about us", {SESSION, 550, "5.7.1"}, CLASS_LOCAL},
    {"5.1.8 put off to RCPT", {RCPT, 550, "5.1.8"}, CLASS_LOCAL},
    {"5.1.7 put off to RCPT", {RCPT, 553, "5.1.7"}, CLASS_LOCAL},
    {"5.1.1", {RCPT, 550, "5.1.1"}, CLASS_ADDRESS},
    {"5.1.10: the domain takes no mail", {RCPT, 556, "5.1.10"}, CLASS_ADDRESS},
    {"5.1.1 after the dot", {DOT, 550, "5.1.1"}, CLASS_ADDRESS},
    {"5.2.1 switched off", {RCPT, 550, "5.2.1"}, CLASS_ADDRESS},
    {"5.4.6 loop", {RCPT, 554, "5.4.6"}, CLASS_PERMANENT},
    {"5.4.14 loop", {DATA, 554, "5.4.14"}, CLASS_PERMANENT},
    {"5.4.7", {RCPT, 554, "5.4.7"}, CLASS_TEMPORARY},
    {"5.4.4 no way", {RCPT, 554, "5.4.4"}, CLASS_ADDRESS},
    {"5.6.7", {RCPT, 553, "5.6.7"}, CLASS_ADDRESS},
    {"5.7.17", {RCPT, 550, "5.7.17"}, CLASS_ADDRESS},
    {"5.7.18", {RCPT, 550, "5.7.18"}, CLASS_ADDRESS},
    {"5.7.1 at RCPT", {RCPT, 554, "5.7.1"}, CLASS_POLICY},
    {"5.7.1 beats 552", {DOT, 552, "5.7.1"}, CLASS_POLICY},
    {"5.7.1 after the dot", {DOT, 550, "5.7.1"}, CLASS_POLICY},
    {"504 put off to RCPT", {RCPT, 504, "5.5.2"}, CLASS_LOCAL},
    {"521 at RCPT", {RCPT, 521, ""}, CLASS_ADDRESS},
    {"556 at RCPT", {RCPT, 556, ""}, CLASS_ADDRESS},
    {"550 bare at RCPT", {RCPT, 550, ""}, CLASS_ADDRESS},
    {"550 5.0.0 at RCPT", {RCPT, 550, "5.0.0"}, CLASS_ADDRESS},
    {"553 bare at RCPT", {RCPT, 553, ""}, CLASS_ADDRESS},
    {"550 5.5.0 at RCPT", {RCPT, 550, "5.5.0"}, CLASS_ADDRESS},
    {"552 at RCPT", {RCPT, 552, ""}, CLASS_PERMANENT},
    {"550 bare after the dot", {DOT, 550, ""}, CLASS_PERMANENT},
    {"5.6.0", {DOT, 554, "5.6.0"}, CLASS_PERMANENT},
    {"no answer after the dot", {DOT, 354, ""}, CLASS_AMBIGUOUS},
    {"no answer at RCPT", {RCPT, 250, ""}, CLASS_CONNECT},
    {"no answer at all", {SESSION, 0, ""}, CLASS_CONNECT},

    {"login 432", {LOGIN, 432, "4.7.12"}, CLASS_AUTH},
    {"login 454", {LOGIN, 454, "4.7.0"}, CLASS_TEMPORARY},
    {"login 535", {LOGIN, 535, "5.7.8"}, CLASS_AUTH},

    {"ok", {AFTER, CURLE_OK, ""}, CLASS_NONE},
    {"no name", {BEFORE, CURLE_COULDNT_RESOLVE_HOST, ""}, CLASS_CONNECT},
    {"refused", {BEFORE, CURLE_COULDNT_CONNECT, ""}, CLASS_CONNECT},
    {"silent after the dot", {AFTER, CURLE_OPERATION_TIMEDOUT, ""}, CLASS_AMBIGUOUS},
    {"silent before", {BEFORE, CURLE_OPERATION_TIMEDOUT, ""}, CLASS_TIMEOUT},
    {"login denied", {BEFORE, CURLE_LOGIN_DENIED, ""}, CLASS_AUTH},
    {"auth error", {BEFORE, CURLE_AUTH_ERROR, ""}, CLASS_AUTH},
    {"handshake", {BEFORE, CURLE_SSL_CONNECT_ERROR, ""}, CLASS_TLS},
    {"engine", {BEFORE, CURLE_SSL_ENGINE_INITFAILED, ""}, CLASS_TLS},
    {"own certificate", {BEFORE, CURLE_SSL_CERTPROBLEM, ""}, CLASS_TLS},
    {"certificate", {BEFORE, CURLE_PEER_FAILED_VERIFICATION, ""}, CLASS_TLS},
    {"no STARTTLS", {BEFORE, CURLE_USE_SSL_FAILED, ""}, CLASS_TLS},
    {"certificate file", {BEFORE, CURLE_SSL_CACERT_BADFILE, ""}, CLASS_TLS},
    {"issuer", {BEFORE, CURLE_SSL_ISSUER_ERROR, ""}, CLASS_TLS},
    {"lost after the dot", {AFTER, CURLE_RECV_ERROR, ""}, CLASS_AMBIGUOUS},
    {"noise", {BEFORE, CURLE_WEIRD_SERVER_REPLY, ""}, CLASS_CONNECT},
    {"http2", {BEFORE, CURLE_HTTP2, ""}, CLASS_CONNECT},
    {"half", {BEFORE, CURLE_PARTIAL_FILE, ""}, CLASS_CONNECT},
    {"stopped", {BEFORE, CURLE_ABORTED_BY_CALLBACK, ""}, CLASS_CONNECT},
    {"nothing", {BEFORE, CURLE_GOT_NOTHING, ""}, CLASS_CONNECT},
    {"send", {BEFORE, CURLE_SEND_ERROR, ""}, CLASS_CONNECT},
    {"receive", {BEFORE, CURLE_RECV_ERROR, ""}, CLASS_CONNECT},
    {"stream", {BEFORE, CURLE_HTTP2_STREAM, ""}, CLASS_CONNECT},
    {"memory", {BEFORE, CURLE_OUT_OF_MEMORY, ""}, CLASS_LOCAL},

    {"200", {HTTP, 200, ""}, CLASS_NONE},
    {"302", {HTTP, 302, ""}, CLASS_LOCAL},
    {"400", {HTTP, 400, ""}, CLASS_PERMANENT},
    {"401", {HTTP, 401, ""}, CLASS_AUTH},
    {"402", {HTTP, 402, ""}, CLASS_CREDIT},
    {"403", {HTTP, 403, ""}, CLASS_AUTH},
    {"404", {HTTP, 404, ""}, CLASS_LOCAL},
    {"405", {HTTP, 405, ""}, CLASS_LOCAL},
    {"407", {HTTP, 407, ""}, CLASS_AUTH},
    {"408", {HTTP, 408, ""}, CLASS_TEMPORARY},
    {"410", {HTTP, 410, ""}, CLASS_LOCAL},
    {"415", {HTTP, 415, ""}, CLASS_LOCAL},
    {"422", {HTTP, 422, ""}, CLASS_PERMANENT},
    {"425", {HTTP, 425, ""}, CLASS_TEMPORARY},
    {"429", {HTTP, 429, ""}, CLASS_THROTTLED},
    {"451", {HTTP, 451, ""}, CLASS_POLICY},
    {"500", {HTTP, 500, ""}, CLASS_TEMPORARY},
    {"503", {HTTP, 503, ""}, CLASS_TEMPORARY},
    {"999", {HTTP, 999, ""}, CLASS_PERMANENT},
};

static void each_code_has_its_class(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum error_class got = verdict_rule(&cases[i].in)->class;
        if (got != cases[i].want)
            fail_msg("%s: %s", cases[i].label, error_class_name(got));
    }
}

/* A row that no case reaches is covered by one above it, or is not tested. */
static void each_row_has_a_case(void **state)
{
    (void)state;
    for (unsigned row = 0; verdict_rule_at(row); row++) {
        const struct verdict_rule *rule = verdict_rule_at(row);
        size_t i = 0;
        while (i < COUNT_OF(cases) && verdict_rule(&cases[i].in) != rule)
            i++;
        if (i == COUNT_OF(cases))
            fail_msg("row %u (%d to %d %s) is reached by no case", row, rule->first, rule->last,
                     rule->enhanced);
        assert_false(str_empty(rule->why));
    }
}

/* Whatever a peer says, there is a verdict: every code with odd enhanced codes at every stage. */
static void nothing_is_without_a_verdict(void **state)
{
    (void)state;
    static const char *const odd[] = {"", "5", "x.2.2", "5.", "4.7.", "5.1.*", "2.0.0", "5.7.999"};
    for (int origin = ORIGIN_SMTP; origin <= ORIGIN_HTTP; origin++)
        for (int stage = SMTP_SESSION; stage <= SMTP_DOT; stage++)
            for (int code = -1; code <= 1000; code++)
                for (size_t i = 0; i < COUNT_OF(odd); i++) {
                    const struct verdict_case c = {(enum rule_origin)origin, (enum smtp_stage)stage,
                                                   code, odd[i]};
                    assert_true(verdict_rule(&c)->class < ERROR_CLASS_COUNT);
                }
}

static const struct {
    enum error_class class;
    bool again, blames;
    enum next_way next;
    enum verdict_hand hand;
} follows[ERROR_CLASS_COUNT] = {
    {CLASS_NONE, false, false, NEXT_NEVER, HAND_NOBODY},
    {CLASS_CONNECT, true, false, NEXT_BEFORE_DEADLINE, HAND_NOBODY},
    {CLASS_TIMEOUT, true, false, NEXT_BEFORE_DEADLINE, HAND_NOBODY},
    {CLASS_TEMPORARY, true, true, NEXT_BEFORE_DEADLINE, HAND_NOBODY},
    {CLASS_THROTTLED, true, false, NEXT_BEFORE_DEADLINE, HAND_NOBODY},
    {CLASS_AMBIGUOUS, true, false, NEXT_BEFORE_DEADLINE, HAND_NOBODY},
    {CLASS_AUTH, true, false, NEXT_BEFORE_DEADLINE, HAND_OPERATOR},
    {CLASS_TLS, true, false, NEXT_BEFORE_DEADLINE, HAND_OPERATOR},
    {CLASS_LOCAL, true, false, NEXT_BEFORE_DEADLINE, HAND_OPERATOR},
    {CLASS_ADDRESS, false, true, NEXT_AT_ONCE, HAND_UNIT},
    {CLASS_PERMANENT, false, true, NEXT_AT_ONCE, HAND_UNIT},
    {CLASS_FORBIDDEN, false, false, NEXT_NEVER, HAND_GIVER},
    {CLASS_FULL, true, true, NEXT_BEFORE_DEADLINE, HAND_UNIT},
    {CLASS_POLICY, false, false, NEXT_AT_ONCE, HAND_OPERATOR},
    {CLASS_CREDIT, true, false, NEXT_BEFORE_DEADLINE, HAND_OPERATOR},
};

static void each_class_is_treated(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(follows); i++) {
        const struct verdict *v = verdict_of(follows[i].class);
        print_message("# %s\n", error_class_name(follows[i].class));
        assert_int_equal(follows[i].class, i);
        assert_int_equal(v->again, follows[i].again);
        assert_int_equal(v->first_percent > 0, follows[i].again);
        assert_int_equal(v->blames, follows[i].blames);
        assert_int_equal(v->next, follows[i].next);
        assert_int_equal(v->hand, follows[i].hand);
    }
}

/* Words that only a technician reads, or that were forgotten to be filled in. */
static const char *const unplain[] = {
    "smtp", "http", "tls",  "server", "relay", "gateway", "code", "error",   "timeout", "dns",
    "mqtt", "host", "port", "curl",   "api",   "mailbox", "spam", "account", "{",       "%",
    "xxx",  "null", "todo", "@",      "§",     "sgb",     "/",    "*",       "innen ",  "  "};

static void expect_plain(const char *label, const char *sentence)
{
    char lower[400];
    size_t n = strlen(sentence);
    assert_true(n > 10 && n < sizeof lower);
    for (size_t i = 0; i <= n; i++)
        lower[i] = (char)tolower((unsigned char)sentence[i]);
    for (size_t i = 0; i < COUNT_OF(unplain); i++)
        if (strstr(lower, unplain[i]))
            fail_msg("%s: \"%s\" in: %s", label, unplain[i], sentence);
    if (!isupper((unsigned char)sentence[0]) || sentence[n - 1] != '.')
        fail_msg("%s: no whole sentence: %s", label, sentence);
}

static void sentences_are_plain(void **state)
{
    (void)state;
    for (int class = 0; class < ERROR_CLASS_COUNT; class ++) {
        const struct verdict *v = verdict_of((enum error_class) class);
        expect_plain(error_class_name((enum error_class) class), v->sender);
        expect_plain(error_class_name((enum error_class) class), v->coordinator);
        assert_true(class == CLASS_NONE ? str_empty(v->operators) : str_ends(v->operators, "."));
        for (int other = 0; other < class; other++)
            assert_string_not_equal(v->sender, verdict_of((enum error_class)other)->sender);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_its_class),      cmocka_unit_test(each_row_has_a_case),
        cmocka_unit_test(nothing_is_without_a_verdict), cmocka_unit_test(each_class_is_treated),
        cmocka_unit_test(sentences_are_plain),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
