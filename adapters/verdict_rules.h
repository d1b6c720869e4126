/*
 * What a peer's answer, or libcurl's ending, is made into: one table from codes to the classes of
 * daemon/verdict.h, read by every adapter and by `stafettectl classes`. Pure.
 *
 * The order is: libcurl's ending before any code, because a code may be left over from an earlier
 * command; then how far the dialogue had come; then the enhanced code (RFC 3463), which is more
 * exact than the basic one (RFC 5321); a temporary basic code stays temporary whatever follows. A
 * gateway's own words and codes by configuration come before the HTTP rows (sms_http.h).
 */
#ifndef VERDICT_RULES_H
#define VERDICT_RULES_H

#include "../daemon/stafette.h"
#include "smtp_reply.h"

enum rule_origin {
    ORIGIN_SMTP,  /* an SMTP server's reply */
    ORIGIN_LOGIN, /* its reply to a login that failed */
    ORIGIN_CURL,  /* libcurl's ending (CURLcode), where no answer was worded */
    ORIGIN_HTTP   /* status of a complete HTTP answer */
};

struct verdict_rule {
    enum rule_origin origin;
    unsigned stages;      /* bits 1 << enum smtp_stage; the DOT bit also says "all was handed over",
                           * after which an answer may have been lost */
    int first, last;      /* codes */
    const char *enhanced; /* "5.1.1", "5.1.*", "x.2.2" (4 or 5); "-": none or x.0.*; "": any */
    enum error_class class;
    const char *why; /* for operators, in English */
};

/* What is known of an ending. */
struct verdict_case {
    enum rule_origin origin;
    enum smtp_stage stage; /* for curl and HTTP SMTP_DOT when all was handed over, else another */
    int code;
    const char *enhanced; /* "" = none */
};

/* The first row that fits; the table has one for every case. */
const struct verdict_rule *verdict_rule(const struct verdict_case *c);

/* Row by row, for tests and documents; NULL behind the last. */
const struct verdict_rule *verdict_rule_at(unsigned row);

#endif
