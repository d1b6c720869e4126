/*
 * The directory: places, legal areas, services, units with their contacts and deputies, sources,
 * permissions. Who is it, and who may be told? Loaded whole from the configuration, immutable
 * afterwards, replaced whole by a reload. Pure: no I/O, no clock.
 *
 * All texts are owned by the directory and live as long as it does. Ids are [a-z0-9_-]+ of at most
 * ID_MAX - 1 bytes. Lookups return NULL when there is no such thing.
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lead.h"
#include "limits.h"
#include "meeting_kind.h"
#include "quota.h"
#include "roster.h"
#include "series.h"
#include "stafette.h"
#include "walltime.h"
#include "worktime.h"

struct conf_node;
struct conf_faults;
struct buf;
struct directory;

enum { BUDGET_THRESHOLDS_MAX = 5 };

/* A member of a body (Gremium, Sozialraumteam) or of one meeting. */
struct member_setup {
    const struct unit *unit;
    enum member_role role;
    enum member_class class; /* by the unit's kind, unless it says so: staff, provider, citizen */
    int sessions_max;        /* leaves after so many sessions (BI9); 0: stays */
};

/* A meeting of the configuration. Wall seconds (_s) as in ical.h. */
struct meeting_setup {
    const char *id;
    const struct meeting_kind *kind;
    const struct unit *unit; /* host */
    int64_t start_s;         /* first session, or where the rule begins; 0: only dates */
    int64_t duration_s;
    const char *rule;    /* RFC 5545; "" = none */
    int64_t until_day;   /* last day of the rule; 0 = none */
    const int64_t *date; /* an irregular series */
    size_t dates;
    const int64_t *month; /* placeholders: first days (UL7) */
    size_t months;
    const int64_t *except; /* days that are left out */
    size_t excepts;
    enum holiday_rule holiday;
    bool skip_school_holidays;
    enum meeting_mode mode;
    const char *room, *link, *dial_in;
    int64_t part2_s;             /* part 2, without cases, begins so long after the start (BI4) */
    int64_t freeze_days;         /* the agenda is closed so many working days before; 0: never */
    const char *reminders;       /* "7 days, 1 working day, 1 hour"; "" = as the setting says */
    struct lead call;            /* contributions are called for so long before (BI12); 0: never */
    struct member_setup *member; /* none: those of the host's unit */
    size_t members;
    char hash[20];    /* over what members hear of when it changes */
    const char *file; /* where it stands, for warnings */
    int line;
};

/* Bodies that one paper goes through, in their order (Beratungsfolge, BI10). */
struct chain_setup {
    const char *id;
    const struct unit *author;         /* who hands the paper in */
    struct lead lead;                  /* the paper must be there so long before each body */
    const struct meeting_setup **body; /* meetings of kind gremium with one date each */
    size_t bodies;
};

struct place {
    const char *id;
    const char *name;           /* German */
    const struct place *parent; /* NULL at the top; a sub-district inherits from it */
    int64_t inhabitants;        /* 0: not said */
    int depth;                  /* 0 at the top */
    size_t index;               /* 0 .. directory->places - 1 */
};

/* A statutory domain (Rechtskreis): sgb2, sgb8, sgb9, sgb12 ... A list, not an enum. */
struct area {
    const char *id;
    const char *code; /* as events write it: "SGB_IX" */
    const char *name; /* German */
};

struct service {
    const char *id;
    const char *name;        /* German */
    const struct area *area; /* NULL when it belongs to several */
    int horizon_m;           /* months after which who asked for it looks at it again; 0: never */
};

struct contact {
    const char *id; /* "<unit id>/<n>" with n from 1: what logs and the store carry */
    enum channel channel;
    const char *address;   /* addr-spec or E.164 "+49..."; checked when loaded */
    const char *transport; /* name of the transport to use; "" = the first of the channel */
    bool urgent_only;      /* used for urgent and emergency only */
    bool digest;           /* what is not urgent waits for the morning's hour (digest.morning) */
    const char *optin; /* reference of the recorded consent for a private number; "" = official */
    bool high;         /* class "high": encrypted, or without content (protect.h) */
    const char *certificate; /* path of the mailbox's certificate; "" = none */
    const char *file;        /* where a contact of class "high" stands, for messages; else "" */
    int line;
};

/* A time for which nobody reads the unit's mailbox (Abwesenheit), as the configuration says it. */
struct absence {
    int64_t from_ms, to_ms;    /* to_ms excluded */
    const struct unit *deputy; /* who stands in; NULL: as `deputies` says */
};

struct unit {
    const char *id;
    const char *name; /* role name in German, as a person reads it */
    enum unit_kind kind;
    const char *phone; /* shown in notices to others; "" when none */
    const struct area **area;
    size_t areas;
    const struct place **place;
    size_t places;
    const struct service **service;
    size_t services;
    const char **function; /* cm, lg, front_office ... */
    size_t functions;
    struct contact *contact;
    size_t contacts;
    struct worktime hours;      /* office hours and calendar key */
    const struct unit *lead;    /* who hears of it when the unit does not answer; NULL: catch-all */
    const struct unit **deputy; /* in order, at most 3 */
    size_t deputies;
    bool restricted_ok;              /* may receive restricted items (DOMAIN R11): a single role */
    const struct unit *contact_role; /* settles conflicts of competence (DOMAIN DO4); NULL: none */
    const struct unit *approver_deputy; /* approves when the lead is absent (DO5); NULL: none */
    const struct roster *roster; /* told is who is on duty, not the desk; NULL: no such desk */
    int capacity;                /* of a provider: open referrals at a time; 0: no limit */
    struct quiet quiet;          /* hours in which no SMS goes out (DOMAIN E8) */
    struct absence *absence;
    size_t absences;
    struct member_setup *member; /* of a body */
    size_t members;
    bool digest;            /* gets an overview each morning (digest_mail.h) */
    bool quality_oversight; /* gets the figure of each month (DO11) */
};

/* A case system that publishes events: stafette/in/<id>/... */
struct source {
    const char *id;
    const char *name;
    const struct unit *desk;  /* technical desk: owns what this source got refused (mandatory) */
    const struct unit **unit; /* units it may speak for */
    size_t units;
};

/* One row of the permission matrix (DOMAIN R9). "*" in the configuration is NULL here. */
struct permission {
    const struct unit *from; /* NULL: any */
    const struct unit *to;   /* NULL: any */
    enum item_kind kind;
    const char *basis; /* legal_basis code; "*" any */
    bool consent;      /* holds only with the client's consent on record (KI11) */
    const char *file;  /* where it stands, for explain */
    int line;
};

/* A cooperation agreement: precondition for referrals (DOMAIN DO10). */
struct agreement {
    const struct unit *provider;
    const struct service *service; /* NULL: all */
    int64_t from_day, to_day;      /* days since 1970, both included */
};

/* A budget line for counselling (DOMAIN DO6); what is committed by now is in the store. */
struct budget {
    const char *line;
    int64_t total_cents;
    int64_t committed_cents;              /* when the line was opened */
    int threshold[BUDGET_THRESHOLDS_MAX]; /* percent, rising: the lead is told once at each */
    size_t thresholds;
    const struct unit *lead;
};

/* A project that the city funds, without any case (DOMAIN KI12): its provider reports once a year,
 * or once. */
struct project {
    const char *id;
    const char *name;         /* German, as its provider knows it */
    const struct unit *unit;  /* the provider that reports */
    struct closure report_on; /* day of the report: a date, or one of every year */
    int64_t lead_days;        /* reminded of so long before */
};

/* Cases and the staff that serves them: a figure of the city, as the configuration says it. */
struct caseload {
    const char *name;
    int64_t cases, staff;
};

/* How many meetings of a kind a unit is to hold in a calendar year (DOMAIN MH2). */
struct quota_rule {
    const struct unit *unit; /* host */
    const struct meeting_kind *kind;
    struct quota quota;         /* its name as people say it: "TOJ" */
    const struct unit *trainer; /* who comes from outside; NULL: nobody */
};

/* Internal limits by urgency (DOMAIN 5): lengths in working or real time. */
struct policy {
    const char *id;
    struct span ack[URGENCY_COUNT];      /* answer within; span of worktime.h */
    struct span escalate[URGENCY_COUNT]; /* from one rung of the ladder to the next */
    struct span span[LIMIT_COUNT];       /* whatever the urgency */
    enum rung rung[RUNGS_MAX];           /* who is told at each limit that passes */
    size_t rungs;
    int64_t expire_ms[URGENCY_COUNT]; /* a delivery is given up after */
    bool sms[URGENCY_COUNT];          /* an SMS beside the e-mail */
};

struct directory {
    struct place *place;
    size_t places;
    struct area *area;
    size_t areas;
    struct service *service;
    size_t services;
    struct unit *unit;
    size_t units;
    struct source *source;
    size_t sources;
    struct permission *permission;
    size_t permissions;
    struct agreement *agreement;
    size_t agreements;
    struct policy *policy;
    size_t policies;
    struct budget *budget;
    size_t budgets;
    struct quota_rule *quota;
    size_t quotas;
    struct roster *roster;
    size_t rosters;
    struct meeting_setup *meeting;
    size_t meetings;
    struct project *project;
    size_t projects;
    struct caseload *caseload;
    size_t caseloads;
    struct chain_setup *chain;
    size_t chains;
    size_t absences;              /* of all units */
    const struct unit *catch_all; /* the human desk for what nobody else takes; never NULL */
    const struct unit *on_call;   /* told of emergencies and of refused emergency events */
    void *memory;                 /* owned by directory.c */
};

/* Reads the directory's parts of the tree, reporting every fault. With errors the result may still
 * be there, so that the routes can be checked against it in the same run, but it must not be used
 * for more: look at faults->errors. NULL only when there are errors. The caller frees it by
 * directory_free(). The tree may be freed afterwards. */
struct directory *directory_load(struct conf_node *root, struct conf_faults *faults);
void directory_free(struct directory *dir);

const struct place *directory_place(const struct directory *dir, const char *id);
/* By id or by code: "sgb9" and "SGB_IX" find the same. */
const struct area *directory_area(const struct directory *dir, const char *id_or_code);
const struct service *directory_service(const struct directory *dir, const char *id);
const struct unit *directory_unit(const struct directory *dir, const char *id);
const struct source *directory_source(const struct directory *dir, const char *id);
const struct policy *directory_policy(const struct directory *dir, const char *id);
const struct roster *directory_roster(const struct directory *dir, const char *id);
const struct meeting_setup *directory_meeting(const struct directory *dir, const char *id);

/* The chain that a meeting belongs to, and in *at its place there, from 0; NULL when it is in none.
 */
const struct chain_setup *directory_chain_of(const struct directory *dir, const char *meeting_id,
                                             size_t *at);

/* The contact with this id ("<unit>/<n>"), or NULL. */
const struct contact *directory_contact(const struct directory *dir, const char *id);

/* True when `place` is `inside` or lies below it. */
bool place_within(const struct place *place, const struct place *inside);

/* True when the source may report for the unit (DESIGN 5). */
bool source_speaks_for(const struct source *source, const struct unit *unit);

/* The row that allows `from` (NULL: not known) to tell `to`, or NULL: then nobody is told; `basis`
 * is the event's legal_basis, "" matches only a row for any basis. The first that asks for no
 * consent, else the first that does: look at its `consent`. */
const struct permission *directory_permits(const struct directory *dir, const struct unit *from,
                                           const struct unit *to, enum item_kind kind,
                                           const char *basis);

/* True when some row names the unit as the one that is told: then it is another controller, and
 * only what a row allows may reach it (DOMAIN R9). */
bool directory_guards(const struct directory *dir, const struct unit *unit);

/* NULL when there is no such line. */
const struct budget *directory_budget(const struct directory *dir, const char *line);

const struct project *directory_project(const struct directory *dir, const char *id);

/* The first agreement in force on a day, or NULL; service NULL asks for any service. */
const struct agreement *directory_agreement(const struct directory *dir,
                                            const struct unit *provider,
                                            const struct service *service, int64_t day);

/* Units responsible for PLACE x AREA [x SERVICE], most specific place first, then in the order of
 * the configuration, at most `max`; area and service may be NULL for any. Returns how many. Looks
 * at every unit: for `stafettectl who`. */
size_t directory_who(const struct directory *dir, const struct place *place,
                     const struct area *area, const struct service *service,
                     const struct unit **found, size_t max);

#endif
