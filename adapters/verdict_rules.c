/*
 * The table of what is made into which class: see verdict_rules.h. The first row that fits counts,
 * so what is more exact stands above what is more general, and the last row of each origin takes
 * all. A new meaning of a code is one row.
 *
 * Before RCPT a server judges us or our sender address, and the same would happen to every mail:
 * that is the operator's to mend (CLASS_LOCAL), is tried again, and is no recipient's fault. Many
 * relays put off such a refusal to RCPT; then the enhanced code tells (5.1.8, 5.7.1). Sources: RFC
 * 5321, 3207, 3463, 4954, 5248, 7293, 7504, 7505, the registry of enhanced codes; RFC 9110, 6585.
 */
#include "verdict_rules.h"

#include <curl/curl.h>
#include <limits.h>
#include <string.h>

#include "../daemon/util.h"

enum {
    S = 1 << SMTP_SESSION,
    R = 1 << SMTP_RCPT,
    D = 1 << SMTP_DATA,
    O = 1 << SMTP_DOT,
    LATER = R | D | O,
    ANY = S | LATER,
    PART = S | R | D /* not all was handed over */
};

/* clang-format off */
static const struct verdict_rule table[] = {
    {ORIGIN_SMTP, ANY, 421, 421, "", CLASS_THROTTLED, "the server closes: too busy, or too many from us"},
    {ORIGIN_SMTP, ANY, 432, 432, "", CLASS_AUTH, "the password must be changed"},
    {ORIGIN_SMTP, ANY, 525, 525, "", CLASS_AUTH, "our account is disabled"},
    {ORIGIN_SMTP, ANY, 530, 530, "", CLASS_AUTH, "login, or encryption before it, is demanded"},
    {ORIGIN_SMTP, ANY, 534, 535, "", CLASS_AUTH, "our login is refused"},
    {ORIGIN_SMTP, ANY, 538, 538, "", CLASS_AUTH, "this way to log in wants encryption"},
    {ORIGIN_SMTP, ANY, 400, 599, "x.7.10", CLASS_TLS, "encryption is demanded"},
    {ORIGIN_SMTP, ANY, 400, 599, "x.7.11", CLASS_TLS, "encryption is demanded for the login"},
    {ORIGIN_SMTP, ANY, 400, 599, "x.7.12", CLASS_AUTH, "the password must be changed"},
    {ORIGIN_SMTP, ANY, 500, 599, "5.7.8", CLASS_AUTH, "our login is refused"},
    {ORIGIN_SMTP, ANY, 500, 599, "5.7.9", CLASS_AUTH, "our way to log in is too weak"},
    {ORIGIN_SMTP, ANY, 500, 599, "5.7.13", CLASS_AUTH, "our account is disabled"},
    {ORIGIN_SMTP, ANY, 500, 599, "5.7.14", CLASS_AUTH, "the server does not trust ours"},
    {ORIGIN_SMTP, LATER, 400, 599, "x.2.2", CLASS_FULL, "the mailbox is full"},
    {ORIGIN_SMTP, S, 454, 454, "-", CLASS_TLS, "encryption is not to be had now"},
    {ORIGIN_SMTP, ANY, 400, 499, "4.7.*", CLASS_TEMPORARY, "greylisting, or another rule that passes"},
    {ORIGIN_SMTP, ANY, 400, 499, "", CLASS_TEMPORARY, "later"},
    {ORIGIN_SMTP, ANY, 500, 599, "5.2.3", CLASS_PERMANENT, "larger than the mailbox takes"},
    {ORIGIN_SMTP, ANY, 500, 599, "5.3.4", CLASS_PERMANENT, "larger than the server takes"},
    {ORIGIN_SMTP, S, 552, 552, "", CLASS_PERMANENT, "larger than the server takes"},
    {ORIGIN_SMTP, S, 500, 599, "", CLASS_LOCAL, "refused before the recipient was named: it is about us"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.1.7", CLASS_LOCAL, "our sender address is refused"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.1.8", CLASS_LOCAL, "the domain of our sender address is refused"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.1.*", CLASS_ADDRESS, "no such address"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.2.*", CLASS_ADDRESS, "the mailbox takes nothing"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.4.6", CLASS_PERMANENT, "mail to there goes in circles"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.4.14", CLASS_PERMANENT, "mail to there goes in circles"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.4.7", CLASS_TEMPORARY, "it could not be handed on in time"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.4.*", CLASS_ADDRESS, "there is no way to this domain"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.6.7", CLASS_ADDRESS, "the address has characters that the server cannot"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.7.17", CLASS_ADDRESS, "the mailbox has another owner now"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.7.18", CLASS_ADDRESS, "the domain has another owner now"},
    {ORIGIN_SMTP, LATER, 500, 599, "5.7.*", CLASS_POLICY, "the recipient's rules refuse us"},
    {ORIGIN_SMTP, LATER, 500, 504, "5.5.*", CLASS_LOCAL, "the server does not understand ours"},
    {ORIGIN_SMTP, LATER, 521, 521, "", CLASS_ADDRESS, "the domain takes no mail"},
    {ORIGIN_SMTP, LATER, 556, 556, "", CLASS_ADDRESS, "the domain takes no mail"},
    {ORIGIN_SMTP, R, 550, 551, "-", CLASS_ADDRESS, "no such address"},
    {ORIGIN_SMTP, R, 553, 553, "-", CLASS_ADDRESS, "no such address"},
    {ORIGIN_SMTP, R, 550, 550, "5.5.*", CLASS_ADDRESS, "no such address"},
    {ORIGIN_SMTP, LATER, 552, 552, "", CLASS_PERMANENT, "larger than the server or the mailbox takes"},
    {ORIGIN_SMTP, LATER, 500, 599, "", CLASS_PERMANENT, "the mail is refused for good"},
    {ORIGIN_SMTP, O, INT_MIN, INT_MAX, "", CLASS_AMBIGUOUS, "no answer after the final dot"},
    {ORIGIN_SMTP, PART, INT_MIN, INT_MAX, "", CLASS_CONNECT, "the connection ended without an answer"},

    {ORIGIN_LOGIN, ANY, 432, 432, "", CLASS_AUTH, "the password must be changed"},
    {ORIGIN_LOGIN, ANY, 400, 499, "", CLASS_TEMPORARY, "the login is not possible now"},
    {ORIGIN_LOGIN, ANY, INT_MIN, INT_MAX, "", CLASS_AUTH, "our login is refused"},

    {ORIGIN_CURL, ANY, CURLE_OK, CURLE_OK, "", CLASS_NONE, "accepted"},
    {ORIGIN_CURL, ANY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, "", CLASS_CONNECT, "no connection"},
    {ORIGIN_CURL, O, CURLE_OPERATION_TIMEDOUT, CURLE_OPERATION_TIMEDOUT, "", CLASS_AMBIGUOUS, "all was handed over, no answer in time"},
    {ORIGIN_CURL, PART, CURLE_OPERATION_TIMEDOUT, CURLE_OPERATION_TIMEDOUT, "", CLASS_TIMEOUT, "no answer in time"},
    {ORIGIN_CURL, ANY, CURLE_LOGIN_DENIED, CURLE_LOGIN_DENIED, "", CLASS_AUTH, "our login is refused"},
    {ORIGIN_CURL, ANY, CURLE_AUTH_ERROR, CURLE_AUTH_ERROR, "", CLASS_AUTH, "our login is refused"},
    {ORIGIN_CURL, ANY, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CONNECT_ERROR, "", CLASS_TLS, "encryption failed"},
    {ORIGIN_CURL, ANY, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ENGINE_INITFAILED, "", CLASS_TLS, "encryption failed"},
    {ORIGIN_CURL, ANY, CURLE_SSL_CERTPROBLEM, CURLE_PEER_FAILED_VERIFICATION, "", CLASS_TLS, "the certificate is not to be trusted"},
    {ORIGIN_CURL, ANY, CURLE_USE_SSL_FAILED, CURLE_USE_SSL_FAILED, "", CLASS_TLS, "the peer offers no encryption"},
    {ORIGIN_CURL, ANY, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CACERT_BADFILE, "", CLASS_TLS, "the file of trusted certificates cannot be read"},
    {ORIGIN_CURL, ANY, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ISSUER_ERROR, "", CLASS_TLS, "the certificate is not to be trusted"},
    {ORIGIN_CURL, O, INT_MIN, INT_MAX, "", CLASS_AMBIGUOUS, "lost after all was handed over"},
    {ORIGIN_CURL, PART, CURLE_WEIRD_SERVER_REPLY, CURLE_WEIRD_SERVER_REPLY, "", CLASS_CONNECT, "an answer that is none"},
    {ORIGIN_CURL, PART, CURLE_HTTP2, CURLE_HTTP2, "", CLASS_CONNECT, "the connection broke"},
    {ORIGIN_CURL, PART, CURLE_PARTIAL_FILE, CURLE_PARTIAL_FILE, "", CLASS_CONNECT, "the connection broke"},
    {ORIGIN_CURL, PART, CURLE_ABORTED_BY_CALLBACK, CURLE_ABORTED_BY_CALLBACK, "", CLASS_CONNECT, "broken off, because the gateway ends"},
    {ORIGIN_CURL, PART, CURLE_GOT_NOTHING, CURLE_GOT_NOTHING, "", CLASS_CONNECT, "the connection broke"},
    {ORIGIN_CURL, PART, CURLE_SEND_ERROR, CURLE_RECV_ERROR, "", CLASS_CONNECT, "the connection broke"},
    {ORIGIN_CURL, PART, CURLE_HTTP2_STREAM, CURLE_HTTP2_STREAM, "", CLASS_CONNECT, "the connection broke"},
    {ORIGIN_CURL, PART, INT_MIN, INT_MAX, "", CLASS_LOCAL, "our own side: memory, settings, files"},

    {ORIGIN_HTTP, ANY, 200, 299, "", CLASS_NONE, "accepted"},
    {ORIGIN_HTTP, ANY, 300, 399, "", CLASS_LOCAL, "the gateway is elsewhere: mend url"},
    {ORIGIN_HTTP, ANY, 401, 401, "", CLASS_AUTH, "our credentials are refused"},
    {ORIGIN_HTTP, ANY, 402, 402, "", CLASS_CREDIT, "no credit"},
    {ORIGIN_HTTP, ANY, 403, 403, "", CLASS_AUTH, "our credentials do not allow it"},
    {ORIGIN_HTTP, ANY, 404, 406, "", CLASS_LOCAL, "there is no such service: mend url, method or headers"},
    {ORIGIN_HTTP, ANY, 407, 407, "", CLASS_AUTH, "a proxy wants a login"},
    {ORIGIN_HTTP, ANY, 408, 408, "", CLASS_TEMPORARY, "later"},
    {ORIGIN_HTTP, ANY, 410, 411, "", CLASS_LOCAL, "there is no such service any more: mend url"},
    {ORIGIN_HTTP, ANY, 415, 415, "", CLASS_LOCAL, "the form of the request is refused: mend body"},
    {ORIGIN_HTTP, ANY, 425, 425, "", CLASS_TEMPORARY, "later"},
    {ORIGIN_HTTP, ANY, 429, 429, "", CLASS_THROTTLED, "too many requests; Retry-After is obeyed"},
    {ORIGIN_HTTP, ANY, 451, 451, "", CLASS_POLICY, "a law or rule forbids it"},
    {ORIGIN_HTTP, ANY, 500, 599, "", CLASS_TEMPORARY, "later; Retry-After is obeyed"},
    {ORIGIN_HTTP, ANY, INT_MIN, INT_MAX, "", CLASS_PERMANENT, "the request is refused for good"},
};
/* clang-format on */

/* "5.1.*" and "x.2.2", digit by digit up to a star. */
static bool like(const char *pattern, const char *text)
{
    if (pattern[0] == 'x' && (text[0] == '4' || text[0] == '5'))
        pattern++, text++;
    size_t n = strcspn(pattern, "*");
    return pattern[n] ? strncmp(pattern, text, n) == 0 : str_eq(pattern, text);
}

static bool enhanced_fits(const char *pattern, const char *enhanced)
{
    if (str_eq(pattern, "-"))
        return str_empty(enhanced) || like("x.0.*", enhanced);
    return str_empty(pattern) || like(pattern, enhanced);
}

const struct verdict_rule *verdict_rule(const struct verdict_case *c)
{
    const struct verdict_rule *rule = table;
    while (rule->origin != c->origin || !(rule->stages >> c->stage & 1) || c->code < rule->first ||
           c->code > rule->last || !enhanced_fits(rule->enhanced, c->enhanced))
        rule++;
    return rule;
}

const struct verdict_rule *verdict_rule_at(unsigned row)
{
    return row < COUNT_OF(table) ? &table[row] : NULL;
}
