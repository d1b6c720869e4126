/*
 * The schema: see schema.h. Times are milliseconds since 1970 UTC, 0 meaning "not". Each table
 * names its retention class (DOMAIN R19), which the eraser and a test read:
 *
 *   -- retention: closed+90d   case data, erased 90 days after the item is closed
 *   -- retention: audit        24 months, content erasable before, links stay
 *   -- retention: memory       35 days, for recognising repeats
 *   -- retention: roster       180 days after it ended
 *   -- retention: keep         no personal data at all
 */
#include "schema.h"

#include <string.h>

#include "buf.h"
#include "util.h"

static const char *const migrations[] = {
    /* 1: first light */
    "create table meta (" /* retention: keep */
    "  name text primary key,"
    "  value text not null"
    ") strict, without rowid;"

    "create table intern (" /* retention: keep */
    "  intern_id integer primary key,"
    "  text text not null unique"
    ") strict;"

    "create table template (" /* retention: keep */
    "  template_id integer primary key,"
    "  hash text not null unique,"
    "  name text not null,"
    "  text text not null"
    ") strict;"

    "create table event (" /* retention: memory */
    "  event_seq integer primary key,"
    "  id_hash blob not null,"       /* keyed hash of (source, id) */
    "  envelope_hash blob not null," /* keyed hash of the bytes as received */
    "  received_ms integer not null,"
    "  source text not null,"
    "  event_id text not null,"
    "  type text not null,"
    "  outcome integer not null,"
    "  item_seq integer not null," /* 0: none */
    "  data text not null,"        /* validated fields; '' when refused */
    "  faults text not null"       /* JSON list; '' when none */
    ") strict;"

    "create table item (" /* retention: closed+90d */
    "  item_seq integer primary key,"
    "  kind integer not null,"
    "  state integer not null,"
    "  case_key integer not null," /* keyed hash of case_ref, 0: none */
    "  case_ref text not null,"
    "  source text not null,"
    "  event_seq integer not null," /* the requesting event */
    "  from_unit text not null,"
    "  to_unit text not null,"
    "  owner_unit text not null,"   /* who is responsible now */
    "  waiting_unit text not null," /* who must answer now; '' when closed */
    "  place text not null,"
    "  area text not null,"
    "  service text not null,"
    "  basis text not null,"
    "  rule text not null,"
    "  urgency integer not null,"
    "  restricted integer not null,"
    "  limits_id integer not null," /* frozen policy: intern */
    "  created_ms integer not null,"
    "  changed_ms integer not null,"
    "  closed_ms integer not null" /* 0: open */
    ") strict;"
    "create index item_case on item (case_key);"
    "create index item_open on item (item_seq) where closed_ms = 0;"

    "create table notice (" /* retention: closed+90d */
    "  notice_seq integer primary key,"
    "  item_seq integer not null references item,"
    "  unit text not null,"
    "  reason integer not null,"
    "  template_name text not null,"
    "  deadline_ms integer not null,"
    "  outcome text not null,"     /* German sentence, '' when none */
    "  doubtful integer not null," /* 1: perhaps sent before a restore */
    "  created_ms integer not null"
    ") strict;"
    "create index notice_item on notice (item_seq);"

    "create table delivery (" /* retention: closed+90d */
    "  delivery_seq integer primary key,"
    "  notice_seq integer not null references notice,"
    "  item_seq integer not null,"
    "  contact text not null," /* contact id, never an address */
    "  channel integer not null,"
    "  lane_id integer not null," /* destination: intern */
    "  template_id integer not null references template,"
    "  urgent integer not null,"
    "  state integer not null,"
    "  attempts integer not null,"
    "  next_ms integer not null,"
    "  expires_ms integer not null,"
    "  created_ms integer not null,"
    "  ended_ms integer not null,"
    "  class integer not null,"
    "  code integer not null,"
    "  provider_id text not null"
    ") strict;"
    "create index delivery_due on delivery (lane_id, next_ms) where state = 0;"
    "create index delivery_item on delivery (item_seq);"

    "create table clock (" /* retention: closed+90d */
    "  clock_seq integer primary key,"
    "  item_seq integer not null references item,"
    "  kind integer not null,"
    "  step integer not null,"
    "  due_ms integer not null,"
    "  state integer not null," /* 0 open, 1 fired, 2 cancelled */
    "  fired_ms integer not null,"
    "  effect_seq integer not null" /* audit row of what it did */
    ") strict;"
    "create index clock_due on clock (due_ms) where state = 0;"
    "create index clock_item on clock (item_seq) where state = 0;"

    "create table out_event (" /* retention: closed+90d; deleted when settled */
    "  out_seq integer primary key,"
    "  item_seq integer not null,"
    "  topic text not null,"
    "  payload text not null"
    ") strict;"

    "create table audit (" /* retention: audit */
    "  audit_seq integer primary key,"
    "  at_ms integer not null,"
    "  item_seq integer not null,"
    "  salt blob not null," /* erased together with content */
    "  content text not null,"
    "  commitment blob not null," /* SHA-256(salt, content): stays */
    "  link blob not null"        /* SHA-256(previous link, seq, at, commitment) */
    ") strict;"
    "create index audit_item on audit (item_seq);",

    /* 2: closed loops */
    "alter table item add column parent_seq integer not null default 0;" /* task of that item */
    "alter table item add column flags integer not null default 0;"      /* enum item_flag */
    "alter table item add column returns integer not null default 0;"    /* times given back */
    "alter table item add column code text not null default '';" /* task, phase, clock, reason */
    "alter table item add column complexity text not null default '';"
    "alter table item add column budget_line text not null default '';"
    "alter table item add column amount_cents integer not null default 0;"
    "alter table item add column due_day integer not null default 0;" /* valid until, expected,
                                                                       * end of a statutory clock */
    "create index item_parent on item (parent_seq) where parent_seq > 0;"

    "create table absence (" /* retention: roster */
    "  absence_seq integer primary key,"
    "  unit text not null,"
    "  from_ms integer not null,"
    "  to_ms integer not null,"
    "  deputy text not null" /* unit that stands in; '': as the directory says */
    ") strict;"
    "create index absence_unit on absence (unit, to_ms);"

    "create table duty (" /* retention: roster; overrides of on-duty plans */
    "  duty_seq integer primary key,"
    "  roster text not null,"
    "  from_ms integer not null,"
    "  to_ms integer not null,"
    "  unit text not null" /* who has the first line instead */
    ") strict;"
    "create index duty_roster on duty (roster, to_ms);"

    "create table answer_use (" /* retention: closed+90d; answer links that were used */
    "  delivery_seq integer not null,"
    "  purpose integer not null,"
    "  item_seq integer not null,"
    "  used_ms integer not null,"
    "  primary key (delivery_seq, purpose)"
    ") strict, without rowid;"
    "create index answer_use_item on answer_use (item_seq);"

    "create table sms_code (" /* retention: closed+90d; numbers by which a phone answers */
    "  contact text not null,"
    "  number integer not null," /* 10-999 */
    "  item_seq integer not null,"
    "  given_ms integer not null,"
    "  primary key (contact, number)"
    ") strict, without rowid;"
    "create index sms_code_item on sms_code (item_seq);"

    "create table contact_flag (" /* retention: keep; contacts that could not be reached */
    "  contact text primary key,"
    "  class integer not null,"
    "  failures integer not null,"
    "  since_ms integer not null"
    ") strict, without rowid;"

    "create table budget (" /* retention: keep */
    "  line text primary key,"
    "  committed_cents integer not null,"
    "  total_cents integer not null,"
    "  frozen integer not null,"
    "  told_percent integer not null" /* highest threshold that the lead was told of */
    ") strict, without rowid;"

    "create table milestone (" /* retention: closed+90d; steps of a case that came in order */
    "  case_key integer not null,"
    "  step integer not null,"
    "  at_ms integer not null,"
    "  primary key (case_key, step)"
    ") strict, without rowid;",

    /* 3: routing of referrals, notices that may not leave */
    "create table tally (" /* retention: keep; how many items a unit learns only as a number */
    "  unit text not null,"
    "  week integer not null," /* its Monday, days since 1970 */
    "  items integer not null,"
    "  primary key (unit, week)"
    ") strict, without rowid;"
    "create index item_load on item (to_unit) where kind = 1 and closed_ms = 0;"
    "create index item_pool on item (service, place, created_ms)"
    "  where kind = 1 and closed_ms = 0;"
    "create index delivery_held on delivery (delivery_seq) where state = 4;",
    /* 4: stand-ins */
    "alter table notice add column instead_of text not null default '';", /* unit stood in for */

    /* 5: finding all rows of an item, so that they can be erased, removed in time and shown; the
     * second and third also for the foreign keys, which would walk the whole table otherwise */
    "create index event_item on event (item_seq);"
    "drop index clock_item;"
    "create index clock_item on clock (item_seq);"
    "create index delivery_notice on delivery (notice_seq);"
    "create index item_closed on item (closed_ms) where closed_ms > 0;",

    /* 6: meetings. Seconds on the wall in Berlin end in _s (ical.h) */
    "create table meeting (" /* retention: closed+90d */
    "  item_seq integer primary key references item,"
    "  meeting_id text not null,"
    "  kind text not null,"
    "  unit text not null,"       /* host */
    "  origin integer not null,"  /* configuration, event, control call, handover */
    "  start_s integer not null," /* first session, or where the rule begins; 0: date is sought */
    "  duration_s integer not null,"
    "  rule text not null,"         /* RFC 5545; '' when none */
    "  until_day integer not null," /* last day of the rule; 0: none */
    "  holiday integer not null,"
    "  school integer not null," /* 1: school holidays are left out */
    "  mode integer not null,"   /* in person, online, by telephone */
    "  room text not null,"
    "  link text not null,"
    "  dial_in text not null,"
    "  rain_day integer not null,"
    "  sequence integer not null,"  /* SEQUENCE of the master */
    "  planned_s integer not null," /* sessions are planned up to here */
    "  setup_hash text not null"    /* of its definition in the configuration; '' when none */
    ") strict;"
    "create index meeting_by_id on meeting (meeting_id);"
    "create index meeting_host on meeting (unit, kind);"

    "create table session (" /* retention: closed+90d */
    "  session_seq integer primary key,"
    "  item_seq integer not null references item,"
    "  original_s integer not null," /* as the rule has it: its name for ever */
    "  start_s integer not null,"
    "  duration_s integer not null,"
    "  state integer not null,"
    "  sequence integer not null," /* 0: as the master */
    "  mode integer not null,"
    "  room text not null,"
    "  link text not null,"
    "  why text not null,"          /* name of the holiday; '' as ruled */
    "  frozen_ms integer not null," /* agenda is closed since */
    "  minutes_ms integer not null" /* minutes were filed */
    ") strict;"
    "create index session_item on session (item_seq, original_s);"
    "create index session_time on session (start_s) where state = 0;"

    "create table member (" /* retention: closed+90d */
    "  item_seq integer not null references item,"
    "  unit text not null,"
    "  session_seq integer not null," /* 0: the whole meeting */
    "  role integer not null,"
    "  class integer not null,"        /* staff, provider, citizen */
    "  sessions_max integer not null," /* leaves after so many; 0: stays */
    "  status integer not null,"       /* PARTSTAT */
    "  sequence integer not null,"     /* that the answer was about */
    "  stamp_ms integer not null,"     /* DTSTAMP of the answer */
    "  via integer not null,"
    "  invited_ms integer not null,"
    "  primary key (item_seq, unit, session_seq)"
    ") strict, without rowid;"
    "create index member_unit on member (unit);"

    "create table agenda (" /* retention: closed+90d */
    "  agenda_seq integer primary key,"
    "  item_seq integer not null references item," /* the meeting */
    "  session_seq integer not null,"              /* 0: the next that is not frozen */
    "  block integer not null,"                    /* A: cases, B: without */
    "  about_seq integer not null,"                /* item of the case; 0: none known */
    "  case_key integer not null,"
    "  case_ref text not null,"
    "  reason text not null,"
    "  change text not null,"
    "  basis text not null,"
    "  consent integer not null,"
    "  minutes integer not null,"
    "  by_unit text not null,"
    "  source text not null," /* who hears what became of it */
    "  state integer not null,"
    "  added_ms integer not null,"
    "  changed_ms integer not null"
    ") strict;"
    "create index agenda_item on agenda (item_seq, session_seq);"
    "create index agenda_case on agenda (case_key) where case_key <> 0;"
    "create index agenda_about on agenda (about_seq) where about_seq > 0;"
    "create index agenda_ended on agenda (changed_ms) where state > 0;"
    "create index item_pressed_from on item (from_unit)" /* overdue or given back twice: few */
    "  where kind = 0 and closed_ms = 0 and flags & 1025;"
    "create index item_pressed_to on item (to_unit)"
    "  where kind = 0 and closed_ms = 0 and flags & 1025;"

    "create table poll (" /* retention: closed+90d */
    "  item_seq integer primary key references item,"
    "  meeting_id text not null," /* that it is about; its parent item, when it seeks a date */
    "  due_ms integer not null,"  /* closes then */
    "  quorum integer not null"   /* closes when so many have answered */
    ") strict;"
    "create index poll_by_id on poll (meeting_id);"

    "create table choice (" /* retention: closed+90d; what a poll offers */
    "  item_seq integer not null references item,"
    "  number integer not null,"
    "  start_s integer not null," /* 0: no date */
    "  option text not null,"     /* unit or meeting; '' for a date */
    "  primary key (item_seq, number)"
    ") strict, without rowid;"

    "create table vote (" /* retention: closed+90d */
    "  item_seq integer not null references item,"
    "  unit text not null,"
    "  number integer not null," /* 0: was asked; else a choice of its answer */
    "  at_ms integer not null,"  /* when it answered; 0: not yet */
    "  primary key (item_seq, unit, number)"
    ") strict, without rowid;"

    "alter table notice add column session_seq integer not null default 0;"
    "alter table clock add column session_seq integer not null default 0;"
    /* those that end in a person are counted each minute, among a million reminders too */
    "create index clock_person on clock (item_seq) where state = 0 and kind not in (3, 4, 8);"

    "create index item_referred on item (created_ms) where kind = 1;"

    /* overviews: what is overdue, what failed, which sessions are over */
    "create index item_overdue on item (waiting_unit, item_seq) where closed_ms = 0 and flags & 1;"
    "create index delivery_failed on delivery (ended_ms) where state = 2;"
    "create index session_past on session (start_s) where state in (3, 4, 5);",

    /* 7: what became of a delivery after it was sent; destinations that an operator holds; drills
     */
    "alter table delivery add column report integer not null default 0;" /* enum report_status */
    "alter table delivery add column reported_ms integer not null default 0;"
    "alter table delivery add column bundle_seq integer not null default 0;" /* left in that one's
                                                                              * mail; 0: its own */
    "alter table delivery add column warned_ms integer not null default 0;"  /* sender was told that
                                                                              * it is late */
    "create index delivery_bundle on delivery (bundle_seq) where bundle_seq > 0;"
    /* reports of gateways that name their own id; channel 1 is SMS */
    "create index delivery_provider on delivery (provider_id)"
    "  where channel = 1 and provider_id <> '';"
    /* SMS of which no report has told the end; state 1 is sent, report 3 delivered */
    "create index delivery_unreported on delivery (ended_ms)"
    "  where channel = 1 and state = 1 and report < 3;"

    "create table lane_hold (" /* retention: keep; until an operator releases it */
    "  lane text primary key," /* name of the destination, or of a transport: all of its */
    "  since_ms integer not null"
    ") strict, without rowid;"

    "create table drill (" /* retention: audit; Probealarme, measured */
    "  item_seq integer primary key,"
    "  unit text not null,"
    "  started_ms integer not null,"
    "  sent_ms integer not null,"     /* first delivery accepted; 0: not yet */
    "  answered_ms integer not null," /* 0: not yet */
    "  answered_by text not null,"    /* unit; '' = nobody yet */
    "  rungs integer not null"        /* steps of the ladder that ran before the answer */
    ") strict;",

    /* 8: the days that referrals spend in each phase; what a month's quality figure counts */
    "create table phase (" /* retention: closed+90d; of a running referral (MH6) */
    "  item_seq integer not null references item,"
    "  number integer not null," /* 1: the first */
    "  phase text not null,"
    "  begin_day integer not null," /* days since 1970, Berlin */
    "  end_day integer not null,"   /* when the next one began or the referral ended; 0: goes on */
    "  primary key (item_seq, number)"
    ") strict, without rowid;"
    "create index phase_ended on phase (end_day) where end_day > 0;"
    "create index clock_missed on clock (due_ms) where state = 1 and step = 0 and kind < 3;"
    /* the new flags (late, told above) of what is there already */
    "update item set flags = flags | 131072 where kind < 2 and item_seq in"
    "  (select item_seq from clock where state = 1 and step = 0 and kind < 3);"
    "update item set flags = flags | 262144 where kind < 2 and flags & 131072 and item_seq in"
    "  (select item_seq from notice where reason in (2, 3)"
    "   and template_name in ('handover.reminder', 'referral.reminder'));",
};

int schema_version(void)
{
    return (int)COUNT_OF(migrations);
}

static int user_version(sqlite3 *db)
{
    sqlite3_stmt *stmt;
    int version = -1;
    if (sqlite3_prepare_v2(db, "pragma user_version", -1, &stmt, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

static int migrate_one(sqlite3 *db, int version, struct buf *err)
{
    struct buf sql = BUF_INIT;
    buf_puts(&sql, "begin immediate;");
    buf_puts(&sql, migrations[version]);
    buf_printf(&sql, "pragma user_version = %d; commit;", version + 1);
    int rc = sqlite3_exec(db, buf_str(&sql), NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        buf_printf(err, "cannot bring the store to version %d: %s", version + 1,
                   sqlite3_errmsg(db));
        sqlite3_exec(db, "rollback", NULL, NULL, NULL);
    }
    buf_release(&sql);
    return rc == SQLITE_OK ? 0 : -1;
}

int schema_migrate(sqlite3 *db, int *created, struct buf *err)
{
    int version = user_version(db);
    *created = version == 0;
    if (version < 0) {
        buf_printf(err, "not a store, or not readable: %s", sqlite3_errmsg(db));
        return -1;
    }
    if (version > schema_version()) {
        buf_printf(err,
                   "the store has version %d, this program knows %d: install the newer program",
                   version, schema_version());
        return -1;
    }
    for (; version < schema_version(); version++)
        if (migrate_one(db, version, err) < 0)
            return -1;
    return 0;
}
