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

/* The <...> of a Message-ID's value; "" when it is no plain ASCII. */
static void copy_id(char out[256], const char *value)
{
    struct buf id = BUF_INIT;
    const char *begin = value ? strchr(value, '<') : NULL, *end = begin ? strchr(begin, '>') : NULL;
    if (end)
        buf_add(&id, begin, (size_t)(end - begin) + 1);
    bool plain = id.len > 2;
    for (size_t i = 0; i < id.len; i++)
        plain = plain && id.data[i] > 0x20 && id.data[i] < 0x7f;
    if (plain)
        str_copy(out, 256, buf_str(&id));
    buf_release(&id);
}

static void read_message_id(char out[256], GMimeMessage *message)
{
    int count;
    copy_id(out, only_header(GMIME_OBJECT(message), "Message-Id", &count));
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

/* Headers that some programs write on what nobody has written. NULL: any word but "no". */
static const struct {
    const char *name, *word;
} automatic_signs[] = {
    {"Precedence", "bulk"},       {"Precedence", "junk"},     {"Precedence", "list"},
    {"Precedence", "auto_reply"}, {"X-Autoreply", NULL},      {"X-Autorespond", NULL},
    {"X-Autoresponder", NULL},    {"X-Mail-Autoreply", NULL},
};

static bool is_automatic_sign(const char *name, const char *word)
{
    for (size_t i = 0; i < COUNT_OF(automatic_signs); i++) {
        const char *want = automatic_signs[i].word;
        if (strcasecmp(name, automatic_signs[i].name) == 0 &&
            (want ? str_eq(word, want) : !str_eq(word, "no")))
            return true;
    }
    return false;
}

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
    return is_automatic_sign(name, word) ? SIGN_AUTOMATIC : SIGN_NONE;
}

/* How mail programs begin the subject of an out-of-office notice; Exchange marks those that it
 * sends within an organisation by nothing else. */
static bool is_absence(const char *subject)
{
    static const char *const heads[] = {
        "Automatische Antwort:",    "Automatic reply:", "Abwesenheitsnotiz",
        "Out of Office AutoReply:", "Autoreply:",       "Auto-Reply:"};
    for (size_t i = 0; i < COUNT_OF(heads); i++)
        if (strncasecmp(subject, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
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
    const char *subject = g_mime_message_get_subject(message);
    if (subject && is_absence(subject))
        strongest = SIGN_AUTOMATIC;
    mail->automatic = strongest != SIGN_NONE;
    mail->generated = strongest == SIGN_GENERATED;
}

enum { REPORTS_MAX = 4 };

struct walk {
    GMimePart *first, *reply;       /* of the calendars */
    GMimePart *report[REPORTS_MAX]; /* message/delivery-status */
    size_t reports;
    GMimePart *words, *html, *headers; /* the first of each; text/rfc822-headers */
    GMimeMessage *returned;
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

static bool is_type(GMimeObject *part, const char *type, const char *subtype)
{
    return g_mime_content_type_is_type(g_mime_object_get_content_type(part), type, subtype);
}

/* What a report may be made of: RFC 3464 2, RFC 6522, RFC 6533 (global-...). */
static void note_report(struct walk *walk, GMimeObject *part)
{
    if (GMIME_IS_MESSAGE_PART(part)) {
        if (!walk->returned)
            walk->returned = g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));
        return;
    }
    if (!GMIME_IS_PART(part))
        return;
    GMimePart **place = NULL;
    if (is_type(part, "message", "delivery-status") ||
        is_type(part, "message", "global-delivery-status"))
        place = walk->reports < REPORTS_MAX ? &walk->report[walk->reports++] : NULL;
    else if (is_type(part, "text", "rfc822-headers") || is_type(part, "message", "global-headers"))
        place = &walk->headers;
    else if (is_type(part, "text", "plain"))
        place = &walk->words;
    else if (is_type(part, "text", "html"))
        place = &walk->html;
    if (place && !*place)
        *place = GMIME_PART(part);
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
    } else {
        note_report(walk, part);
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

/* Appends what a part holds, decoded, at most `max` bytes of it. */
static void put_content(struct buf *out, GMimePart *part, size_t max)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *memory = g_mime_stream_mem_new();
    if (content && g_mime_data_wrapper_write_to_stream(content, memory) >= 0) {
        GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
        put_as_utf8(out, (const char *)bytes->data, bytes->len < max ? bytes->len : max);
    }
    g_object_unref(memory);
}

static void read_calendar(struct mail *mail, GMimePart *part)
{
    const char *method = method_of(part);
    put_content(&mail->calendar, part, MAIL_SIZE_MAX);
    if (strlen(method) >= sizeof mail->method)
        return;
    for (size_t i = 0; method[i]; i++)
        mail->method[i] = (char)toupper((unsigned char)method[i]);
}

/* "postmaster@..." and its like; Exchange Online's own begins with a long fixed word. */
static bool is_daemon(const char *from)
{
    static const char *const names[] = {
        "mailer-daemon@", "postmaster@",  "mail-daemon@",           "mdaemon@",
        "mailerdaemon@",  "mail.daemon@", "microsoftexchange329e71"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_starts(from, names[i]))
            return true;
    return false;
}

/* Words of a header that hold an @, as they stand in addresses of any form. */
static size_t put_addresses(struct buf *out, const char *value, size_t room)
{
    static const char ends[] = " \t\r\n,;:<>()\"";
    size_t found = 0;
    while (*value && found < room) {
        value += strspn(value, ends);
        size_t n = strcspn(value, ends);
        const char *at = memchr(value, '@', n);
        if (at && n < 256) {
            for (size_t i = 0; i < n; i++)
                buf_addc(out, (char)tolower((unsigned char)value[i]));
            buf_addc(out, '\n');
            found++;
        }
        value += n;
    }
    return found;
}

/* What the last transport wrote down of the envelope comes before what the sender wrote. */
static void read_recipients(struct mail *mail, GMimeMessage *message)
{
    static const char *const names[] = {"Delivered-To",  "X-Original-To",  "Envelope-To",
                                        "X-Envelope-To", "X-Delivered-To", "To"};
    GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));
    size_t room = MAIL_ADDRESSES_MAX;
    for (size_t n = 0; n < COUNT_OF(names); n++)
        for (int i = 0; i < g_mime_header_list_get_count(list) && room; i++) {
            GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
            const char *value = g_mime_header_get_raw_value(header);
            if (value && strcasecmp(g_mime_header_get_name(header), names[n]) == 0)
                room -= put_addresses(&mail->recipients, value, room);
        }
}

/* The id of a mail that stands as text in another: the first line "Message-ID:". */
static void find_id(char out[256], const char *text)
{
    static const char name[] = "message-id:";
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, "\n> \t");
        if (strncasecmp(line, name, strlen(name)) != 0)
            continue;
        struct buf value = BUF_INIT;
        const char *end = strchr(line, '>');
        if (end)
            buf_add(&value, line, (size_t)(end - line) + 1);
        copy_id(out, buf_str(&value));
        buf_release(&value);
        return;
    }
}

static void read_returned(struct mail *mail, const struct walk *walk)
{
    struct buf headers = BUF_INIT;
    if (walk->returned) {
        read_message_id(mail->returned_id, walk->returned);
    } else if (walk->headers) {
        put_content(&headers, walk->headers, MAIL_WORDS_MAX);
        find_id(mail->returned_id, buf_str(&headers));
    } else {
        find_id(mail->returned_id, buf_str(&mail->words));
    }
    buf_release(&headers);
}

static void put_headers(struct buf *out, GMimeMessage *message, const char *name)
{
    int count;
    const char *value = only_header(GMIME_OBJECT(message), name, &count);
    if (value && strlen(value) < MAIL_WORDS_MAX)
        buf_printf(out, "%s\n", value);
}

/* Texts of people are not looked at: only those of automatic mails and of mail servers. */
static void read_report(struct mail *mail, const struct walk *walk, GMimeMessage *message)
{
    int count;
    mail->daemon = is_daemon(mail->from);
    mail->failed_recipients = only_header(GMIME_OBJECT(message), "X-Failed-Recipients", &count);
    read_recipients(mail, message);
    for (size_t i = 0; i < walk->reports; i++) {
        put_content(&mail->report, walk->report[i], MAIL_WORDS_MAX);
        buf_puts(&mail->report, "\n\n");
    }
    if (!mail->automatic && !mail->daemon && !mail->failed_recipients)
        return;
    const char *subject = g_mime_message_get_subject(message);
    snprintf(mail->subject, sizeof mail->subject, "%s", subject ? subject : "");
    put_headers(&mail->references, message, "In-Reply-To");
    put_headers(&mail->references, message, "References");
    GMimePart *words = walk->words ? walk->words : walk->html;
    if (words && (mail->daemon || mail->failed_recipients || walk->reports))
        put_content(&mail->words, words, MAIL_WORDS_MAX);
    read_returned(mail, walk);
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
    struct walk walk = {0};
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
        read_message_id(mail->message_id, message);
        read_signs(mail, message);
        read_report(mail, &walk, message);
        if (walk.first)
            read_calendar(mail, walk.reply ? walk.reply : walk.first);
    }
    g_object_unref(message);
    return walk.too_much ? MAIL_TOO_LARGE : MAIL_OK;
}

void mail_release(struct mail *mail)
{
    buf_wipe(&mail->calendar);
    buf_wipe(&mail->report);
    buf_wipe(&mail->words);
    buf_wipe(&mail->recipients);
    buf_wipe(&mail->references);
    explicit_bzero(mail, sizeof *mail);
}
