/*
 * Fuzzing of templates, mails and the barrier. The input up to the first 0xff byte is a template,
 * its first byte choosing the channel; what follows is the value of every key that a city or an
 * event may fill freely.
 *
 * Properties: a compiled text renders to UTF-8 without control characters but line feeds; an SMS
 * whose values keep to their lengths fits one part; a mail built from it is ASCII with CRLF lines.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../adapters/adapter.h"
#include "../../adapters/mime.h"
#include "../../daemon/buf.h"
#include "../../daemon/conf.h"
#include "../../daemon/digest.h"
#include "../../daemon/gsm.h"
#include "../../daemon/template.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    digest_start();
    return 0;
}

static void check_text(const struct buf *text)
{
    assert(utf8_valid(buf_str(text), text->len));
    for (size_t i = 0; i < text->len; i++)
        assert(text->data[i] == '\n' || (unsigned char)text->data[i] >= 0x20);
}

static void check_mail(const struct buf *mail)
{
    for (size_t i = 0; i < mail->len; i++) {
        unsigned char c = (unsigned char)mail->data[i];
        assert(c < 0x7f && (c >= 0x20 || c == '\r' || c == '\n' || c == '\t'));
        assert((c == '\r') == (i + 1 < mail->len && mail->data[i + 1] == '\n'));
    }
}

static void build_mail(struct buf *subject, struct buf *body, char *value)
{
    struct buf mail = BUF_INIT;
    struct message message = {.address = (char[]){"a@b.example"},
                              .subject = subject->len ? subject->data : value,
                              .body = body->data,
                              .message_id = value,
                              .thread_id = (char[]){"<t@b.example>"}};
    /* Ids are ours and ASCII; here the free value stands for a hostile header. */
    bool ascii = true;
    for (const char *p = value; *p; p++)
        ascii = ascii && (unsigned char)*p < 0x80;
    if (!ascii)
        message.message_id = message.thread_id;
    mime_build(&mail, &message, &(struct mime_sender){value, "g@b.example"});
    check_mail(&mail);
    buf_release(&mail);
}

static void render(const struct template *t, char *value)
{
    struct buf subject = BUF_INIT, body = BUF_INIT, sms = BUF_INIT;
    const char *what = "";
    struct template_values values;
    for (size_t k = 0; k < KEY_COUNT; k++)
        values.value[k] = value;
    template_render(t, &values, &subject, &body);
    check_text(&subject);
    check_text(&body);
    template_blocked(buf_str(&body), &what);
    build_mail(&subject, &body, value);
    if (str_ends(template_name(t), ".sms.txt")) {
        for (size_t k = 0; k < KEY_COUNT; k++)
            values.value[k] = "";
        values.value[KEY_CODE] = "K7F3-92QX";
        values.value[KEY_DEADLINE] = values.value[KEY_SENT_AT] = "Mo 23.11.2026 16:00";
        values.value[KEY_DEADLINE_TIME] = "22:50";
        values.value[KEY_FROM_PHONE] = "+49 208 455 1234 567";
        values.value[KEY_DUPLICATE] = "Diese Nachricht kommt möglicherweise doppelt.";
        template_render(t, &values, NULL, &sms);
        long n = gsm_septets(buf_str(&sms), NULL);
        assert(n >= 0 && n <= GSM_ONE_PART);
    }
    buf_release(&subject);
    buf_release(&body);
    buf_release(&sms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 20000)
        return 0;
    const uint8_t *rest = data + 1, *cut = memchr(rest, 0xff, size - 1);
    size_t len = cut ? (size_t)(cut - rest) : size - 1;
    char *text = xstrndup((const char *)rest, len);
    char *value = cut ? xstrndup((const char *)cut + 1, size - 2 - len) : xstrdup("wert");
    struct buf messages = BUF_INIT;
    struct conf_faults faults = {.text = &messages};
    struct template *t =
        template_compile(data[0] & 1 ? "fuzz.sms.txt" : "fuzz.email.txt", text, len, &faults);
    assert((t != NULL) == (faults.errors == 0));
    assert(utf8_valid(buf_str(&messages), messages.len));
    if (t)
        render(t, value);
    template_free(t);
    const char *what = "";
    template_blocked(value, &what);
    buf_release(&messages);
    free(text);
    free(value);
    return 0;
}
