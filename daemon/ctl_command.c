/*
 * The table of commands and what is read off it: see ctl_command.h. Refuses unknown commands and
 * options by naming the nearest known one. Holds nothing.
 */
#include "ctl_command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "util.h"

/* clang-format off */
static const struct ctl_command table[] = {
    {"status", "Is the daemon well: broker, store, balance, oldest open item, queue.",
     CTL_REMOTE, "GET", "/control/status", NULL, "", {{0}}},
    {"outbox list", "Deliveries, one a line: those that wait, or those of a state.",
     CTL_OUTBOX_LIST, "GET", "/control/outbox", NULL, "There is none.",
     {{CTL_OPTION, "--lane", CTL_LOCAL, "LANE", false, "of this destination, or of this transport"},
      {CTL_OPTION, "--state", CTL_LOCAL, "STATE", false,
       "pending, held, sent, failed, cancelled; without it, pending and held"},
      {CTL_OPTION, "--class", CTL_LOCAL, "CLASS", false, "last error class: connect, temporary ..."},
      {CTL_OPTION, "--older", CTL_LOCAL, "DURATION", false, "made longer ago than that: 2h"},
      {CTL_OPTION, "--limit", CTL_LOCAL, "N", false, "at most so many; default 100"}}},
    {"outbox show", "One delivery: where to, attempts, last error, notice.",
     CTL_OUTBOX_SHOW, "GET", "/control/outbox", NULL, "",
     {{CTL_OPERAND, "DELIVERY", CTL_LOCAL, "", true, "its number"}}},
    {"outbox hold", "Start no attempt to a destination until it is released; what comes waits.",
     CTL_REMOTE, "POST", "/control/outbox/hold", NULL, "",
     {{CTL_OPERAND, "LANE", CTL_QUERY, "lane", false, "a destination, or a transport: all of its"},
      {CTL_FLAG, "--all", CTL_QUERY, "all=1", false, "all destinations"},
      {CTL_FLAG, "--urgent", CTL_QUERY, "urgent=1", false,
       "what is urgent there, which is not held otherwise"}}},
    {"outbox release", "Let a held destination go.",
     CTL_REMOTE, "POST", "/control/outbox/release", NULL, "",
     {{CTL_OPERAND, "LANE", CTL_QUERY, "lane", false, "as it was held"},
      {CTL_FLAG, "--all", CTL_QUERY, "all=1", false, "all that are held"},
      {CTL_FLAG, "--urgent", CTL_QUERY, "urgent=1", false, "what is urgent there"}}},
    {"outbox retry", "Try now what waits for its next attempt.",
     CTL_REMOTE, "POST", "/control/outbox/retry", NULL, "",
     {{CTL_OPERAND, "LANE|DELIVERY", CTL_QUERY, "lane", false,
       "a destination, a transport, or the number of a delivery"},
      {CTL_FLAG, "--all", CTL_QUERY, "all=1", false, "all destinations"}}},
    {"outbox cancel", "End a delivery that waits; the next contact or step runs at once.",
     CTL_REMOTE, "POST", "/control/outbox/cancel/", NULL, "",
     {{CTL_OPERAND, "DELIVERY", CTL_PATH, "", true, "its number"},
      {CTL_OPTION, "--code", CTL_QUERY, "CODE", true,
       "why, a word of a-z and _ that is kept in the audit: told_by_phone"}}},
    {"outbox resend", "Send once more what has left or failed, marked as perhaps a copy.",
     CTL_REMOTE, "POST", "/control/outbox/resend/", NULL, "",
     {{CTL_OPERAND, "DELIVERY", CTL_PATH, "", true, "its number"},
      {CTL_OPTION, "--to", CTL_QUERY, "CONTACT", false, "another contact of the same unit: egh/2"}}},
    {"outbox", "What waits: destination by age in minutes, what it does now, last error.",
     CTL_OUTBOX, "GET", "/control/outbox", NULL, "Nothing waits.",
     {{CTL_FLAG, "--urgent", CTL_LOCAL, "", false, "only what is urgent"}}},
    {"item list", "Open items.",
     CTL_REMOTE, "GET", "/control/items", NULL, "No items.",
     {{CTL_FLAG, "--all", CTL_QUERY, "state=all", false, "ended ones too"}}},
    {"item show", "One item: state, who is responsible, notices, clocks.",
     CTL_REMOTE, "GET", "/control/item/", NULL, "",
     {{CTL_OPERAND, "ID", CTL_PATH, "", true, "code of the item, as receipts and notices name it"}}},
    {"answer", "Answer an item for a unit, as its link or its case system would.",
     CTL_REMOTE, "POST", "/control/answer/", "said", "",
     {{CTL_OPERAND, "ID", CTL_PATH, "", true, "code of the item"},
      {CTL_OPERAND, "VERB", CTL_QUERY, "verb", true,
       "seen, accept, reject, full, return, conversed, approve, refuse, withdraw, contacted, cleared, confirmed, keeps, done"},
      {CTL_OPTION, "--unit", CTL_QUERY, "UNIT", true, "who answers"},
      {CTL_OPTION, "--code", CTL_QUERY, "CODE", false, "the reason, where there is a choice"}}},
    {"item close", "Close by hand: a refusal, a task, an incomplete item without a giver.",
     CTL_REMOTE, "POST", "/control/close/", NULL, "",
     {{CTL_OPERAND, "ID", CTL_PATH, "", true, "code of the refusal"},
      {CTL_OPERAND, "CODE", CTL_QUERY, "code", true,
       "why, a word of a-z and _ that is kept in the audit: called_back, no_case"}}},
    {"explain", "Who would be told of an event and why; nothing is stored or sent.",
     CTL_REMOTE, "POST", "/control/explain", "text", "",
     {{CTL_OPERAND, "FILE", CTL_BODY, "", true, "the event as JSON; \"-\" reads standard input"},
      {CTL_OPTION, "--at", CTL_QUERY, "TIME", false, "at 2026-11-20T09:00:00+01:00, not now"}}},
    {"sms", "What a text is as an SMS: alphabet, parts, price, and how it really leaves.",
     CTL_REMOTE, "POST", "/control/sms", "said", "",
     {{CTL_OPERAND, "TEXT", CTL_QUERY, "text", false, "the text, quoted"},
      {CTL_OPTION, "--template", CTL_QUERY, "NAME", false,
       "a template instead, handover.requested, with every key at its longest"},
      {CTL_OPTION, "--transport", CTL_QUERY, "NAME", false, "not the first one for SMS"}}},
    {"who", "Who is in charge there now: unit, mailbox, telephone, deputy.",
     CTL_REMOTE, "GET", "/control/who", NULL, "Nobody but the catch-all desk.",
     {{CTL_OPERAND, "PLACE", CTL_QUERY, "place", true, "id of a place"},
      {CTL_OPERAND, "AREA", CTL_QUERY, "area", true, "legal area, sgb8 or SGB_VIII"},
      {CTL_OPERAND, "SERVICE", CTL_QUERY, "service", false, "id of a service"}}},
    {"budget list", "Budget lines: committed, total, percent, frozen or not.",
     CTL_REMOTE, "GET", "/control/budgets", NULL, "No budgets.", {{0}}},
    {"budget freeze", "Refuse new approvals on a line; what is approved goes on.",
     CTL_REMOTE, "POST", "/control/budget/freeze/", NULL, "",
     {{CTL_OPERAND, "LINE", CTL_PATH, "", true, "the budget line"}}},
    {"budget thaw", "Take approvals on a line again.",
     CTL_REMOTE, "POST", "/control/budget/thaw/", NULL, "",
     {{CTL_OPERAND, "LINE", CTL_PATH, "", true, "the budget line"}}},
    {"counts", "What units learn as a number only: items by week, few as \"1-4\".",
     CTL_REMOTE, "GET", "/control/counts", NULL, "Nothing was counted.", {{0}}},
    {"figures", "Cases per staff, computed from the configuration's caseload.",
     CTL_REMOTE, "GET", "/control/figures", NULL, "No caseload is configured.", {{0}}},
    {"digest", "What an overview would say if it were sent now.",
     CTL_REMOTE, "GET", "/control/digest/", "text", "",
     {{CTL_OPERAND, "WHICH", CTL_PATH, "", true,
       "weekly, reach, orphans or quotas (the coordinator's), quality (the oversight's), morning (a "
       "team's), share or phases (a lead's)"},
      {CTL_OPTION, "--unit", CTL_QUERY, "UNIT", false, "the team or the lead"}}},
    {"reach", "Is everybody reachable: two ways, a deputy, a covered plan? Ends with 1 when not.",
     CTL_REMOTE, "GET", "/control/reach", "text", "",
     {{CTL_OPERAND, "UNIT", CTL_QUERY, "unit", false, "only this unit"}}},
    {"drill list", "The last drills: when answered, by whom, after how many steps.",
     CTL_REMOTE, "GET", "/control/drills", NULL, "There was no drill.", {{0}}},
    {"drill", "Drill a unit (Probealarm): the real way, marked as a drill, counted in no figure.",
     CTL_REMOTE, "POST", "/control/drill", NULL, "Nobody was drilled.",
     {{CTL_OPERAND, "UNIT", CTL_QUERY, "unit", false, "id of the unit"},
      {CTL_FLAG, "--all-on-call", CTL_QUERY, "all=1", false, "every desk with an on-duty plan"},
      {CTL_OPTION, "--kind", CTL_QUERY, "KIND", false, "like an emergency (default) or a handover"},
      {CTL_FLAG, "--urgent", CTL_QUERY, "urgent=1", false, "in quiet hours, too"},
      {CTL_FLAG, "--whole-chain", CTL_QUERY, "whole=1", false,
       "up to head and coordinator, and who is on call for others"}}},
    {"absence list", "Who is or will be absent, and who stands in.",
     CTL_REMOTE, "GET", "/control/absences", NULL, "Nobody is absent.", {{0}}},
    {"absence end", "Somebody is back: end an absence now.",
     CTL_REMOTE, "POST", "/control/absence/end/", NULL, "",
     {{CTL_OPERAND, "NUMBER", CTL_PATH, "", true, "as \"absence list\" shows it"}}},
    {"absence", "Report that a unit is absent; open items go to who stands in.",
     CTL_REMOTE, "POST", "/control/absence", NULL, "",
     {{CTL_OPERAND, "UNIT", CTL_QUERY, "unit", true, "id of the unit"},
      {CTL_OPERAND, "FROM", CTL_QUERY, "from", true, "2026-11-23 or 2026-11-23T12:00"},
      {CTL_OPERAND, "TO", CTL_QUERY, "to", true, "likewise; a day is included"},
      {CTL_OPTION, "--deputy", CTL_QUERY, "UNIT", false, "who stands in, else as the directory says"}}},
    {"roster", "Who is on duty, shift by shift; \"gap\" means nobody.",
     CTL_REMOTE, "GET", "/control/roster", NULL, "There is no on-duty plan.",
     {{CTL_OPERAND, "ROSTER", CTL_QUERY, "roster", false, "only this plan"},
      {CTL_OPTION, "--at", CTL_QUERY, "TIME", false, "from 2026-11-14T22:40 on, not from now"},
      {CTL_OPTION, "--days", CTL_QUERY, "N", false, "for so many days, default 7"}}},
    {"agenda", "The agenda of a meeting as its host sees it, or another member.",
     CTL_REMOTE, "GET", "/control/agenda", "text", "",
     {{CTL_OPERAND, "MEETING_ID", CTL_QUERY, "meeting", true, "as configuration and events name it"},
      {CTL_OPTION, "--session", CTL_QUERY, "START", false,
       "of the session that begins at 2027-01-07T09:00, not of the next"},
      {CTL_OPTION, "--unit", CTL_QUERY, "UNIT", false, "as this unit sees it, not the host"}}},
    {"contacts", "Contacts that could not be reached and wait for somebody to mend them.",
     CTL_REMOTE, "GET", "/control/contacts", NULL, "All contacts could be reached.", {{0}}},
    {"certificates", "Mailboxes of class high, their certificates and when these end.",
     CTL_REMOTE, "GET", "/control/certificates", NULL, "No contact is of class high.", {{0}}},
    {"meeting list", "Meetings that are open: kind, host, the next session.",
     CTL_REMOTE, "GET", "/control/meetings", NULL, "No meetings.",
     {{CTL_FLAG, "--all", CTL_QUERY, "state=all", false, "ended ones too"}}},
    {"meeting show", "One meeting: sessions, members and their answers.",
     CTL_REMOTE, "GET", "/control/meeting/", NULL, "",
     {{CTL_OPERAND, "MEETING", CTL_PATH, "", true, "id of the meeting"}}},
    {"meeting call", "Call a single meeting; its members are invited.",
     CTL_REMOTE, "POST", "/control/meeting/call/", NULL, "",
     {{CTL_OPERAND, "MEETING", CTL_PATH, "", true, "a new id"},
      {CTL_OPTION, "--kind", CTL_QUERY, "KIND", true, "kind of meeting: clearing, fortbildung ..."},
      {CTL_OPTION, "--unit", CTL_QUERY, "UNIT", true, "who hosts it"},
      {CTL_OPTION, "--start", CTL_QUERY, "TIME", true, "2027-01-07T09:00"},
      {CTL_OPTION, "--minutes", CTL_QUERY, "N", false, "how long, default 60"},
      {CTL_OPTION, "--parties", CTL_QUERY, "UNITS", false, "a,b,c; else the members of the host"},
      {CTL_OPTION, "--room", CTL_QUERY, "ROOM", false, "where"},
      {CTL_OPTION, "--link", CTL_QUERY, "URL", false, "of an online meeting"},
      {CTL_FLAG, "--force", CTL_QUERY, "force=1", false, "although somebody cannot come"}}},
    {"meeting move", "Another time for a session; members get one update.",
     CTL_REMOTE, "POST", "/control/meeting/move/", NULL, "",
     {{CTL_OPERAND, "MEETING", CTL_PATH, "", true, "id of the meeting"},
      {CTL_OPTION, "--start", CTL_QUERY, "TIME", true, "the new time, 2027-02-09T10:00"},
      {CTL_OPTION, "--session", CTL_QUERY, "START", false, "one session, by its start as the rule has it: 2027-02-04T09:00"}}},
    {"meeting cancel", "Cancel a meeting, or one session of it; everyone invited hears of it.",
     CTL_REMOTE, "POST", "/control/meeting/cancel/", NULL, "",
     {{CTL_OPERAND, "MEETING", CTL_PATH, "", true, "id of the meeting"},
      {CTL_OPTION, "--session", CTL_QUERY, "START", false, "one session, by its start as the rule has it: 2027-02-04T09:00"},
      {CTL_OPTION, "--code", CTL_QUERY, "CODE", false,
       "weather (moves to the rain date), illness, no_quorum, other"}}},
    {"meeting mode", "Hold meetings online or in a room from a day on; one update for each.",
     CTL_REMOTE, "POST", "/control/meeting/mode/", NULL, "",
     {{CTL_OPERAND, "MODE", CTL_PATH, "", true, "room, online, both, phone"},
      {CTL_OPTION, "--from", CTL_QUERY, "DAY", false, "from that day on"},
      {CTL_OPTION, "--kind", CTL_QUERY, "KIND", false, "only this kind"},
      {CTL_OPTION, "--meeting", CTL_QUERY, "MEETING", false, "only this meeting"},
      {CTL_OPTION, "--link", CTL_QUERY, "URL", false, "where, for online"},
      {CTL_OPTION, "--room", CTL_QUERY, "ROOM", false, "where, for a room"}}},
    {"meeting held", "Say that a session took place, or that it did not.",
     CTL_REMOTE, "POST", "/control/meeting/held/", NULL, "",
     {{CTL_OPERAND, "MEETING", CTL_PATH, "", true, "id of the meeting"},
      {CTL_OPTION, "--session", CTL_QUERY, "START", false, "one session, by its start as the rule has it: 2027-02-04T09:00"},
      {CTL_FLAG, "--not", CTL_QUERY, "not=1", false, "it did not"}}},
    {"meeting minutes", "Say that the minutes are filed; their reminders stop.",
     CTL_REMOTE, "POST", "/control/meeting/minutes/", NULL, "",
     {{CTL_OPERAND, "MEETING", CTL_PATH, "", true, "id of the meeting"},
      {CTL_OPTION, "--session", CTL_QUERY, "START", false, "one session, by its start as the rule has it: 2027-02-04T09:00"}}},
    {"meeting answer", "Answer an invitation for a unit.",
     CTL_REMOTE, "POST", "/control/meeting/answer/", "said", "",
     {{CTL_OPERAND, "MEETING", CTL_PATH, "", true, "id of the meeting"},
      {CTL_OPERAND, "ANSWER", CTL_QUERY, "answer", true, "accepted, declined, tentative, deputy"},
      {CTL_OPTION, "--unit", CTL_QUERY, "UNIT", true, "who answers"},
      {CTL_OPTION, "--session", CTL_QUERY, "START", false, "one session, by its start as the rule has it: 2027-02-04T09:00"}}},
    {"poll list", "Open polls: what about, until when, how many have answered.",
     CTL_REMOTE, "GET", "/control/polls", NULL, "No polls.",
     {{CTL_FLAG, "--all", CTL_QUERY, "state=all", false, "ended ones too"}}},
    {"poll show", "One poll: its choices, who has chosen what, who is silent.",
     CTL_REMOTE, "GET", "/control/poll/", NULL, "",
     {{CTL_OPERAND, "CODE", CTL_PATH, "", true, "code of the poll"}}},
    {"poll close", "Close a poll now: the date with most votes is booked, the office gets the list.",
     CTL_REMOTE, "POST", "/control/poll/close/", NULL, "",
     {{CTL_OPERAND, "CODE", CTL_PATH, "", true, "code of the poll"}}},
    {"poll vote", "Answer a poll for a unit, as its link would; replaces an earlier answer.",
     CTL_REMOTE, "POST", "/control/poll/vote/", "said", "",
     {{CTL_OPERAND, "CODE", CTL_PATH, "", true, "code of the poll"},
      {CTL_OPTION, "--unit", CTL_QUERY, "UNIT", true, "who answers"},
      {CTL_OPTION, "--choices", CTL_QUERY, "NUMBERS", true, "1,3, or none: nothing fits"}}},
    {"meeting collisions", "Who of a meeting is absent, in another meeting or not in the office then.",
     CTL_REMOTE, "GET", "/control/collisions", NULL, "Nothing stands in the way.",
     {{CTL_OPERAND, "MEETING", CTL_QUERY, "meeting", false, "id of a meeting: its sessions to come"},
      {CTL_OPTION, "--unit", CTL_QUERY, "UNIT", false, "not a meeting, but a unit or body with its members"},
      {CTL_OPTION, "--start", CTL_QUERY, "TIME", false, "then: 2026-11-23T12:00"},
      {CTL_OPTION, "--duration", CTL_QUERY, "DURATION", false, "so long: 30m, 2h"}}},
    {"send", "Hand in an event by hand and print its receipt.",
     CTL_REMOTE, "POST", "/control/send", NULL, "",
     {{CTL_OPERAND, "FILE", CTL_BODY, "", true, "the event as JSON; \"-\" reads standard input"},
      {CTL_OPTION, "--source", CTL_QUERY, "NAME", false, "as if this source had sent it"},
      {CTL_FLAG, "--late", CTL_QUERY, "late=1", false, "older than the memory of known ids"}}},
    {"mail-in", "Take a mail from a mail server (pipe): a bounce, or a reply to an invitation.",
     CTL_MAIL_IN, "POST", "/control/mail-in", "said", "",
     {{CTL_OPERAND, "FILE", CTL_BODY, "", false, "the mail; without it, standard input"},
      {CTL_OPTION, "--recipient", CTL_QUERY, "ADDRESS", false, "of the envelope; else by the headers"},
      {CTL_OPTION, "--sender", CTL_QUERY, "ADDRESS", false, "of the envelope; <> or MAILER-DAEMON: none"}}},
    {"ledger", "Check the whole store: is anybody lost? Ends with 0 when all is well, 1 when not.",
     CTL_LEDGER, "", "", NULL, "",
     {{CTL_OPTION, "--at", CTL_LOCAL, "TIME", false,
       "as of 2026-11-20T09:00:00+01:00, not now (for a test clock)"}}},
    {"backup", "Copy the store while the daemon runs.",
     CTL_BACKUP, "", "", NULL, "",
     {{CTL_OPERAND, "FILE", CTL_LOCAL, "", true, "a new file"}}},
    {"restore", "Put a backup in the place of the store; the daemon must be stopped.",
     CTL_RESTORE, "", "", NULL, "",
     {{CTL_OPERAND, "FILE", CTL_LOCAL, "", true, "a file made by backup"}}},
    {"feed", "Address of a unit's calendar feed: its meetings, to subscribe to.",
     CTL_REMOTE, "POST", "/control/feed/", "url", "",
     {{CTL_OPERAND, "UNIT", CTL_PATH, "", true, "id of the unit"},
      {CTL_FLAG, "--new", CTL_QUERY, "new=1", false,
       "a new one; who has the old one sees nothing any more"}}},
    {"release", "Let a restored store send again.",
     CTL_REMOTE, "POST", "/control/release", NULL, "", {{0}}},
    {"erase", "Erase a case for good; refuses while an item of it is open.",
     CTL_REMOTE, "POST", "/control/erase", NULL, "",
     {{CTL_OPERAND, "CASE_REF", CTL_QUERY, "case_ref", true, "as the case system writes it"},
      {CTL_FLAG, "--force", CTL_QUERY, "force=1", false,
       "open items, too; the units that wait are told"}}},
    {"export", "Everything kept about a case; or the permission matrix, the processing record.",
     CTL_EXPORT, "", "", NULL, "",
     {{CTL_OPERAND, "CASE_REF", CTL_LOCAL, "", false, "as the case system writes it"},
      {CTL_FLAG, "--permissions", CTL_LOCAL, "", false, "who may tell whom what"},
      {CTL_FLAG, "--record", CTL_LOCAL, "", false, "processing record (Art. 30 DSGVO)"}}},
    {"audit verify", "Follow the chain of the audit trail and print its head.",
     CTL_AUDIT_VERIFY, "", "", NULL, "", {{0}}},
    {"audit show", "What the audit trail says of an item.",
     CTL_AUDIT_SHOW, "", "", NULL, "",
     {{CTL_OPERAND, "ID", CTL_LOCAL, "", true, "code of the item"}}},
    {"clock advance", "Only with a test clock: move it, return when nothing is due or in flight.",
     CTL_REMOTE, "POST", "/control/clock", NULL, "",
     {{CTL_OPERAND, "DURATION", CTL_QUERY, "advance", true, "15m, 2h, 3d"}}},
    {"states", "The state machine of handover, referral, emergency, refusal, task or deadline.",
     CTL_STATES, "", "", NULL, "",
     {{CTL_OPERAND, "KIND", CTL_LOCAL, "", true, "handover, referral, emergency, refusal, task, deadline"},
      {CTL_FLAG, "--dot", CTL_LOCAL, "dot", false, "as a graph for Graphviz"}}},
    {"classes", "How endings of an attempt are judged and what follows; needs no daemon.",
     CTL_CLASSES, "", "", NULL, "",
     {{CTL_OPERAND, "REPLY", CTL_LOCAL, "", false, "only the class of a mail server's answer: \"550 5.1.1 unknown\""},
      {CTL_OPTION, "--stage", CTL_LOCAL, "STAGE", false,
       "when it came: session, rcpt (default), data, or dot: all was handed over"},
      {CTL_OPTION, "--http", CTL_LOCAL, "STATUS", false, "of an HTTP answer: 429"},
      {CTL_OPTION, "--curl", CTL_LOCAL, "NUMBER", false, "of libcurl's ending: 28"}}},
    {"presets", "SMS gateways that are known by name, and how far each is tested.",
     CTL_PRESETS, "", "", NULL, "", {{0}}},
    {"deadline", "When a statutory period ends and why; needs no daemon.",
     CTL_DEADLINE, "", "", NULL, "",
     {{CTL_OPERAND, "START", CTL_LOCAL, "", true, "2026-12-23, or 2026-12-18T16:00 for hours"},
      {CTL_OPERAND, "LENGTH", CTL_LOCAL, "", true,
       "\"2 weeks\", \"7 Werktage\", \"3 Arbeitstage\", \"2 months\", or a clock: C1, C3/expert"},
      {CTL_OPERAND, "CALENDAR", CTL_LOCAL, "", true,
       "key of the authority's seat: BW, NW, SH, BY+mh"}}},
    {"watch", "From another machine: run a command or mail when a gateway is silent or not well.",
     CTL_WATCH, "", "", NULL, "",
     {{CTL_OPTION, "--broker", CTL_LOCAL, "HOST:PORT", true, "the MQTT broker; 8883 means TLS"},
      {CTL_OPTION, "--username", CTL_LOCAL, "USER", false, "for the broker"},
      {CTL_OPTION, "--password-file", CTL_LOCAL, "FILE", false, "for the broker"},
      {CTL_OPTION, "--ca-file", CTL_LOCAL, "FILE", false, "certificates to trust; means TLS"},
      {CTL_OPTION, "--instance", CTL_LOCAL, "NAME", true, "gateway to watch, or \"all\""},
      {CTL_OPTION, "--after", CTL_LOCAL, "DURATION", false, "silence that is trouble; default 5m"},
      {CTL_OPTION, "--command", CTL_LOCAL, "COMMAND", false,
       "run by sh; STAFETTE_INSTANCE and STAFETTE_REASON are set"},
      {CTL_OPTION, "--mail-to", CTL_LOCAL, "ADDRESS", false, "or mail to this address"},
      {CTL_OPTION, "--mail-from", CTL_LOCAL, "ADDRESS", false, "the sender"},
      {CTL_OPTION, "--relay", CTL_LOCAL, "URL", false,
       "smtp://host:port (TLS unless on a loopback address) or smtps://host:port"}}},
    {NULL, NULL, CTL_REMOTE, NULL, NULL, NULL, NULL, {{0}}},
};
/* clang-format on */

const struct ctl_command *ctl_commands(void)
{
    return table;
}

/* How many of the arguments are the words of the command; 0 when they are others. */
static int match_words(const struct ctl_command *c, int argc, char *const *argv)
{
    const char *space = strchr(c->words, ' ');
    size_t first = space ? (size_t)(space - c->words) : strlen(c->words);
    if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], c->words, first) != 0)
        return 0;
    if (!space)
        return 1;
    return argc > 1 && str_eq(argv[1], space + 1) ? 2 : 0;
}

/* "item" alone, or with a word that is not its own: names those that it has. */
static bool unknown_second_word(const char *said, struct buf *err)
{
    struct buf words = BUF_INIT;
    for (const struct ctl_command *c = table; c->words; c++) {
        const char *space = strchr(c->words, ' ');
        if (!space || strlen(said) != (size_t)(space - c->words) || !str_starts(c->words, said))
            continue;
        buf_printf(&words, "%s\"%s\"", words.len ? ", " : "", c->words);
    }
    bool found = words.len > 0;
    if (found)
        buf_printf(err, "there is no command \"%s\" alone; there is %s", said, buf_str(&words));
    buf_release(&words);
    return found;
}

static void unknown_command(const char *said, struct buf *err)
{
    if (unknown_second_word(said, err))
        return;
    const char *nearest = NULL;
    unsigned best = 3;
    for (const struct ctl_command *c = table; c->words; c++) {
        char first[32];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(c->words, " "), c->words);
        unsigned distance = str_distance(said, first, 2);
        if (distance < best) {
            best = distance;
            nearest = c->words;
        }
    }
    buf_printf(err, "there is no command \"%s\"%s%s%s; stafettectl --help lists them", said,
               nearest ? ", did you mean \"" : "", nearest ? nearest : "", nearest ? "\"" : "");
}

static const struct ctl_param *find_option(const struct ctl_command *c, const char *name,
                                           size_t len)
{
    for (const struct ctl_param *p = c->param; p->form != CTL_END; p++)
        if (p->form != CTL_OPERAND && strlen(p->name) == len && strncmp(p->name, name, len) == 0)
            return p;
    return NULL;
}

/* "--name value", "--name=value" or "--flag" at argv[*i]. */
static int read_option(struct ctl_use_of *use, int argc, char *const *argv, int *i, struct buf *err)
{
    const char *word = argv[*i], *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const struct ctl_param *p = find_option(use->command, word, len);
    if (!p && (str_eq(word, "-c") || str_starts(word, "--config") || str_starts(word, "--socket") ||
               str_eq(word, "--json"))) {
        buf_printf(err, "%s stands before the command: stafettectl %s ... %s", word, word,
                   use->command->words);
        return -1;
    }
    if (!p || (p->form == CTL_FLAG && equals)) {
        buf_printf(err, "%s has no option %s; see stafettectl %s --help", use->command->words, word,
                   use->command->words);
        return -1;
    }
    const char **value = &use->value[p - use->command->param];
    if (*value) {
        buf_printf(err, "%s is given twice", p->name);
        return -1;
    }
    if (p->form == CTL_FLAG) {
        *value = "1";
    } else if (equals) {
        *value = equals + 1;
    } else if (*i + 1 < argc) {
        *value = argv[++*i];
    } else {
        buf_printf(err, "%s needs a value: %s %s", p->name, p->name, p->key);
        return -1;
    }
    return 0;
}

static int read_operand(struct ctl_use_of *use, const char *word, struct buf *err)
{
    for (const struct ctl_param *p = use->command->param; p->form != CTL_END; p++) {
        const char **value = &use->value[p - use->command->param];
        if (p->form != CTL_OPERAND || *value)
            continue;
        *value = word;
        return 0;
    }
    buf_printf(err, "\"%s\" is one argument too many; see stafettectl %s --help", word,
               use->command->words);
    return -1;
}

static int check_needed(const struct ctl_use_of *use, struct buf *err)
{
    for (const struct ctl_param *p = use->command->param; p->form != CTL_END; p++) {
        if (!p->needed || use->value[p - use->command->param])
            continue;
        buf_printf(err, "%s is missing; see stafettectl %s --help", p->name, use->command->words);
        return -1;
    }
    return 0;
}

int ctl_parse(struct ctl_use_of *use, int argc, char *const *argv, struct buf *err)
{
    int words = 0;
    *use = (struct ctl_use_of){0};
    for (const struct ctl_command *c = table; c->words && !words; c++) {
        words = match_words(c, argc, argv);
        use->command = c;
    }
    if (!words) {
        unknown_command(argc > 0 ? argv[0] : "", err);
        return -1;
    }
    bool options = true;
    for (int i = words; i < argc; i++) {
        int rc;
        if (options && str_eq(argv[i], "--")) {
            options = false;
            continue;
        }
        if (options && str_eq(argv[i], "--help")) {
            use->help = true;
            return 0;
        }
        if (options && argv[i][0] == '-' && argv[i][1])
            rc = read_option(use, argc, argv, &i, err);
        else
            rc = read_operand(use, argv[i], err);
        if (rc < 0)
            return -1;
    }
    return check_needed(use, err);
}

const char *ctl_value(const struct ctl_use_of *use, const char *name)
{
    for (const struct ctl_param *p = use->command->param; p->form != CTL_END; p++)
        if (str_eq(p->name, name) && use->value[p - use->command->param])
            return use->value[p - use->command->param];
    return "";
}

static void put_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x80 && (isalnum(c) || strchr("-_.~", c)))
            buf_addc(out, *text);
        else
            buf_printf(out, "%%%02X", c);
    }
}

/* The key of an option's query member is its name without the dashes. */
static void put_query(struct buf *out, const struct ctl_param *p, const char *value)
{
    buf_addc(out, strchr(buf_str(out), '?') ? '&' : '?');
    if (p->form == CTL_FLAG) {
        buf_puts(out, p->key);
        return;
    }
    buf_printf(out, "%s=", p->form == CTL_OPTION ? p->name + 2 : p->key);
    put_escaped(out, value);
}

void ctl_target(struct buf *out, const struct ctl_use_of *use)
{
    buf_puts(out, use->command->path);
    for (const struct ctl_param *p = use->command->param; p->form != CTL_END; p++) {
        const char *value = use->value[p - use->command->param];
        if (value && p->use == CTL_PATH)
            put_escaped(out, value);
        if (value && p->use == CTL_QUERY)
            put_query(out, p, value);
    }
}

const char *ctl_body_file(const struct ctl_use_of *use)
{
    for (const struct ctl_param *p = use->command->param; p->form != CTL_END; p++)
        if (p->use == CTL_BODY && use->value[p - use->command->param])
            return use->value[p - use->command->param];
    return "";
}

static void put_usage(struct buf *out, const struct ctl_command *c)
{
    buf_puts(out, c->words);
    for (const struct ctl_param *p = c->param; p->form != CTL_END; p++)
        buf_printf(out, " %s%s%s%s%s", p->needed ? "" : "[", p->name,
                   p->form == CTL_OPTION ? " " : "", p->form == CTL_OPTION ? p->key : "",
                   p->needed ? "" : "]");
}

void ctl_help_all(struct buf *out)
{
    buf_puts(out, "usage: stafettectl [-c DIRECTORY | --socket PATH] [--json] COMMAND ...\n\n");
    for (const struct ctl_command *c = table; c->words; c++) {
        struct buf usage = BUF_INIT;
        put_usage(&usage, c);
        if (c->local == CTL_WATCH)
            buf_printf(out, "  %s ...\n", c->words);
        else
            buf_printf(out, "  %s\n", buf_str(&usage));
        buf_printf(out, "      %s\n", c->help);
        buf_release(&usage);
    }
    buf_puts(out, "\n  -c DIRECTORY   configuration of the daemon (default /etc/stafette)\n"
                  "  --socket PATH  its control socket, instead of looking it up\n"
                  "  --json         print the answer as it came\n"
                  "  --version      print the version\n"
                  "  --help         this text; behind a command, its arguments\n");
}

void ctl_help_one(struct buf *out, const struct ctl_command *c)
{
    buf_puts(out, "usage: stafettectl ");
    put_usage(out, c);
    buf_printf(out, "\n\n%s\n", c->help);
    for (const struct ctl_param *p = c->param; p->form != CTL_END; p++) {
        struct buf name = BUF_INIT;
        buf_printf(&name, "%s%s%s", p->name, p->form == CTL_OPTION ? " " : "",
                   p->form == CTL_OPTION ? p->key : "");
        buf_printf(out, "%s  %-22s %s\n", p == c->param ? "\n" : "", buf_str(&name), p->help);
        buf_release(&name);
    }
}
