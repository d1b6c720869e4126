/*
 * Reading a mail: see mail_read.h. GMime takes the mail apart; what it hands over is judged here.
 *
 * Promises: a mail costs a bounded amount of time, memory and stack, whatever it holds: the lines
 * that could open a part are counted before GMime sees them, because each level of nesting costs it
 * a level of the stack. Charsets are a closed list of our own, so that a mail cannot make the C
 * library load a converter. Refuses, by leaving the field empty, an address or id that is not plain
 * ASCII. A crash leaves nothing.
 */
#include "mail_read.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "util.h"

enum {
    TYPE_LINES_MAX = 2 * MAIL_PARTS_MAX, /* lines "Content-Type": each level of nesting needs one */
    DASH_LINES_MAX = 2000                /* lines "--...": each part needs one */
};

/* GLib would print to standard error what it does not like in a mail. */
static void keep_silent(const gchar *domain, GLogLevelFlags level, const gchar *text,
                        gpointer context)
{
    (void)domain, (void)level, (void)text, (void)context;
}

void mail_read_init(void)
{
    g_mime_init();
    g_log_set_default_handler(keep_silent, NULL);
}

/* True when the mail may be given to GMime. */
static bool is_bounded(const char *bytes, size_t len)
{
    static const char type[] = "content-type";
    size_t types = 0, dashes = 0;
    for (size_t at = 0; at < len && types <= TYPE_LINES_MAX && dashes <= DASH_LINES_MAX;) {
        size_t left = len - at;
        const char *line = bytes + at, *end = memchr(line, '\n', left);
        types += left >= strlen(type) && strncasecmp(line, type, strlen(type)) == 0;
        dashes += left >= 2 && line[0] == '-' && line[1] == '-';
        at += end ? (size_t)(end - line) + 1 : left;
    }
    return types <= TYPE_LINES_MAX && dashes <= DASH_LINES_MAX;
}

/* "Name:" at the beginning (RFC 5322 2.2). */
static bool begins_with_header(const char *bytes, size_t len)
{
    size_t n = 0;
    while (n < len && bytes[n] > 0x20 && bytes[n] < 0x7f && bytes[n] != ':')
        n++;
    return n > 0 && n < len && bytes[n] == ':';
}

/* The "From sender date" line that some transports put before a mail. */
static size_t postmark_length(const char *bytes, size_t len)
{
    if (len < 5 || memcmp(bytes, "From ", 5) != 0)
        return 0;
    const char *end = memchr(bytes, '\n', len);
    return end ? (size_t)(end - bytes) + 1 : len;
}

/* The raw value of the only header of that name, NULL when there is none or more than one. */
static const char *only_header(GMimeObject *part, const char *name, int *count)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(part);
    const char *value = NULL;
    *count = 0;
    for (int i = 0; i < g_mime_header_list_get_count(list); i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
        if (strcasecmp(g_mime_header_get_name(header), name) != 0)
            continue;
        value = g_mime_header_get_raw_value(header);
        ++*count;
    }
    return *count == 1 ? value : NULL;
}

static void lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* GMime makes an address of the beginning of "a@b.example@c.example", or of "<a@b@c>". Counted are
 * the @ within <>, else all; quoted texts and comments hold what they like. */
static bool has_one_at(const char *value)
{
    size_t outside = 0, inside = 0, comments = 0;
    bool quoted = false, brackets = false, was_in_brackets = false;
    for (const char *p = value; *p; p++) {
        if (*p == '\\' && p[1] && (quoted || comments))
            p++;
        else if (*p == '"' && !comments)
            quoted = !quoted;
        else if (!quoted && *p == '(')
            comments++;
        else if (comments)
            comments -= *p == ')';
        else if (!quoted && (*p == '<' || *p == '>'))
            was_in_brackets |= brackets = *p == '<';
        else if (!quoted && *p == '@')
            ++*(brackets ? &inside : &outside);
    }
    return was_in_brackets ? inside == 1 : outside == 1;
}

static void read_from(struct mail *mail, GMimeMessage *message)
{
    int count;
    struct buf address = BUF_INIT, why = BUF_INIT;
    const char *raw = only_header(GMIME_OBJECT(message), "From", &count);
    InternetAddressList *list = g_mime_message_get_from(message);
    if (!raw || !has_one_at(raw) || !list || internet_address_list_length(list) != 1)
        return;
    InternetAddress *one = internet_address_list_get_address(list, 0);
    if (!INTERNET_ADDRESS_IS_MAILBOX(one))
        return;
    const char *text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one));
    if (text && address_email(&address, text, &why) == 0 &&
        str_copy(mail->from, sizeof mail->from, buf_str(&address)))
        lower(mail->from);
    buf_release(&address);
    buf_release(&why);
}

static void read_message_id(struct mail *mail, GMimeMessage *message)
{
    int count;
    struct buf id = BUF_INIT;
    const char *raw = only_header(GMIME_OBJECT(message), "Message-Id", &count);
    const char *begin = raw ? strchr(raw, '<') : NULL, *end = begin ? strchr(begin, '>') : NULL;
    if (end)
        buf_add(&id, begin, (size_t)(end - begin) + 1);
    bool plain = id.len > 2;
    for (size_t i = 0; i < id.len; i++)
        plain = plain && id.data[i] > 0x20 && id.data[i] < 0x7f;
    if (plain)
        str_copy(mail->message_id, sizeof mail->message_id, buf_str(&id));
    buf_release(&id);
}

/* The first word of a header, without comments, in lower case: "auto-replied (vacation)". */
static void first_word(char *out, size_t size, const char *value)
{
    size_t n;
    value += strspn(value, " \t\r\n");
    n = strcspn(value, " \t\r\n;(");
    snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), value);
    lower(out);
}

enum sign { SIGN_NONE, SIGN_GENERATED, SIGN_AUTOMATIC };

/* What a header says about who wrote the mail: RFC 3834 5, RFC 2076 3.9, [MS-OXCMAIL] 2.2.3.2.14.
 * A null reverse path (RFC 5321 4.5.5) is what the last transport wrote down as Return-Path. */
static enum sign sign_of(const char *name, const char *value)
{
    char word[32];
    first_word(word, sizeof word, value);
    if (strcasecmp(name, "Auto-Submitted") == 0) {
        if (str_eq(word, "no"))
            return SIGN_NONE;
        return str_eq(word, "auto-generated") ? SIGN_GENERATED : SIGN_AUTOMATIC;
    }
    if (strcasecmp(name, "X-Auto-Response-Suppress") == 0)
        return str_eq(word, "none") ? SIGN_NONE : SIGN_GENERATED;
    if (strcasecmp(name, "Return-Path") == 0)
        return str_eq(word, "<>") ? SIGN_AUTOMATIC : SIGN_NONE;
    static const char *const others[] = {"bulk", "junk", "list", "auto_reply"};
    for (size_t i = 0; strcasecmp(name, "Precedence") == 0 && i < COUNT_OF(others); i++)
        if (str_eq(word, others[i]))
            return SIGN_AUTOMATIC;
    return SIGN_NONE;
}

static void read_signs(struct mail *mail, GMimeMessage *message)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));
    GMimeObject *top = g_mime_message_get_mime_part(message);
    GMimeContentType *type = top ? g_mime_object_get_content_type(top) : NULL;
    enum sign strongest = SIGN_NONE;
    for (int i = 0; i < g_mime_header_list_get_count(list); i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
        const char *value = g_mime_header_get_raw_value(header);
        enum sign sign = sign_of(g_mime_header_get_name(header), value ? value : "");
        strongest = sign > strongest ? sign : strongest;
    }
    if (type && g_mime_content_type_is_type(type, "multipart", "report"))
        strongest = SIGN_AUTOMATIC;
    mail->automatic = strongest != SIGN_NONE;
    mail->generated = strongest == SIGN_GENERATED;
}

struct walk {
    GMimePart *first, *reply; /* of the calendars */
    size_t parts;
    bool too_much;
};

static bool is_calendar(GMimeObject *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(part);
    return GMIME_IS_PART(part) && (g_mime_content_type_is_type(type, "text", "calendar") ||
                                   g_mime_content_type_is_type(type, "application", "ics"));
}

static const char *method_of(GMimePart *part)
{
    const char *method = g_mime_content_type_get_parameter(
        g_mime_object_get_content_type(GMIME_OBJECT(part)), "method");
    return method ? method : "";
}

static void walk_part(struct walk *walk, GMimeObject *part, int depth)
{
    if (!part || walk->too_much)
        return;
    if (++walk->parts > MAIL_PARTS_MAX || depth > MAIL_DEPTH_MAX) {
        walk->too_much = true;
        return;
    }
    if (GMIME_IS_MULTIPART(part)) {
        GMimeMultipart *multipart = GMIME_MULTIPART(part);
        for (int i = 0; i < g_mime_multipart_get_count(multipart) && !walk->too_much; i++)
            walk_part(walk, g_mime_multipart_get_part(multipart, i), depth + 1);
    } else if (is_calendar(part)) {
        GMimePart *calendar = GMIME_PART(part);
        if (!walk->first)
            walk->first = calendar;
        if (!walk->reply && strcasecmp(method_of(calendar), "REPLY") == 0)
            walk->reply = calendar;
    }
}

/* What the upper half of Windows-1252 differs in from ISO 8859-1; 0 where nothing is assigned. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

static void put_utf8(struct buf *out, unsigned code)
{
    if (code >= 0x800) {
        buf_addc(out, (char)(0xe0 | code >> 12));
        buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
    } else if (code >= 0x80) {
        buf_addc(out, (char)(0xc0 | code >> 6));
    }
    buf_addc(out, (char)(code < 0x80 ? code : 0x80 | (code & 0x3f)));
}

/* What is no UTF-8 was written by an old client in its own charset, whatever it says: in Germany
 * that is Windows-1252 or ISO 8859-1, of which it is a superset in all that a text can hold. */
static void put_as_utf8(struct buf *out, const char *bytes, size_t len)
{
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    if (utf8_valid(bytes, len)) {
        buf_add(out, bytes, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned c = (unsigned char)bytes[i];
        unsigned code = c >= 0x80 && c < 0xa0 ? windows_1252[c - 0x80] : c;
        if (code)
            put_utf8(out, code);
    }
}

static void read_calendar(struct mail *mail, GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *memory = g_mime_stream_mem_new();
    const char *method = method_of(part);
    if (content && g_mime_data_wrapper_write_to_stream(content, memory) >= 0) {
        GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
        put_as_utf8(&mail->calendar, (const char *)bytes->data, bytes->len);
    }
    g_object_unref(memory);
    if (strlen(method) >= sizeof mail->method)
        return;
    for (size_t i = 0; method[i]; i++)
        mail->method[i] = (char)toupper((unsigned char)method[i]);
}

static GMimeMessage *parse(const char *bytes, size_t len)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

enum mail_verdict mail_read(struct mail *mail, const char *bytes, size_t len)
{
    struct walk walk = {NULL, NULL, 0, false};
    memset(mail, 0, sizeof *mail);
    if (len > MAIL_SIZE_MAX)
        return MAIL_TOO_LARGE;
    size_t skip = postmark_length(bytes, len);
    if (!begins_with_header(bytes + skip, len - skip))
        return MAIL_MALFORMED;
    if (!is_bounded(bytes + skip, len - skip))
        return MAIL_TOO_LARGE;
    GMimeMessage *message = parse(bytes + skip, len - skip);
    if (!message)
        return MAIL_MALFORMED;
    walk_part(&walk, g_mime_message_get_mime_part(message), 1);
    if (!walk.too_much) {
        read_from(mail, message);
        read_message_id(mail, message);
        read_signs(mail, message);
        if (walk.first)
            read_calendar(mail, walk.reply ? walk.reply : walk.first);
    }
    g_object_unref(message);
    return walk.too_much ? MAIL_TOO_LARGE : MAIL_OK;
}

void mail_release(struct mail *mail)
{
    buf_wipe(&mail->calendar);
    explicit_bzero(mail, sizeof *mail);
}
