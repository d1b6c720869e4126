/*
 * Addresses, checked once when the configuration is loaded, so that what an adapter is handed can
 * be put into a protocol command as it is. The only part that knows libidn2.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

struct buf;

/* Appends the e-mail address in the form that goes over the wire: local@domain in ASCII, the
 * domain in lower case and in A-labels (IDNA2008, UTS 46). Accepts a dot-atom of letters, digits
 * and _+-=~&'# before the @ (RFC 5321 without quoting and without the source routes % and !), and
 * a domain of at least two labels. Returns 0, or -1 with one sentence in err. */
int address_email(struct buf *out, const char *text, struct buf *err);

/* Appends the telephone number in E.164 form, "+49731000000". Reads blanks, ( ) - / . between the
 * digits, "(0)", "00" for "+" and a leading 0 as Germany. Returns 0, or -1 with one sentence in
 * err. */
int address_phone(struct buf *out, const char *text, struct buf *err);

#endif
