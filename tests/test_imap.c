/*
 * imap.c: what is read of a server's lines, and which addresses of mailboxes are taken. Sessions
 * with a real server: tests/e2e/83-mailbox.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../adapters/imap.h"
#include "../daemon/buf.h"
#include "../daemon/util.h"

enum { MAX = 4 };

static const struct {
    const char *label, *in;
    size_t count;
    uint32_t last;
    bool more;
} searches[] = {
    {"none", "* SEARCH\r\n", 0, 0, false},
    {"two", "* SEARCH 3 4\r\n", 2, 4, false},
    {"a blank at the end", "* SEARCH 3 4 \r\n", 2, 4, false},
    {"as many as fit", "* SEARCH 1 2 3 4\r\n", 4, 4, false},
    {"one more", "* SEARCH 1 2 3 4 5\r\n", 4, 4, true},
    {"small letters", "* search 9\r\n", 1, 9, false},
    {"largest", "* SEARCH 4294967295\r\n", 1, UINT32_MAX, false},
    {"too large a number", "* SEARCH 4294967296 5\r\n", 1, 5, false},
    {"far too large a number", "* SEARCH 42949672960000 5\r\n", 0, 0, false},
    {"zero is no uid", "* SEARCH 0 5\r\n", 1, 5, false},
    {"cut within a number", "* SEARCH 17 23", 1, 17, false},
    {"words", "* SEARCH NaN\r\n", 0, 0, false},
    {"two blanks", "* SEARCH 1  2\r\n", 2, 2, false},
    {"another answer", "* OK still here\r\n", 0, 0, false},
    {"nothing", "", 0, 0, false},
};

static void test_search(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(searches); i++) {
        uint32_t uid[MAX];
        bool more;
        print_message("%s\n", searches[i].label);
        size_t n = imap_search_read(searches[i].in, strlen(searches[i].in), uid, MAX, &more);
        assert_int_equal(n, searches[i].count);
        assert_true(n == 0 || uid[n - 1] == searches[i].last);
        assert_int_equal(more, searches[i].more);
    }
}

static const struct {
    const char *label, *in;
    uint32_t uid; /* 0: not understood */
    uint64_t size;
} sizes[] = {
    {"uid first", "* 1 FETCH (UID 3 RFC822.SIZE 1234)", 3, 1234},
    {"size first", "* 1 FETCH (RFC822.SIZE 1234 UID 3)", 3, 1234},
    {"flags between", "* 12 FETCH (FLAGS (\\Seen) UID 7 RFC822.SIZE 99)", 7, 99},
    {"small letters", "* 1 fetch (uid 3 rfc822.size 5)", 3, 5},
    {"4 GB", "* 1 FETCH (UID 3 RFC822.SIZE 4294967296)", 3, 4294967296},
    {"no size", "* 1 FETCH (UID 3)", 0, 0},
    {"no uid", "* 1 FETCH (RFC822.SIZE 4)", 0, 0},
    {"uid too large", "* 1 FETCH (UID 4294967296 RFC822.SIZE 4)", 0, 0},
    {"no number", "* 1 FETCH (UID x RFC822.SIZE 4)", 0, 0},
    {"another answer", "* 1 EXISTS", 0, 0},
    {"tagged", "A001 OK FETCH (UID 3 RFC822.SIZE 4)", 0, 0},
    {"nothing", "", 0, 0},
};

static void test_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        uint32_t uid = 0;
        uint64_t size = 0;
        print_message("%s\n", sizes[i].label);
        assert_int_equal(imap_size_read(sizes[i].in, &uid, &size), sizes[i].uid != 0);
        if (sizes[i].uid) {
            assert_int_equal(uid, sizes[i].uid);
            assert_true(size == sizes[i].size);
        }
    }
}

static const struct {
    const char *label, *url, *tls, *want; /* want: "" = taken, else part of the sentence */
} urls[] = {
    {"STARTTLS", "imap://imap.stadt.example:143/INBOX", "required", ""},
    {"TLS", "imaps://imap.stadt.example/INBOX", "required", ""},
    {"loopback in clear", "imap://127.0.0.1:1143/INBOX", "none", ""},
    {"loopback, IPv6", "imap://[::1]/INBOX", "none", ""},
    {"another folder", "imap://localhost/Antworten%20Stafette", "required", ""},
    {"elsewhere in clear", "imap://192.0.2.1/INBOX", "none", "loopback address only"},
    {"clear text with TLS", "imaps://127.0.0.1/INBOX", "none", "contradicts"},
    {"a word of one's own", "imap://127.0.0.1/INBOX", "maybe", "tls is \"required\""},
    {"no folder", "imap://127.0.0.1/", "required", "the name of one mailbox"},
    {"a folder within", "imap://127.0.0.1/INBOX/", "required", "the name of one mailbox"},
    {"a message", "imap://127.0.0.1/INBOX;UID=1", "required", "the name of one mailbox"},
    {"a search", "imap://127.0.0.1/INBOX?ALL", "required", "a ? or a #"},
    {"an anchor", "imap://127.0.0.1/INBOX#x", "required", "a ? or a #"},
    {"a user", "imap://antworten@127.0.0.1/INBOX", "required", "must not hold a user"},
    {"a password", "imap://antworten:geheim@127.0.0.1/INBOX", "required", "must not hold a user"},
    {"an option", "imap://x;AUTH=PLAIN@127.0.0.1/INBOX", "required", "must not hold a user"},
    {"another scheme", "http://127.0.0.1/INBOX", "required", "write imap://"},
    {"no scheme", "127.0.0.1/INBOX", "required", "write imap://"},
    {"no host", "imap:///INBOX", "required", "the name of one mailbox"},
    {"nothing", "", "required", "write imap://"},
};

static void test_url(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct buf err = BUF_INIT;
        print_message("%s\n", urls[i].label);
        int rc = imap_url_check(urls[i].url, urls[i].tls, &err);
        assert_int_equal(rc, str_empty(urls[i].want) ? 0 : -1);
        assert_non_null(strstr(buf_str(&err), urls[i].want));
        buf_release(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
