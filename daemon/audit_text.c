/*
 * Audit rows as text: see audit_text.h. What a row tells is its first word; one that the table does
 * not know is shown as it is.
 */
#include "audit_text.h"

#include <stddef.h>

#include "buf.h"
#include "util.h"

static const struct {
    const char *start, *german;
} words[] = {
    {"event=", "Meldung verarbeitet"},
    {"step ", "Schritt"},
    {"answer=", "Antwort"},
    {"clock=", "Frist abgelaufen"},
    {"delivery=", "Zustellung beendet"},
    {"outbox ", "Postausgang von Hand"},
    {"resend ", "Von Hand noch einmal gesendet"},
    {"close ", "Von Hand geschlossen"},
    {"corrected ", "Durch eine berichtigte Meldung erledigt"},
    {"parked ", "Meldung vorgemerkt"},
    {"erased ", "Fall gelöscht"},
    {"agenda", "Tagesordnung"},
    {"retention ", "Abgelaufenes entfernt"},
    {"release ", "Wiederhergestellten Speicher freigegeben"},
    {"replay ", "Quellen um Wiederholung gebeten"},
};

void audit_text(struct buf *out, int64_t at_ms, const char *content)
{
    time_german(out, at_ms);
    buf_puts(out, "  ");
    if (str_empty(content)) {
        buf_puts(out, "(Inhalt gelöscht)");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_starts(content, words[i].start))
            buf_printf(out, "%s: ", words[i].german);
    buf_puts(out, content);
}
