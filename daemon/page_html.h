/*
 * Public pages as HTML: head, foot, escaping, and the pages that say only that there is nothing.
 * German, one column, readable without script, picture and style (DESIGN 9).
 */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

struct buf;
struct http_call;

/* Appends text so that it is text wherever it stands, also within quotes of an attribute. All that
 * is not constant goes through here. */
void html_text(struct buf *out, const char *text);

/* Starts the answer: status, type, everything up to the heading. The title is what a screen reader
 * says first; heading and title are escaped here. */
void html_begin(struct http_call *call, int status, const char *title, const char *heading);
void html_end(struct http_call *call);

/* A whole page for a status (404, 405, 429, 503 ...), without any information about an item. */
void html_nothing(struct http_call *call, int status);

#endif
