/*
 * Fuzz target: reports and texts of mail servers. What comes out is a status of RFC 3463 and a code
 * that fit each other, or nothing; the same again; what is kept of a mail is bounded; and a tag is
 * believed only when it was made with the key.
 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/bounce.h"
#include "../../daemon/buf.h"
#include "../../daemon/digest.h"
#include "../../daemon/keys.h"
#include "../../daemon/mail_read.h"
#include "../../daemon/util.h"
#include "../../daemon/verp.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct keys keys = {.token = "a key of thirty-two bytes, yes."};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    digest_start();
    mail_read_init();
    return 0;
}

static void check_mail(const struct mail *mail)
{
    size_t lines = 0, n = strlen(mail->returned_id);
    const char *recipients = buf_str(&mail->recipients);
    assert(utf8_valid(buf_str(&mail->words), mail->words.len));
    /* a byte of Windows-1252 may become three */
    assert(mail->words.len <= 3 * MAIL_WORDS_MAX && mail->report.len <= 13 * MAIL_WORDS_MAX);
    assert(n == 0 || (mail->returned_id[0] == '<' && mail->returned_id[n - 1] == '>'));
    for (const char *p = recipients; *p; p++)
        lines += *p == '\n';
    assert(lines <= MAIL_ADDRESSES_MAX);
    assert(mail->automatic || mail->daemon || mail->failed_recipients || str_empty(mail->subject));
}

static void check_bounce(const struct bounce *b)
{
    assert(!str_empty(bounce_kind_name(b->kind)));
    if (b->kind != BOUNCE_FAILED) {
        assert(b->class == CLASS_NONE && b->code == 0);
        return;
    }
    assert(b->class != CLASS_NONE && b->code >= 400 && b->code < 600);
    if (!str_empty(b->status)) {
        assert((b->status[0] == '4' || b->status[0] == '5') && b->status[1] == '.');
        assert(b->code / 100 == b->status[0] - '0');
    }
}

/* The first line as an address and an id, which a fuzzer without the key cannot make ours. */
static void check_tags(const char *text)
{
    int64_t delivery = 0;
    assert(verp_address(&keys, "bounce@amt.example", text, &delivery) != VERP_OURS);
    assert(verp_message_id(&keys, "amt.example", text, &delivery) != VERP_OURS);
    assert(delivery == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mail mail;
    struct bounce once, again;
    char *text = xstrndup((const char *)data, size);
    check_tags(text);
    free(text);
    if (mail_read(&mail, (const char *)data, size) == MAIL_OK) {
        check_mail(&mail);
        bounce_read(&once, &mail, false);
        check_bounce(&once);
        bounce_read(&again, &mail, true);
        check_bounce(&again);
        assert(again.kind == once.kind ||
               (once.kind == BOUNCE_NONE && again.kind == BOUNCE_AUTO_REPLY));
    }
    mail_release(&mail);
    return 0;
}
