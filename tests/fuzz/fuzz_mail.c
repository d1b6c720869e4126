/*
 * Fuzz target: mails that come in, and the lines of an IMAP server. What comes out must be clean:
 * an address in the one form, an id in its brackets, a calendar in UTF-8 without NUL; and the same
 * again.
 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../adapters/imap.h"
#include "../../daemon/buf.h"
#include "../../daemon/mail_read.h"
#include "../../daemon/util.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    mail_read_init();
    return 0;
}

static void check_mail(const struct mail *mail)
{
    size_t n = strlen(mail->message_id);
    for (const char *p = mail->from; *p; p++)
        assert(*p > 0x20 && *p < 0x7f && !isupper((unsigned char)*p) && !strchr("<>,;:\"", *p));
    assert(str_empty(mail->from) || strchr(mail->from, '@') == strrchr(mail->from, '@'));
    assert(n == 0 || (mail->message_id[0] == '<' && mail->message_id[n - 1] == '>'));
    for (const char *p = mail->message_id; *p; p++)
        assert(*p > 0x20 && *p < 0x7f);
    assert(utf8_valid(buf_str(&mail->calendar), mail->calendar.len));
    assert(strlen(buf_str(&mail->calendar)) == mail->calendar.len);
    assert(mail->calendar.len || str_empty(mail->method) || strlen(mail->method) < 16);
    assert(!mail->generated || mail->automatic);
}

static void check_lines(const char *text, size_t len)
{
    uint32_t uid[IMAP_MAILS_MAX], one;
    uint64_t bytes;
    bool more;
    size_t n = imap_search_read(text, len, uid, IMAP_MAILS_MAX, &more);
    assert(n <= IMAP_MAILS_MAX && (!more || n == IMAP_MAILS_MAX));
    for (size_t i = 0; i < n; i++)
        assert(uid[i] > 0);
    char *line = xstrndup(text, len);
    imap_size_read(line, &one, &bytes);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mail mail, again;
    const char *text = (const char *)data;
    enum mail_verdict verdict = mail_read(&mail, text, size);
    check_mail(&mail);
    assert(verdict == MAIL_OK || (str_empty(mail.from) && mail.calendar.len == 0));
    assert(mail_read(&again, text, size) == verdict);
    assert(str_eq(mail.from, again.from) && mail.calendar.len == again.calendar.len);
    mail_release(&mail);
    mail_release(&again);
    check_lines(text, size);
    return 0;
}
