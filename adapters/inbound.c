/*
 * SMS that come in: see inbound.h. Every value is hostile. The sender is kept only as digits, the
 * id only as plain characters; the text goes to the grammar alone, never into store or log.
 */
#include "inbound.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/json.h"
#include "../daemon/util.h"
#include "adapter.h"
#include "http_body.h"

enum { DIGITS_MIN = 8, DIGITS_MAX = 15, WORD_MAX = 64 };

struct inbound_rule {
    struct buf secret;
    char *sources;
    char *from, *text, *id;
};

/* ---- who may call */

struct network {
    int family;
    unsigned char bytes[16];
    int bits;
};

static bool read_network(struct network *n, const char *word, size_t len)
{
    char text[WORD_MAX];
    int64_t bits;
    if (len >= sizeof text)
        return false;
    memcpy(text, word, len);
    text[len] = '\0';
    char *slash = strchr(text, '/');
    if (slash)
        *slash++ = '\0';
    n->family = strchr(text, ':') ? AF_INET6 : AF_INET;
    n->bits = n->family == AF_INET ? 32 : 128;
    if (inet_pton(n->family, text, n->bytes) != 1)
        return false;
    if (slash && !int_parse(slash, 1, n->bits, &bits))
        return false;
    if (slash)
        n->bits = (int)bits;
    return true;
}

/* A client of IPv4 on a socket of IPv6 is "::ffff:192.0.2.1". */
static const char *plain_address(const char *address)
{
    return strncasecmp(address, "::ffff:", 7) == 0 && strchr(address, '.') ? address + 7 : address;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
    unsigned rest = (unsigned)bits % 8, mask = 0xffu << (8 - rest);
    size_t whole = (size_t)bits / 8;
    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

/* The next word of a list separated by blanks; its length, 0 at the end. */
static size_t next_word(const char **at)
{
    *at += strspn(*at, " ");
    return strcspn(*at, " ");
}

bool inbound_within(const char *networks, const char *address)
{
    struct network who, net;
    address = plain_address(address);
    if (strchr(address, '/') || !read_network(&who, address, strlen(address)))
        return false;
    for (size_t n; (n = next_word(&networks)); networks += n)
        if (read_network(&net, networks, n) && net.family == who.family &&
            same_bits(net.bytes, who.bytes, net.bits))
            return true;
    return false;
}

size_t inbound_bad_network(const char *networks, const char **at)
{
    struct network net;
    for (size_t n; (n = next_word(&networks)); networks += n)
        if (!read_network(&net, networks, n)) {
            *at = networks;
            return n;
        }
    return 0;
}

bool inbound_source(const struct inbound_rule *rule, const char *address)
{
    return inbound_within(rule->sources, address);
}

/* Time depends on the length of what was sent only. */
static bool same_secret(const struct buf *secret, const char *given)
{
    size_t len = strlen(given);
    unsigned differ = (unsigned)(len ^ secret->len);
    for (size_t i = 0; i < len; i++)
        differ |= (unsigned)(given[i] ^ secret->data[i % secret->len]);
    return differ == 0;
}

bool inbound_secret(const struct inbound_rule *rule, const char *argument, const char *header)
{
    static const char bearer[] = "Bearer ";
    const char *word = str_starts(header, bearer) ? header + sizeof bearer - 1 : "";
    bool by_argument = same_secret(&rule->secret, argument);
    return same_secret(&rule->secret, word) || by_argument;
}

/* ---- loading */

void inbound_free(struct inbound_rule *rule)
{
    if (!rule)
        return;
    buf_wipe(&rule->secret);
    free(rule->sources);
    free(rule->from);
    free(rule->text);
    free(rule->id);
    free(rule);
}

static void read_secret(struct inbound_rule *rule, struct conf_node *group,
                        struct conf_faults *faults)
{
    struct buf path = BUF_INIT;
    const struct conf_node *at = conf_get(group, "secret_file");
    const char *name = conf_text(group, "secret_file", "", faults);
    if (str_empty(name)) {
        conf_fault(faults, group, "%s needs a secret_file: whoever knows it is believed",
                   group->name);
        return;
    }
    conf_resolve(at, name, &path);
    if (transport_secret(&rule->secret, buf_str(&path), at, faults) == 0 &&
        rule->secret.len < INBOUND_SECRET_MIN)
        conf_fault(faults, at, "secret_file: at least %d characters are wanted",
                   INBOUND_SECRET_MIN);
    buf_release(&path);
}

static void read_sources(struct inbound_rule *rule, struct conf_node *group,
                         struct conf_faults *faults)
{
    const char *bad;
    const struct conf_node *at = conf_get(group, "sources");
    rule->sources = xstrdup(conf_text(group, "sources", "", faults));
    size_t n = inbound_bad_network(rule->sources, &bad);
    if (n)
        conf_fault(faults, at, "sources: \"%.*s\" is no address or network such as 192.0.2.0/24",
                   (int)n, bad);
    else if (str_empty(rule->sources))
        conf_fault(faults, group, "%s needs sources: the addresses from which the gateway calls",
                   group->name);
}

struct inbound_rule *inbound_load_caller(struct conf_node *group, struct conf_faults *faults)
{
    struct inbound_rule *rule = xcalloc(1, sizeof *rule);
    read_secret(rule, group, faults);
    read_sources(rule, group, faults);
    return rule;
}

const char *inbound_key(const struct inbound_rule *rule)
{
    return buf_str(&rule->secret);
}

struct inbound_rule *inbound_load(struct conf_node *transport, struct conf_faults *faults)
{
    static const char *const known[] = {"secret_file", "sources", "from", "text", "id", NULL};
    struct conf_node *group = conf_get(transport, "inbound");
    size_t before = faults->errors;
    if (!group)
        return NULL;
    if (group->type != CONF_GROUP) {
        conf_fault(faults, group, "inbound is a group: { secret_file = \"...\"; sources = ... }");
        return NULL;
    }
    struct inbound_rule *rule = inbound_load_caller(group, faults);
    rule->from = xstrdup(conf_text(group, "from", "from", faults));
    rule->text = xstrdup(conf_text(group, "text", "text", faults));
    rule->id = xstrdup(conf_text(group, "id", "id", faults));
    conf_check_unused(group, known, faults);
    if (faults->errors == before)
        return rule;
    inbound_free(rule);
    return NULL;
}

/* ---- one SMS */

bool inbound_number(char out[20], const char *text)
{
    char digits[20];
    size_t n = 0;
    bool plus = false;
    for (; *text; text++) {
        if (isdigit((unsigned char)*text) && n < sizeof digits - 1)
            digits[n++] = *text;
        else if (*text == '+' && n == 0 && !plus)
            plus = true;
        else if (!strchr(" -/().", *text))
            return false;
    }
    digits[n] = '\0';
    const char *rest = digits;
    const char *country = "";
    if (!plus && str_starts(digits, "00"))
        rest += 2;
    else if (!plus && digits[0] == '0') {
        rest += 1;
        country = "49";
    }
    size_t len = strlen(country) + strlen(rest);
    if (rest[0] == '0' || len < DIGITS_MIN || len > DIGITS_MAX)
        return false;
    out[0] = '+';
    strcpy(out + 1, country);
    strcat(out, rest);
    return true;
}

static void read_field(struct buf *out, const char *where, const struct callback_input *input,
                       const struct json *root)
{
    buf_reset(out);
    if (where[0] == '/' && root)
        http_pointer(out, root, where);
    else if (where[0] != '/' && !str_empty(where))
        buf_puts(out, input->argument(input->context, where));
}

static void keep_id(struct inbound *sms, const struct buf *value)
{
    const char *text = buf_str(value);
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-_.:+", *p))
            text = "";
    str_copy(sms->id, sizeof sms->id, text);
}

static void keep_text(struct inbound *sms, const struct buf *value)
{
    size_t n = value->len;
    if (n >= sizeof sms->text)
        for (n = sizeof sms->text - 1; n > 0 && ((unsigned char)value->data[n] & 0xc0) == 0x80; n--)
            ;
    memcpy(sms->text, buf_str(value), n);
    sms->text[n] = '\0';
}

static void read_all(struct inbound *sms, const struct inbound_rule *rule,
                     const struct callback_input *input, const struct json *root)
{
    struct buf value = BUF_INIT;
    read_field(&value, rule->from, input, root);
    if (!inbound_number(sms->from, buf_str(&value)))
        sms->from[0] = '\0';
    read_field(&value, rule->id, input, root);
    keep_id(sms, &value);
    read_field(&value, rule->text, input, root);
    keep_text(sms, &value);
    buf_wipe(&value);
}

int inbound_read(struct inbound *sms, const struct inbound_rule *rule,
                 const struct callback_input *input, struct buf *err)
{
    struct json_place where = {0};
    struct json *root = NULL;
    *sms = (struct inbound){0};
    bool json = rule->from[0] == '/' || rule->text[0] == '/' || rule->id[0] == '/';
    if (json && !(root = json_read(input->body, input->body_len, &where))) {
        buf_printf(err, "incoming SMS: no JSON (line %d, column %d)", where.line, where.column);
        return -1;
    }
    read_all(sms, rule, input, root);
    if (root)
        json_free(root);
    if (!str_empty(sms->from))
        return 0;
    buf_puts(err, "incoming SMS: the sender is no telephone number");
    return -1;
}
