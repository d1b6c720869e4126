/*
 * What a text is as an SMS, before it is one: for `stafettectl sms`. Says the alphabet, the
 * characters that force UCS-2, the parts, what they cost, and the text as it really leaves. Pure.
 */
#ifndef SMS_PREVIEW_H
#define SMS_PREVIEW_H

struct buf;
struct template;
struct transport;

/* Appends a JSON object; its member "said" is the same in German for the terminal. `transport` is
 * one for SMS. */
void sms_preview(struct buf *out, const struct transport *transport, const char *text);

/* Appends an SMS template filled with each key at its longest. */
void sms_preview_template(struct buf *out, const struct template *template);

#endif
