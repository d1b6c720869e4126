/*
 * Settings: one table of {key, type, range, default, help}; it reads them, checks them, prints the
 * commented config/stafette.conf and the man page's list, so that these never differ.
 *
 * In the files a key "mqtt.port" is `mqtt = { port = 1883; };`. Durations and sizes are texts with
 * units ("15m", "5 MB"). A relative path counts from the directory of the file that names it.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct conf_node;
struct conf_faults;

enum { MAILBOX_REPLIES, MAILBOX_BOUNCES, MAILBOXES };

struct mailbox_settings {
    char *url; /* imap://host:port/INBOX; "" = none is read */
    char *user;
    char *password_file;
    char *tls; /* "required" or "none" */
    char *ca_file;
    char *filed; /* folder into which mails are moved that were dealt with; "" = they stay */
    int64_t poll_ms;
};

/* All texts are owned by the struct; "" when not set. */
struct settings {
    /* gateway */
    char *instance;        /* name of this gateway: topic stafette/gateway/<instance> */
    char *store;           /* path of the SQLite file */
    char *erasures;        /* list of erased cases, outside the store; never "" */
    char *key_file;        /* secret keys, made with mode 0600 when missing */
    char *templates;       /* directory of the German texts */
    char *school_holidays; /* file (school.h); "" = none are known */
    char *log_level;
    char *link;        /* where recipients read the content; {code} is replaced; "" = none */
    char *source_desk; /* unit that owns refusals of unknown sources; "" = catch-all desk */

    /* mqtt */
    char *mqtt_host;
    int64_t mqtt_port;
    char *mqtt_version;   /* "5" or "3.1.1" */
    char *mqtt_client_id; /* never "" */
    char *mqtt_username;
    char *mqtt_password_file;
    bool mqtt_tls;
    char *mqtt_ca_file;
    char *mqtt_cert_file;
    char *mqtt_key_file;
    int64_t mqtt_keepalive_ms;
    int64_t mqtt_session_expiry_ms;
    int64_t mqtt_receive_max;
    int64_t mqtt_reconnect_max_ms;

    /* http */
    char *http_internal; /* "127.0.0.1:8085"; "" = off */
    char *http_public;   /* "" = off */
    char *control_socket;
    char *http_proxy; /* address whose X-Forwarded-For is believed; "" = none */

    /* answer */
    char *answer_url; /* base of answer links, no "/" at its end; "" = mails carry none */
    int64_t answer_link_hours;

    /* mail */
    char *mail_from; /* addr-spec */
    char *mail_from_name;
    char *mail_bounce;    /* envelope sender; "+<delivery>-<tag>" is put before the @; never "" */
    char *mail_id_domain; /* right side of Message-ID; never "" */

    /* meeting */
    char *meeting_reminders;     /* lead times: "7 days, 1 working day, 1 hour" */
    int64_t meeting_find_within; /* working days of the host */
    int64_t meeting_poll_days;   /* likewise: parties answer within */
    int64_t meeting_poll_slots;
    bool meeting_handover; /* handovers call their conversation */
    int64_t meeting_handover_length_ms;
    int64_t meeting_presence_answer_ms;

    struct mailbox_settings mailbox[MAILBOXES]; /* mailbox, bounce_mailbox */

    char *lmtp_listen; /* "127.0.0.1:8024", "/run/stafette/lmtp.sock"; "" = off */

    char *ledger_night; /* "06:30": local time of the coordinator's mail */

    /* digest; local times, "" = off */
    char *digest_weekly;  /* "Mo 07:00": the coordinator's overview */
    char *digest_morning; /* "07:30": of the teams that want one */
    char *digest_orphans; /* "07:00": items without an owner or a clock, when there are any */

    char *reach_weekly; /* "Mo 06:50": proof of reachability; "" = off */
    char *drill_each;   /* "4w": drills of all on-duty plans; "" = off */
    char *drill_at;     /* "Di 10:00" */

    /* delivery */
    int64_t carriers;
    int64_t in_flight_max;
    int64_t retry_first_ms;
    int64_t retry_max_ms;
    int64_t sms_in_flight_max;
    int64_t bundle_ms, contact_per_hour, domain_per_minute;
    int64_t sms_replies;
    int64_t report_within_ms;
    int64_t attempt_timeout_ms;

    /* pool */
    int64_t pool_threshold; /* open requests that make a hint (pool.h) */
    int64_t pool_days;

    int64_t review_lead_ms; /* reminders (workflow_reminder.c): before the day ... */
    int64_t visit_lead_ms;
    int64_t visit_window_ms;
    int64_t voucher_lead_ms;
    int64_t followup_call_ms; /* ... and after it */
    int64_t followup_again_ms;

    /* events */
    int64_t heartbeat_ms;
    int64_t refusal_answer_ms; /* clock of a refusal at the technical desk */
    int64_t store_max_bytes;   /* alarm above this size */

    /* ledger; the night above, with the texts */
    int64_t ledger_every_ms;
    int64_t ledger_time_limit_ms;

    /* retention (DOMAIN R19); ids are remembered ID_MEMORY_DAYS */
    int64_t retention_closed_ms; /* after the end of an item */
    int64_t retention_drill_ms;  /* after the end of a drill */
    int64_t retention_audit_ms;
    int64_t retention_roster_ms; /* after the end of an absence or a duty */
};

/* Reads all settings, reporting faults; *s is always filled (defaults). What is "" in the file and
 * follows from another setting (client_id, bounce, id_domain) is filled in. */
void settings_load(struct settings *s, struct conf_node *root, struct conf_faults *faults);
void settings_release(struct settings *s);

/* The commented configuration with every setting at its default: config/stafette.conf is this. */
void settings_print(struct buf *out);

/* The name of the i-th top-level group that settings use; NULL behind the last. */
const char *settings_group(size_t i);

#endif
