/*
 * Preview of an SMS: see sms_preview.h. Measures with the functions that the adapters use
 * (sms_terms.h), so that it cannot say other than what happens. A price that nobody configured is
 * said to be missing, never guessed. Holds nothing, sends nothing.
 */
#include "sms_preview.h"

#include <stdio.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/sms_terms.h"
#include "buf.h"
#include "gsm.h"
#include "json.h"
#include "template.h"
#include "util.h"

enum { FOREIGN_MAX = 20 };

struct foreign {
    struct buf json, german;
    size_t count;
};

static bool is_control(const char *bytes, size_t len)
{
    return len == 1 && ((unsigned char)bytes[0] < 0x20 || (unsigned char)bytes[0] >= 0x7f);
}

static void add_foreign(void *context, const char *bytes, size_t len, size_t place)
{
    struct foreign *all = context;
    char text[8] = "?";
    if (++all->count > FOREIGN_MAX)
        return;
    if (!is_control(bytes, len) && len < sizeof text) {
        memcpy(text, bytes, len);
        text[len] = '\0';
    }
    json_comma(&all->json);
    buf_addc(&all->json, '{');
    json_member_text(&all->json, "character", text);
    json_member_int(&all->json, "place", (int64_t)place);
    buf_addc(&all->json, '}');
    buf_printf(&all->german, "%s%s (Stelle %zu)", all->german.len ? ", " : "", text, place);
}

/* Thousandths of a cent as "7,5 Cent". */
static void put_price(struct buf *out, int64_t millicents)
{
    char rest[8];
    snprintf(rest, sizeof rest, ",%03d", (int)(millicents % 1000));
    for (size_t n = strlen(rest); n > 1 && rest[n - 1] == '0'; n--)
        rest[n - 1] = '\0';
    if (!rest[1])
        rest[0] = '\0';
    buf_printf(out, "%lld%s Cent", (long long)(millicents / 1000), rest);
}

static void say_size(struct buf *out, const struct sms_terms *terms, const struct gsm_size *size)
{
    buf_printf(out, "Zeichensatz: %s, %ld von %ld Plätzen, %ld %s (höchstens %lld)\n",
               gsm_encoding_name(size->encoding), size->units, size->room * size->parts,
               size->parts, size->parts == 1 ? "Teil" : "Teile", (long long)terms->max_parts);
    if (size->parts > terms->max_parts)
        buf_puts(out, "Zu lang: Nur eine Notlage ginge so hinaus, alles andere wird nicht "
                      "gesendet.\n");
    buf_puts(out, "Kosten: ");
    if (terms->price_millicents < 0)
        buf_puts(out, "kein Preis hinterlegt");
    else
        put_price(out, terms->price_millicents * size->parts);
    buf_addc(out, '\n');
}

static void say_foreign(struct buf *out, const struct foreign *foreign, bool kept)
{
    if (!foreign->count)
        return;
    buf_printf(out, "%s: %s%s\n",
               kept ? "Zeichen, die UCS-2 erzwingen" : "Zeichen, die durch ? ersetzt werden",
               buf_str(&foreign->german), foreign->count > FOREIGN_MAX ? " ..." : "");
}

void sms_preview(struct buf *out, const struct transport *t, const char *text)
{
    struct buf plain = BUF_INIT, leaves = BUF_INIT, said = BUF_INIT;
    struct foreign foreign = {.count = 0};
    struct gsm_size size;
    sms_terms_text(&leaves, &size, &t->sms, text);
    gsm_transliterate(&plain, text);
    gsm_each_foreign(buf_str(&plain), &foreign, add_foreign);
    say_size(&said, &t->sms, &size);
    say_foreign(&said, &foreign, size.encoding == GSM_UCS2);
    buf_printf(&said, "%s:\n%s",
               str_eq(buf_str(&leaves), text) ? "Text" : "Text, wie er hinausgeht",
               buf_str(&leaves));
    buf_addc(out, '{');
    json_member_text(out, "transport", t->name);
    json_member_text(out, "encoding", gsm_encoding_name(size.encoding));
    json_member_int(out, "units", size.units);
    json_member_int(out, "room", size.room);
    json_member_int(out, "parts", size.parts);
    json_member_int(out, "max_parts", t->sms.max_parts);
    if (t->sms.price_millicents >= 0)
        json_member_int(out, "price_millicents", t->sms.price_millicents * size.parts);
    json_put_name(out, "foreign");
    buf_printf(out, "[%s]", buf_str(&foreign.json));
    json_member_text(out, "text", buf_str(&leaves));
    json_member_text(out, "said", buf_str(&said));
    buf_addc(out, '}');
    buf_release(&plain);
    buf_release(&leaves);
    buf_release(&said);
    buf_release(&foreign.json);
    buf_release(&foreign.german);
}

void sms_preview_template(struct buf *out, const struct template *template)
{
    struct template_values values = {{NULL}};
    for (int key = 0; key < KEY_COUNT; key++)
        values.value[key] = template_longest((enum template_key)key);
    template_render(template, &values, NULL, out);
}
