/*
 * Public pages as HTML: see page_html.h. Promises: what is appended by html_text() cannot end an
 * element or an attribute; every page names its language, fits a phone and loads nothing. Holds
 * nothing between calls.
 */
#include "page_html.h"

#include <stddef.h>

#include "buf.h"
#include "http.h"
#include "page_style.h"
#include "util.h"

void html_text(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        case '\'':
            buf_puts(out, "&#39;");
            break;
        default:
            buf_addc(out, *text);
        }
    }
}

void html_begin(struct http_call *call, int status, const char *title, const char *heading)
{
    struct buf *out = &call->answer;
    call->status = status;
    call->type = "text/html; charset=utf-8";
    buf_reset(out);
    buf_puts(out, "<!DOCTYPE html>\n<html lang=\"de\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"robots\" content=\"noindex, nofollow\">\n<title>");
    html_text(out, title);
    buf_puts(out, "</title>\n<style>" PAGE_STYLE "</style>\n</head>\n<body>\n<main>\n<h1>");
    html_text(out, heading);
    buf_puts(out, "</h1>\n");
}

void html_end(struct http_call *call)
{
    buf_puts(&call->answer, "</main>\n</body>\n</html>\n");
}

static const struct {
    int status;
    const char *heading, *text;
} nothings[] = {
    {404, "Diese Seite gibt es nicht",
     "Der Link ist nicht gültig. Bitte öffnen Sie ihn noch einmal aus der E-Mail, oder antworten "
     "Sie im Fachverfahren oder telefonisch."},
    {405, "Das geht hier nicht", "Bitte öffnen Sie den Link noch einmal aus der E-Mail."},
    {429, "Zu viele ungültige Links",
     "Von Ihrem Anschluss kamen viele ungültige Links. Gültige Links aus E-Mails funktionieren "
     "weiter."},
    {503, "Im Moment nicht möglich",
     "Ihre Antwort wurde nicht gespeichert. Bitte versuchen Sie es in einer Minute noch einmal, "
     "oder antworten Sie im Fachverfahren oder telefonisch."},
};

void html_nothing(struct http_call *call, int status)
{
    size_t i = 0;
    for (size_t k = 0; k < COUNT_OF(nothings); k++)
        if (nothings[k].status == status)
            i = k;
    html_begin(call, status, nothings[i].heading, nothings[i].heading);
    buf_printf(&call->answer, "<p>%s</p>\n", nothings[i].text);
    html_end(call);
}
