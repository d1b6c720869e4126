/*
 * Settings: see settings.h. One table says all about a setting; reading, range checks, the printed
 * configuration and its comments come from it, so a new setting is one row and one struct field.
 *
 * Defaults and limits stand as texts in the form the file would use, so that they are read by the
 * same functions. Refuses unknown names inside the groups. Writes nothing.
 */
#include "settings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "settings_check.h"
#include "util.h"

enum kind { KIND_TEXT, KIND_PATH, KIND_INT, KIND_BOOL, KIND_DURATION, KIND_SIZE };

struct setting {
    const char *group, *name;
    enum kind kind;
    size_t offset;         /* in struct settings */
    const char *min, *max; /* texts and paths: of the length in bytes; "" for bool */
    const char *otherwise;
    const char *help; /* lines of a comment */
};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct setting table[] = {
    {"gateway", "instance", KIND_TEXT, AT(instance), "1", "40", "stafette",
     "Name of this gateway: lower-case letters, digits, _ and -. It reports on the topic\n"
     "stafette/gateway/<instance>."},
    {"gateway", "store", KIND_PATH, AT(store), "1", "4000", "/var/lib/stafette/stafette.db",
     "The database file."},
    {"gateway", "erasures", KIND_PATH, AT(erasures), "0", "4000", "",
     "List of erased cases as keyed hashes, applied again after a restore; it must not lie in a\n"
     "backup of the database. \"\": the database file's name with \".erasures\"."},
    {"gateway", "key_file", KIND_PATH, AT(key_file), "1", "4000", "/var/lib/stafette/keys",
     "Secret keys; made with mode 0600 when missing. Back it up apart from the database."},
    {"gateway", "templates", KIND_PATH, AT(templates), "1", "4000", "templates",
     "Directory of the German texts."},
    {"gateway", "school_holidays", KIND_PATH, AT(school_holidays), "0", "4000", "",
     "File of the school holidays, for series of meetings that leave them out; one for 2026 to\n"
     "2028 is shipped (school-holidays.txt). \"\": none are known."},
    {"gateway", "log_level", KIND_TEXT, AT(log_level), "1", "8", "info",
     "error, warn, info or debug. Lines carry ids and codes only, at every level."},
    {"gateway", "link", KIND_TEXT, AT(link), "0", "200", "",
     "Where a recipient reads the content: an https address of the case system's mailbox;\n"
     "{code} is replaced by the item's code. \"\": notices carry no link."},
    {"gateway", "source_desk", KIND_TEXT, AT(source_desk), "0", "63", "",
     "Unit that owns refused messages of unknown sources. \"\": the catch-all desk."},

    {"mqtt", "host", KIND_TEXT, AT(mqtt_host), "1", "253", "127.0.0.1",
     "The broker: an address, or a name that resolves locally."},
    {"mqtt", "port", KIND_INT, AT(mqtt_port), "1", "65535", "1883",
     "1883 without TLS, usually 8883 with it."},
    {"mqtt", "version", KIND_TEXT, AT(mqtt_version), "1", "5", "5",
     "\"5\" or \"3.1.1\". Binary mode of CloudEvents needs 5."},
    {"mqtt", "client_id", KIND_TEXT, AT(mqtt_client_id), "0", "64", "",
     "Names the persistent session, so never two daemons with the same. \"\": stafette-<instance>."},
    {"mqtt", "username", KIND_TEXT, AT(mqtt_username), "0", "200", "",
     "\"\": no name is sent."},
    {"mqtt", "password_file", KIND_PATH, AT(mqtt_password_file), "0", "4000", "",
     "File whose first line is the password."},
    {"mqtt", "tls", KIND_BOOL, AT(mqtt_tls), "", "", "false",
     "Must be true unless the broker is a loopback address (DOMAIN R17)."},
    {"mqtt", "ca_file", KIND_PATH, AT(mqtt_ca_file), "0", "4000", "",
     "Certificates of the authority that signed the broker's. \"\": those of the system."},
    {"mqtt", "cert_file", KIND_PATH, AT(mqtt_cert_file), "0", "4000", "",
     "The client's own certificate, with its key below; \"\" when the broker wants none."},
    {"mqtt", "key_file", KIND_PATH, AT(mqtt_key_file), "0", "4000", "", "Key of cert_file."},
    {"mqtt", "keepalive", KIND_DURATION, AT(mqtt_keepalive_ms), "5s", "18h", "30s",
     "A silent broker is given up after one and a half times this."},
    {"mqtt", "session_expiry", KIND_DURATION, AT(mqtt_session_expiry_ms), "1h", "3650d", "30d",
     "How long the broker keeps events for a gateway that is down (MQTT 5)."},
    {"mqtt", "receive_max", KIND_INT, AT(mqtt_receive_max), "1", "65535", "1000",
     "Events the broker may send ahead of the acknowledgement (MQTT 5). One turn takes up to\n"
     "1000."},
    {"mqtt", "reconnect_max", KIND_DURATION, AT(mqtt_reconnect_max_ms), "1s", "1h", "30s",
     "Longest pause between two attempts to reach the broker."},

    {"http", "internal", KIND_TEXT, AT(http_internal), "0", "260", "127.0.0.1:8085",
     "Status and metrics: address:port, \"[::1]:8085\" for IPv6, \"\" for none."},
    {"http", "public", KIND_TEXT, AT(http_public), "0", "260", "",
     "Answer links and callbacks of the SMS gateways, behind the city's reverse proxy."},
    {"http", "control_socket", KIND_PATH, AT(control_socket), "0", "107",
     "/run/stafette/control.sock", "Where stafettectl reaches the daemon. \"\": nowhere."},
    {"http", "proxy", KIND_TEXT, AT(http_proxy), "0", "45", "",
     "Address of the reverse proxy before the public door. Its X-Forwarded-For says who calls; from\n"
     "anybody else it counts for nothing. \"\": none is believed."},

    {"answer", "url", KIND_TEXT, AT(answer_url), "0", "150", "",
     "Where recipients reach the public door: https://stafette.stadt.example, without /a. Mails\n"
     "carry links then, by which they answer without logging in. \"\": mails carry none."},
    {"answer", "link_hours", KIND_INT, AT(answer_link_hours), "1", "72", "72",
     "A link may be used so long after its notice was made (DOMAIN R15)."},

    {"mail", "from", KIND_TEXT, AT(mail_from), "1", "254", "stafette@stafette.example",
     "Sender that recipients see."},
    {"mail", "from_name", KIND_TEXT, AT(mail_from_name), "0", "80", "Stafette",
     "Its name. It must not tell what the mail is about (DOMAIN R4)."},
    {"mail", "bounce", KIND_TEXT, AT(mail_bounce), "0", "200", "",
     "Envelope sender, so that bounces find their delivery: \"+<delivery>-<tag>\" is put before\n"
     "the @. \"\": the same as from."},
    {"mail", "id_domain", KIND_TEXT, AT(mail_id_domain), "0", "253", "",
     "Right side of the Message-ID. \"\": the domain of from."},

    {"mailbox", "url", KIND_TEXT, AT(mailbox[0].url), "0", "300", "",
     "Mailbox to which replies to invitations come: imap://host:port/INBOX (STARTTLS) or\n"
     "imaps://host:port/INBOX. Mails are marked \"Verarbeitet\", never deleted. \"\": none is read;\n"
     "mails may then be handed in by \"stafettectl mail-in\" or by lmtp.listen."},
    {"mailbox", "user", KIND_TEXT, AT(mailbox[0].user), "0", "200", "", "Name to log in with."},
    {"mailbox", "password_file", KIND_PATH, AT(mailbox[0].password_file), "0", "4000", "",
     "File with the password, mode 0600; read anew for each session."},
    {"mailbox", "tls", KIND_TEXT, AT(mailbox[0].tls), "1", "8", "required",
     "\"none\" only for a server on a loopback address."},
    {"mailbox", "ca_file", KIND_PATH, AT(mailbox[0].ca_file), "0", "4000", "",
     "Certificates to trust. \"\": those of the system."},
    {"mailbox", "filed", KIND_TEXT, AT(mailbox[0].filed), "0", "60", "",
     "Folder into which mails are moved that were dealt with; made when it is missing. \"\": they\n"
     "stay where they are. What could not be understood stays, with a flag, for a human."},
    {"mailbox", "poll", KIND_DURATION, AT(mailbox[0].poll_ms), "1s", "1h", "60s",
     "Pause between two looks into the mailbox."},

    {"bounce_mailbox", "url", KIND_TEXT, AT(mailbox[1].url), "0", "300", "",
     "Mailbox of mail.bounce, when it is another one: as mailbox.url. Needs a mail server that\n"
     "leads bounce+anything there (in Postfix: recipient_delimiter = +)."},
    {"bounce_mailbox", "user", KIND_TEXT, AT(mailbox[1].user), "0", "200", "", "Name to log in with."},
    {"bounce_mailbox", "password_file", KIND_PATH, AT(mailbox[1].password_file), "0", "4000", "",
     "File with the password, mode 0600; read anew for each session."},
    {"bounce_mailbox", "tls", KIND_TEXT, AT(mailbox[1].tls), "1", "8", "required",
     "\"none\" only for a server on a loopback address."},
    {"bounce_mailbox", "ca_file", KIND_PATH, AT(mailbox[1].ca_file), "0", "4000", "",
     "Certificates to trust. \"\": those of the system."},
    {"bounce_mailbox", "filed", KIND_TEXT, AT(mailbox[1].filed), "0", "60", "",
     "Folder into which mails are moved that were dealt with; made when it is missing. \"\": they\n"
     "stay where they are. What could not be understood stays, with a flag, for a human."},
    {"bounce_mailbox", "poll", KIND_DURATION, AT(mailbox[1].poll_ms), "1s", "1h", "60s",
     "Pause between two looks into the mailbox."},

    {"lmtp", "listen", KIND_TEXT, AT(lmtp_listen), "0", "107", "",
     "Where a mail server on this machine hands in bounces and replies by LMTP (RFC 2033):\n"
     "127.0.0.1:8024, or the path of a socket. \"\": nowhere."},

    {"delivery", "carriers", KIND_INT, AT(carriers), "1", "64", "16",
     "Threads that carry mail; one of them takes urgent mail only."},
    {"delivery", "in_flight_max", KIND_INT, AT(in_flight_max), "1", "10000", "64",
     "Deliveries handed out and not yet settled: at most so many are repeated after a crash."},
    {"delivery", "retry_first", KIND_DURATION, AT(retry_first_ms), "1s", "1d", "30s",
     "Pause before the second attempt; it doubles with each one, with jitter."},
    {"delivery", "retry_max", KIND_DURATION, AT(retry_max_ms), "1s", "7d", "30m",
     "Longest pause between two attempts."},
    {"delivery", "sms_in_flight_max", KIND_INT, AT(sms_in_flight_max), "1", "1000", "32",
     "Requests to SMS gateways at the same time, at most half of them routine ones to one gateway."},
    {"delivery", "bundle", KIND_DURATION, AT(bundle_ms), "0s", "1h", "5m",
     "Notices to one mailbox within this time become one mail: not what is urgent, no invitations,\n"
     "nothing that would come close to its deadline. \"0s\": each is a mail of its own."},
    {"delivery", "contact_per_hour", KIND_INT, AT(contact_per_hour), "0", "10000", "60",
     "Mails or SMS to one contact in an hour; the rest waits its turn. 0: no limit. What is urgent\n"
     "goes at once."},
    {"delivery", "domain_per_minute", KIND_INT, AT(domain_per_minute), "0", "100000", "0",
     "Mails to one recipient domain in a minute; the rest waits its turn. 0: no limit. What is\n"
     "urgent goes at once. A transport has its own limit, rate_per_s."},
    {"delivery", "sms_replies", KIND_INT, AT(sms_replies), "0", "1000", "5",
     "Replies to the SMS of one sender in an hour; against loops of two machines."},
    {"delivery", "report_within", KIND_DURATION, AT(report_within_ms), "1m", "7d", "24h",
     "An SMS whose gateway promises delivery reports is unknown when none told its end in this."},
    {"delivery", "attempt_timeout", KIND_DURATION, AT(attempt_timeout_ms), "1s", "10m", "60s",
     "An attempt that hangs ends after this."},

    {"pool", "threshold", KIND_INT, AT(pool_threshold), "2", "1000", "3",
     "So many open referral requests for one service in one place make a hint to the lead of the\n"
     "team: a number, no names of cases (KI8)."},
    {"pool", "days", KIND_INT, AT(pool_days), "1", "365", "30",
     "Requests of the last so many days count; the hint comes once in that time."},

    {"review", "lead", KIND_DURATION, AT(review_lead_ms), "1d", "180d", "14d",
     "So long before its day a unit is reminded of a plan review (MH8)."},

    {"followup", "call_after", KIND_DURATION, AT(followup_call_ms), "1d", "180d", "28d",
     "So long after a letter its receiver is called (BI5)."},
    {"followup", "again_after", KIND_DURATION, AT(followup_again_ms), "1d", "90d", "7d",
     "A call that reached nobody is made again after this; the third one is the last."},

    {"visit", "lead", KIND_DURATION, AT(visit_lead_ms), "1d", "90d", "14d",
     "So long before its day a visit is reminded of, or a joint one proposed (BI6)."},
    {"visit", "window", KIND_DURATION, AT(visit_window_ms), "1d", "90d", "14d",
     "Visits so near to each other may be one, where the events name no window."},

    {"voucher", "lead", KIND_DURATION, AT(voucher_lead_ms), "1d", "90d", "14d",
     "So long before an approval ends provider and giver are told, once."},

    {"events", "heartbeat", KIND_DURATION, AT(heartbeat_ms), "1s", "1h", "30s",
     "How often the gateway says that it lives, with the state of its balance."},
    {"events", "refusal_answer", KIND_DURATION, AT(refusal_answer_ms), "1m", "30d", "1d",
     "The technical desk must have answered a refused message after this."},
    {"events", "store_max", KIND_SIZE, AT(store_max_bytes), "1 MB", "1000 GB", "20 GB",
     "Alarm when the database is larger."},

    {"meeting", "reminders", KIND_TEXT, AT(meeting_reminders), "0", "120",
     "7 days, 1 working day, 1 hour",
     "When members of a meeting are reminded of a session, up to four times before it; days mean\n"
     "the morning of a working day. A meeting may say otherwise. \"\": never."},
    {"meeting", "find_within", KIND_INT, AT(meeting_find_within), "1", "90", "10",
     "A date for a meeting is sought within so many working days of its host, unless the call for\n"
     "it says otherwise."},
    {"meeting", "poll_days", KIND_INT, AT(meeting_poll_days), "1", "30", "3",
     "A poll for a date closes after so many working days of the host; after half of the days at\n"
     "hand, when those are few."},
    {"meeting", "poll_slots", KIND_INT, AT(meeting_poll_slots), "2", "5", "3",
     "It offers so many dates, each on another day."},
    {"meeting", "handover", KIND_BOOL, AT(meeting_handover), "", "", "true",
     "A handover that needs a conversation calls it by itself as soon as it was seen."},
    {"meeting", "handover_length", KIND_DURATION, AT(meeting_handover_length_ms), "15m", "1d", "1h",
     "So long is such a conversation."},
    {"meeting", "presence_answer", KIND_DURATION, AT(meeting_presence_answer_ms), "1m", "1d", "15m",
     "The worker of a presence (Präsenz in einer Anlaufstelle) is absent: so long its deputy has\n"
     "to say yes before today's session is cancelled."},

    {"ledger", "night", KIND_TEXT, AT(ledger_night), "1", "5", "06:30",
     "When the coordinator gets the result of the full check, each day (Europe/Berlin)."},
    {"ledger", "every", KIND_DURATION, AT(ledger_every_ms), "1m", "1d", "1h",
     "How often a child process checks the whole store."},
    {"ledger", "time_limit", KIND_DURATION, AT(ledger_time_limit_ms), "1s", "6h", "10m",
     "A check that takes longer is ended and counts as failed."},

    {"digest", "weekly", KIND_TEXT, AT(digest_weekly), "0", "8", "Mo 07:00",
     "When the coordinator gets the overview of the week: Mo to So and a time (Europe/Berlin).\n"
     "It is sent also when all is well. \"\": never."},
    {"digest", "morning", KIND_TEXT, AT(digest_morning), "0", "5", "07:30",
     "When units with `digest = true` get the overview of their day, on days on which they are\n"
     "staffed and only when there is something in it. \"\": never."},
    {"digest", "orphans", KIND_TEXT, AT(digest_orphans), "0", "5", "07:00",
     "When the coordinator is told each day of items without an owner or a clock, if the full\n"
     "check has found any. \"\": never."},

    {"reach", "weekly", KIND_TEXT, AT(reach_weekly), "0", "8", "Mo 06:50",
     "When it is proved that each unit is reachable in two ways, has a deputy and a covered on-duty\n"
     "plan for the week; the coordinator gets a mail only when something is missing. \"\": never."},

    {"drill", "each", KIND_TEXT, AT(drill_each), "0", "4", "",
     "Every so many weeks (\"4w\") all on-duty plans get a drill (Probealarm) by themselves.\n"
     "\"\": only by stafettectl drill."},
    {"drill", "at", KIND_TEXT, AT(drill_at), "8", "8", "Di 10:00",
     "Its day and time (Europe/Berlin)."},

    {"retention", "closed", KIND_DURATION, AT(retention_closed_ms), "40d", "3650d", "90d",
     "An ended item is removed after this, with its notices, deliveries and clocks; later than the\n"
     "events that it came from."},
    {"retention", "drill", KIND_DURATION, AT(retention_drill_ms), "1d", "3650d", "30d",
     "An ended drill is removed after this, with its notices and deliveries; what was measured stays\n"
     "as long as the audit trail."},
    {"retention", "audit", KIND_DURATION, AT(retention_audit_ms), "90d", "3650d", "730d",
     "Rows of the audit trail are removed after this; the rest of the chain stays verifiable."},
    {"retention", "roster", KIND_DURATION, AT(retention_roster_ms), "1d", "3650d", "180d",
     "Absences and changes of on-duty plans are removed so long after their end."},
};
/* clang-format on */

static const struct {
    const char *name, *help;
} groups[] = {
    {"gateway", "The gateway itself."},
    {"mqtt", "The broker from which events come and to which receipts go."},
    {"http", "Doors: pages, metrics, the control socket."},
    {"answer", "Links in mails by which a recipient answers."},
    {"mail", "How mail presents itself; the relay is a transport."},
    {"mailbox", "Where replies come in; they are read by IMAP."},
    {"bounce_mailbox", "Where bounces come in, when that is another mailbox."},
    {"lmtp", "Bounces and replies from a mail server on this machine."},
    {"meeting", "Meetings, their reminders, the search for a date."},
    {"delivery", "The outbox."},
    {"pool", "When several requests might be served together."},
    {"review", "Reminders of plan reviews."},
    {"followup", "Calls after a letter."},
    {"visit", "Reminders of visits."},
    {"voucher", "Approvals that end."},
    {"events", "Clocks and limits of the gateway's own."},
    {"ledger", "The full check: is anybody lost?"},
    {"digest", "Overviews by mail at fixed hours."},
    {"reach", "The weekly proof that everybody can be reached."},
    {"drill", "Drills (Probealarm): the whole way is tried, and no figure counts it."},
    {"retention", "How long things are kept (DOMAIN R19). Event ids are remembered 35 days."},
};

static void *field(struct settings *s, const struct setting *row)
{
    return (char *)s + row->offset;
}

static bool number_parse(const char *text, int64_t *value)
{
    return int_parse(text, INT64_MIN, INT64_MAX, value);
}

/* A text of the table as a number; the table is right or the build is broken. */
static int64_t value_of(const struct setting *row, const char *text)
{
    bool (*parse)(const char *, int64_t *) = row->kind == KIND_DURATION ? duration_parse
                                             : row->kind == KIND_SIZE   ? size_parse
                                                                        : number_parse;
    int64_t value = 0;
    bool ok = parse(text, &value);
    assert(ok);
    (void)ok;
    return value;
}

static bool printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static void read_text(char **out, const struct setting *row, struct conf_node *group,
                      struct conf_faults *faults)
{
    const char *text = conf_text(group, row->name, row->otherwise, faults);
    const struct conf_node *node = conf_get(group, row->name);
    int64_t len = (int64_t)strlen(text);
    if (len < value_of(row, row->min) || len > value_of(row, row->max) || !printable(text)) {
        conf_fault(faults, node,
                   len == 0           ? "\"%s\" must not be empty"
                   : !printable(text) ? "\"%s\" must be one line without control characters"
                                      : "\"%s\" is too long; at most %s bytes",
                   row->name, row->max);
        text = row->otherwise;
    }
    *out = xstrdup(text);
}

/* A relative default counts from the configuration's directory. */
static void resolve(char **path, const struct setting *row, struct conf_node *group,
                    struct conf_node *root)
{
    const struct conf_node *node = conf_get(group, row->name);
    struct buf out = BUF_INIT;
    if (str_empty(*path))
        return;
    conf_resolve(node ? node : root, *path, &out);
    free(*path);
    *path = buf_detach(&out);
}

static int64_t read_number(const struct setting *row, struct conf_node *group,
                           struct conf_faults *faults)
{
    int64_t otherwise = value_of(row, row->otherwise);
    int64_t min = value_of(row, row->min), max = value_of(row, row->max);
    int64_t value;
    if (row->kind == KIND_INT)
        return conf_int(group, row->name, otherwise, min, max, faults);
    if (row->kind == KIND_SIZE)
        value = conf_size_bytes(group, row->name, otherwise, faults);
    else
        value = conf_duration_ms(group, row->name, otherwise, faults);
    if (value >= min && value <= max)
        return value;
    conf_fault(faults, conf_get(group, row->name), "\"%s\" must be from %s to %s", row->name,
               row->min, row->max);
    return otherwise;
}

static void read_setting(struct settings *s, const struct setting *row, struct conf_node *root,
                         struct conf_faults *faults)
{
    struct conf_node *group = conf_get(root, row->group);
    switch (row->kind) {
    case KIND_TEXT:
        read_text(field(s, row), row, group, faults);
        break;
    case KIND_PATH:
        read_text(field(s, row), row, group, faults);
        resolve(field(s, row), row, group, root);
        break;
    case KIND_BOOL:
        *(bool *)field(s, row) =
            conf_bool(group, row->name, str_eq(row->otherwise, "true"), faults);
        break;
    case KIND_INT:
    case KIND_DURATION:
    case KIND_SIZE:
        *(int64_t *)field(s, row) = read_number(row, group, faults);
        break;
    }
}

/* A group that is a group, and holds nothing that the table does not know. */
static void check_group(struct conf_node *root, const char *name, struct conf_faults *faults)
{
    const char *known[COUNT_OF(table) + 1] = {NULL};
    size_t n = 0;
    struct conf_node *group = conf_get(root, name);
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_eq(table[i].group, name))
            known[n++] = table[i].name;
    if (group && group->type != CONF_GROUP)
        conf_fault(faults, group, "\"%s\" must be a group: %s = { ... };", name, name);
    conf_check_unused(group, known, faults);
}

void settings_load(struct settings *s, struct conf_node *root, struct conf_faults *faults)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < COUNT_OF(table); i++)
        read_setting(s, &table[i], root, faults);
    for (size_t i = 0; i < COUNT_OF(groups); i++)
        check_group(root, groups[i].name, faults);
    settings_check(s, root, faults);
}

void settings_release(struct settings *s)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].kind == KIND_TEXT || table[i].kind == KIND_PATH)
            free(*(char **)field(s, &table[i]));
    memset(s, 0, sizeof *s);
}

static void print_comment(struct buf *out, const char *indent, const char *help)
{
    for (const char *line = help; *line;) {
        size_t n = strcspn(line, "\n");
        buf_printf(out, "%s#%s%.*s\n", indent, n ? " " : "", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

static void print_setting(struct buf *out, const struct setting *row)
{
    bool bare = row->kind == KIND_INT || row->kind == KIND_BOOL;
    const char *quote = bare ? "" : "\"";
    print_comment(out, "    ", row->help);
    if (row->kind == KIND_INT || row->kind == KIND_DURATION || row->kind == KIND_SIZE)
        buf_printf(out, "    # From %s to %s.\n", row->min, row->max);
    buf_printf(out, "    %s = %s%s%s;\n", row->name, quote, row->otherwise, quote);
}

void settings_print(struct buf *out)
{
    print_comment(
        out, "",
        "Settings of stafetted(8), each with its default; stafette.conf(5) explains the\n"
        "form. Printed by the program itself from the table that it reads them with.\n"
        "\n"
        "All *.conf files of this directory are read together; places, units, routes and\n"
        "transports of the city stand in files of their own (see the folder ulm). Lengths\n"
        "of time and sizes are texts with a unit: \"90s\", \"15m\", \"2h\", \"3d\", \"5 MB\".\n"
        "A relative path counts from the directory of the file that names it.\n"
        "Check with: stafetted --check -c DIRECTORY");
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        buf_puts(out, "\n");
        print_comment(out, "", groups[g].help);
        buf_printf(out, "%s = {\n", groups[g].name);
        for (size_t i = 0, n = 0; i < COUNT_OF(table); i++)
            if (str_eq(table[i].group, groups[g].name)) {
                buf_puts(out, n++ ? "\n" : "");
                print_setting(out, &table[i]);
            }
        buf_puts(out, "};\n");
    }
}

const char *settings_group(size_t i)
{
    return i < COUNT_OF(groups) ? groups[i].name : NULL;
}
