/*
 * Addresses: what goes over the wire, and what must never get there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/address.h"
#include "../daemon/buf.h"
#include "../daemon/util.h"

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

struct address_case {
    const char *label, *in, *want; /* "" = refused */
};

static const struct address_case mails[] = {
    {"plain", "ksd-eselsberg@ulm.example", "ksd-eselsberg@ulm.example"},
    {"domain in lower case, local part kept", "Team.KSD@Ulm.EXAMPLE", "Team.KSD@ulm.example"},
    {"umlaut domain", "asd@müllheim.example", "asd@xn--mllheim-n2a.example"},
    {"sharp s stays one", "post@straße.example", "post@xn--strae-oqa.example"},
    {"A-label", "post@xn--strae-oqa.example", "post@xn--strae-oqa.example"},
    {"allowed signs", "a_b+c-d=e~f&g'h#i@x.example", "a_b+c-d=e~f&g'h#i@x.example"},
    {"64 before the @", X60 "xxxx@x.example", X60 "xxxx@x.example"},
    {"65 before the @", X60 "xxxxx@x.example", ""},
    {"empty", "", ""},
    {"no @", "ulm.example", ""},
    {"nothing before", "@ulm.example", ""},
    {"nothing after", "team@", ""},
    {"two @", "team@a.example@ulm.example", ""},
    {"CR LF", "team\r\nRCPT TO:<x@ulm.example", ""},
    {"CR LF in the domain", "team@ulm.example\r\nDATA", ""},
    {"line feed at the end", "team@ulm.example\n", ""},
    {"bracket", "team>@ulm.example", ""},
    {"bracket in the domain", "team@ulm.example>", ""},
    {"display name", "Team <team@ulm.example>", ""},
    {"quoted", "\"team\"@ulm.example", ""},
    {"blank", "te am@ulm.example", ""},
    {"blank in the domain", "team@ulm .example", ""},
    {"comma", "a,b@ulm.example", ""},
    {"source route %", "team%evil.example@ulm.example", ""},
    {"bang path", "evil.example!team@ulm.example", ""},
    {"leading dot", ".team@ulm.example", ""},
    {"trailing dot before the @", "team.@ulm.example", ""},
    {"two dots before the @", "te..am@ulm.example", ""},
    {"umlaut before the @", "jörg@ulm.example", ""},
    {"empty label", "team@ulm..example", ""},
    {"trailing dot", "team@ulm.example.", ""},
    {"leading dot in the domain", "team@.ulm.example", ""},
    {"one label", "team@localhost", ""},
    {"IP address", "team@192.0.2.1", ""},
    {"IP literal", "team@[192.0.2.1]", ""},
    {"hyphen first", "team@-ulm.example", ""},
    {"hyphen last", "team@ulm-.example", ""},
    {"underscore", "team@u_lm.example", ""},
    {"label of 64", "team@" X60 "xxxx.example", ""},
    {"longer than 254", "team@" X60 "." X60 "." X60 "." X60 ".example", ""},
    {"broken UTF-8 in the domain", "team@\xc3.example", ""},
    {"tab", "team\t@ulm.example", ""},
};

static const struct address_case phones[] = {
    {"E.164", "+4915100000001", "+4915100000001"},
    {"readable", "+49 731 000-101", "+49731000101"},
    {"with (0)", "+49 (0)731 / 000 101", "+49731000101"},
    {"national", "0731 000101", "+49731000101"},
    {"00 for +", "0043 1 0000000", "+4310000000"},
    {"dots", "0151.000.00001", "+4915100000001"},
    {"15 digits", "+491510000000012", "+491510000000012"},
    {"16 digits", "+4915100000000123", ""},
    {"too many", "+49151000000001234567890123", ""},
    {"7 digits", "+4973100", "+4973100"},
    {"6 digits", "+497310", ""},
    {"empty", "", ""},
    {"plus only", "+", ""},
    {"no area code", "731000101", ""},
    {"letters", "+49151ABC00001", ""},
    {"two plus", "++4915100000001", ""},
    {"plus inside", "0+4915100000001", ""},
    {"00 after +", "+004915100000001", ""},
    {"line feed", "+4915100000001\n", ""},
    {"extension", "+49731000101;ext=1", ""},
};

static void check(const struct address_case *c,
                  int (*read)(struct buf *, const char *, struct buf *))
{
    struct buf got = BUF_INIT, err = BUF_INIT;
    bool valid = *c->want != '\0';
    int rc = read(&got, c->in, &err);
    if (rc != (valid ? 0 : -1) || !str_eq(buf_str(&got), c->want))
        fail_msg("%s: rc %d, \"%s\", %s", c->label, rc, buf_str(&got), buf_str(&err));
    if ((err.len == 0) != valid)
        fail_msg("%s: the refusal must say why, and only then: \"%s\"", c->label, buf_str(&err));
    buf_release(&got);
    buf_release(&err);
}

static void email(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mails); i++)
        check(&mails[i], address_email);
}

static void phone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(phones); i++)
        check(&phones[i], address_phone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(email), cmocka_unit_test(phone)};
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
