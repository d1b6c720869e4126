/*
 * verp.c: what was tagged is read again however relays write it; what was not is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/digest.h"
#include "../daemon/keys.h"
#include "../daemon/util.h"
#include "../daemon/verp.h"

#define BASE "Bounce@gw.example"

static const struct keys keys = {.token = "a key of thirty-two bytes, yes."};

/* TAG stands for the tag of delivery 17, OTHER for that of 18. */
static void fill(struct buf *out, const char *pattern)
{
    struct buf tag = BUF_INIT, other = BUF_INIT;
    verp_put(&tag, &keys, VERP_DELIVERY, 17);
    verp_put(&other, &keys, VERP_DELIVERY, 18);
    for (const char *p = pattern; *p;) {
        if (str_starts(p, "TAG")) {
            buf_puts(out, strchr(buf_str(&tag), '.') + 1);
            p += 3;
        } else if (str_starts(p, "OTHER")) {
            buf_puts(out, strchr(buf_str(&other), '.') + 1);
            p += 5;
        } else {
            buf_addc(out, *p++);
        }
    }
    buf_release(&tag);
    buf_release(&other);
}

static const struct {
    const char *label, *in;
    enum verp_end want;
} addresses[] = {
    {"ours", "bounce+d17.TAG@gw.example", VERP_OURS},
    {"in brackets", " <bounce+d17.TAG@gw.example> ", VERP_OURS},
    {"other letters", "BOUNCE+D17.TAG@GW.Example", VERP_OURS},
    {"no tag", "bounce@gw.example", VERP_PLAIN},
    {"another's tag", "bounce+d17.OTHER@gw.example", VERP_FORGED},
    {"another number", "bounce+d170.TAG@gw.example", VERP_FORGED},
    {"half a tag", "bounce+d17.0011@gw.example", VERP_FORGED},
    {"an empty tag", "bounce+d17.@gw.example", VERP_FORGED},
    {"more than a tag", "bounce+d17.TAG0@gw.example", VERP_FORGED},
    {"a tag and a tail", "bounce+d17.TAG+x@gw.example", VERP_FORGED},
    {"a leading zero", "bounce+d017.TAG@gw.example", VERP_FOREIGN},
    {"a sign", "bounce+d+17.TAG@gw.example", VERP_FOREIGN},
    {"a number too long", "bounce+d99999999999999999999.TAG@gw.example", VERP_FOREIGN},
    {"nothing behind +", "bounce+@gw.example", VERP_FOREIGN},
    {"some words", "bounce+liste@gw.example", VERP_FOREIGN},
    {"an item", "bounce+v17.TAG@gw.example", VERP_FOREIGN},
    {"another domain", "bounce+d17.TAG@gw.example.org", VERP_FOREIGN},
    {"a domain before", "bounce+d17.TAG@gw.example@x.example", VERP_FOREIGN},
    {"another name", "bounces+d17.TAG@gw.example", VERP_FOREIGN},
    {"shorter", "bounc+d17.TAG@gw.example", VERP_FOREIGN},
    {"no domain", "bounce+d17.TAG", VERP_FOREIGN},
    {"nothing", "", VERP_FOREIGN},
    {"null sender", "<>", VERP_FOREIGN},
};

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct buf text = BUF_INIT;
        int64_t delivery = 0;
        print_message("%s\n", addresses[i].label);
        fill(&text, addresses[i].in);
        assert_int_equal(verp_address(&keys, BASE, buf_str(&text), &delivery), addresses[i].want);
        assert_int_equal(delivery, addresses[i].want == VERP_OURS ? 17 : 0);
        buf_release(&text);
    }
}

static const struct {
    const char *label, *in;
    enum verp_end want;
} ids[] = {
    {"ours", "<d17.TAG@id.example>", VERP_OURS},
    {"other letters", "<D17.TAG@ID.EXAMPLE>", VERP_OURS},
    {"another's tag", "<d17.OTHER@id.example>", VERP_FORGED},
    {"of a thread", "<v17.TAG@id.example>", VERP_PLAIN},
    {"of another system", "<d17.TAG@other.example>", VERP_FOREIGN},
    {"no domain", "<d17.TAG>", VERP_FOREIGN},
};

static void test_message_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct buf text = BUF_INIT;
        int64_t delivery = 0;
        print_message("%s\n", ids[i].label);
        fill(&text, ids[i].in);
        assert_int_equal(verp_message_id(&keys, "id.example", buf_str(&text), &delivery),
                         ids[i].want);
        assert_int_equal(delivery, ids[i].want == VERP_OURS ? 17 : 0);
        buf_release(&text);
    }
}

/* No bit of the tag may be another one. */
static void test_every_digit(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, tagged = BUF_INIT;
    int64_t delivery = 0;
    verp_put(&tagged, &keys, VERP_DELIVERY, 17);
    verp_put_address(&text, BASE, buf_str(&tagged));
    size_t dot = (size_t)(strchr(buf_str(&text), '.') - buf_str(&text));
    for (size_t i = 1; i <= 16; i++) {
        char was = text.data[dot + i];
        text.data[dot + i] = was == '0' ? '1' : '0';
        assert_int_equal(verp_address(&keys, BASE, buf_str(&text), &delivery), VERP_FORGED);
        text.data[dot + i] = was;
    }
    assert_int_equal(verp_address(&keys, BASE, buf_str(&text), &delivery), VERP_OURS);
    const struct keys others = {.token = "a key of thirty-two bytes, no.."};
    assert_int_equal(verp_address(&others, BASE, buf_str(&text), &delivery), VERP_FORGED);
    buf_release(&text);
    buf_release(&tagged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_message_ids),
        cmocka_unit_test(test_every_digit),
    };
    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
