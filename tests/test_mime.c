/*
 * Mails as bytes: read back by Python's email package (mime_check.py), and three of them byte for
 * byte in tests/golden/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../adapters/adapter.h"
#include "../adapters/mime.h"
#include "../daemon/buf.h"
#include "../daemon/util.h"
#include "golden.h"

#define A10 "aaaaaaaaaa"
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10
#define UE10 "üüüüüüüüüü"
#define ROOT "<thread-1@gw.example.org>"

enum { WINTER = 1795162443 }; /* 2026-11-20T08:14:03Z */

static const struct {
    const char *label;
    const char *from_name, *subject, *body;
    const char *want_name, *want_subject, *want_body; /* NULL: as given */
} mails[] = {
    {"plain", "Stafette", "Neue Meldung", "Guten Tag\n", NULL, NULL, NULL},
    {"umlauts", "Stadt Köln", "Neue Übergabemeldung - bitte quittieren", "für Sie\n\nGrüße\n", NULL,
     NULL, NULL},
    {"empty", "", "", "", NULL, NULL, NULL},
    {"no line feed at the end", "x", "y", "a\nb", NULL, NULL, "a\nb\n"},
    {"the same with umlauts", "x", "y", "ä\nö", NULL, NULL, "ä\nö\n"},
    {"empty lines", "x", "y", "\n\na\n\n", NULL, NULL, NULL},
    {"quotes in the name", "Amt \"Mitte\" \\ Team, Nord", "y", "z\n", NULL, NULL, NULL},
    {"long name", "Gateway der Stadt für die Übergaben zwischen den Teams im ganzen Stadtgebiet",
     "y", "z\n", NULL, NULL, NULL},
    {"long subject of words", "x",
     "Diese Zeile ist so lang dass sie gefaltet werden muss und danach wieder genau so zu lesen "
     "ist",
     "z\n", NULL, NULL, NULL},
    {"long subject of one word", "x", A100 A100, "z\n", NULL, NULL, NULL},
    {"long subject of umlauts", "x", UE10 UE10 UE10 UE10 UE10 "€😀" UE10, "z\n", NULL, NULL, NULL},
    {"odd encoded word in the text", "x", "=?UTF-8?Q?x?= y", "z\n", NULL, NULL, NULL},
    {"special characters encoded", "Ä =?_\"<>@(),.;:", "ä =_?\t~", "z\n", NULL, "ä =_? ~", NULL},
    {"no header by the subject", "x", "a\r\nX-Evil: 1\r\n\r\nb", "z\n", NULL, "a  X-Evil: 1    b",
     NULL},
    {"no header by the name", "x\r\nBcc: a@b.example", "y", "z\n", "x  Bcc: a@b.example", NULL,
     NULL},
    {"dot alone", "x", "y", "a\n.\n..\nb\n", NULL, NULL, NULL},
    {"From at the beginning", "x", "y", "From here on\nFrom ä\n", NULL, NULL, NULL},
    {"blanks at the end", "x", "y", "a \nb\t\n \n", NULL, NULL, NULL},
    {"long line", "x", "y", A100 " " A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 "\n",
     NULL, NULL, NULL},
    {"line of 76", "x", "y", A10 A10 A10 A10 A10 A10 A10 "aaaaaa\nb\n", NULL, NULL, NULL},
    {"line of 77", "x", "y", A10 A10 A10 A10 A10 A10 A10 "aaaaaaa\nb\n", NULL, NULL, NULL},
    {"long line of umlauts", "x", "y", UE10 UE10 UE10 UE10 UE10 UE10 UE10 "\n", NULL, NULL, NULL},
    {"equals signs", "x", "y", "ä=3D =\n=\n", NULL, NULL, NULL},
    {"CRLF becomes one line end", "x", "y", "ä\r\nb\r\n", NULL, NULL, "ä\nb\n"},
    {"CR alone is kept as a byte", "x", "y", "ä\rb\n", NULL, NULL, "ä<CR>b\n"},
    {"other control characters", "x", "y",
     "a\x01"
     "b\n",
     NULL, NULL, NULL},
};

static struct message message_of(const char *subject, const char *body)
{
    return (struct message){
        .address = (char *)(uintptr_t) "team@example.org",
        .subject = (char *)(uintptr_t)subject,
        .body = (char *)(uintptr_t)body,
        .message_id = (char *)(uintptr_t) "<d1@gw.example.org>",
        .thread_id = (char *)(uintptr_t)ROOT,
        .date_ms = WINTER * INT64_C(1000),
    };
}

static void write_file(const char *path, const struct buf *bytes)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes->data, 1, bytes->len, f), bytes->len);
    assert_int_equal(fclose(f), 0);
}

/* What Python reads in the file; fails when it objects. */
static void read_back(struct buf *out, const char *path, const char *label)
{
    char command[256];
    struct buf err = BUF_INIT;
    snprintf(command, sizeof command, "/usr/bin/python3 tests/mime_check.py '%s'", path);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(buf_read_fd(out, fileno(f), 100000, &err), 0);
    int rc = pclose(f);
    if (!WIFEXITED(rc) || WEXITSTATUS(rc) != 0)
        fail_msg("%s: mime_check.py objects", label);
    buf_release(&err);
}

static void test_read_back(void **state)
{
    (void)state;
    char dir[] = "/tmp/stafette-mime-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/mail", dir);
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        struct buf bytes = BUF_INIT, got = BUF_INIT, want = BUF_INIT;
        const struct message message = message_of(mails[i].subject, mails[i].body);
        const struct mime_sender sender = {mails[i].from_name, "gateway@example.org", false};
        mime_build(&bytes, &message, &sender);
        write_file(path, &bytes);
        read_back(&got, path, mails[i].label);
        buf_printf(&want,
                   "from=%s|gateway@example.org\nto=team@example.org\nsubject=%s\n"
                   "date=2026-11-20T09:14:03+01:00\n"
                   "id=<d1@gw.example.org> references=" ROOT " reply=" ROOT "\nbody=%s",
                   mails[i].want_name ? mails[i].want_name : mails[i].from_name,
                   mails[i].want_subject ? mails[i].want_subject : mails[i].subject,
                   mails[i].want_body ? mails[i].want_body : mails[i].body);
        if (!str_eq(buf_str(&got), buf_str(&want)))
            fail_msg("%s: got\n%s\nwant\n%s", mails[i].label, buf_str(&got), buf_str(&want));
        buf_release(&bytes);
        buf_release(&got);
        buf_release(&want);
    }
    unlink(path);
    rmdir(dir);
}

static const struct {
    const char *label;
    int64_t at_s;
    const char *want;
} dates[] = {
    {"winter", WINTER, "Date: Fri, 20 Nov 2026 09:14:03 +0100\r\n"},
    {"summer", 1814000400, "Date: Sat, 26 Jun 2027 11:00:00 +0200\r\n"},
    {"next day here", 1795218000, "Date: Sat, 21 Nov 2026 00:40:00 +0100\r\n"},
    {"a second before the summer", 1806195599, "Date: Sun, 28 Mar 2027 01:59:59 +0100\r\n"},
    {"the summer's first", 1806195600, "Date: Sun, 28 Mar 2027 03:00:00 +0200\r\n"},
};

static void test_date(void **state)
{
    (void)state;
    const struct mime_sender sender = {"", "a@b.example", false};
    for (size_t i = 0; i < COUNT_OF(dates); i++) {
        struct buf bytes = BUF_INIT;
        struct message message = message_of("s", "b\n");
        message.date_ms = dates[i].at_s * 1000;
        mime_build(&bytes, &message, &sender);
        if (!str_starts(buf_str(&bytes), dates[i].want))
            fail_msg("%s: %.45s", dates[i].label, buf_str(&bytes));
        buf_release(&bytes);
    }
}

static void test_thread(void **state)
{
    (void)state;
    const struct mime_sender sender = {"", "a@b.example", false};
    struct message message = message_of("s", "b\n");
    struct buf bytes = BUF_INIT;
    message.message_id = message.thread_id;
    mime_build(&bytes, &message, &sender);
    assert_null(strstr(buf_str(&bytes), "References"));
    assert_non_null(strstr(buf_str(&bytes), "Message-ID: " ROOT "\r\n"));
    buf_reset(&bytes);
    message.thread_id = NULL;
    mime_build(&bytes, &message, &sender);
    assert_null(strstr(buf_str(&bytes), "In-Reply-To"));
    buf_release(&bytes);
}

static void test_golden(void **state)
{
    (void)state;
    static const char *const names[] = {"mail-plain.eml", "mail-umlauts.eml"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct buf bytes = BUF_INIT;
        const struct message message =
            i ? message_of("Neue Übergabemeldung - bitte quittieren, und zwar möglichst bald",
                           "für das Team liegt eine Übergabe vor, über die Sie bitte vor dem Abend "
                           "entscheiden.\n\nGrüße\n")
              : message_of("Neue Meldung", "Vorgang: K7F3-92QX\n");
        const struct mime_sender sender = {i ? "Stafette für die Stadt" : "Stafette",
                                           "stafette@example.org", false};
        mime_build(&bytes, &message, &sender);
        golden_check(names[i], &bytes);
        buf_release(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_date),
        cmocka_unit_test(test_thread),
        cmocka_unit_test(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
