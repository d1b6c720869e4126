/*
 * Kinds of meetings (DOMAIN 5): one table with the German name, what of cases may be said in them,
 * and what follows a session. A further kind is one row here and one in the event catalogue. Pure.
 */
#ifndef MEETING_KIND_H
#define MEETING_KIND_H

#include <stdbool.h>

enum case_data {
    CASES_NEVER,   /* public, or about no case: an agenda item with a case is refused (UL11) */
    CASES_BLOCK_A, /* pseudonymous, in block A, for each member what it may see (MH3, BI4) */
    CASES_ONE      /* called for one case, which is named by its code only */
};

struct meeting_kind {
    const char *id;
    const char *name; /* German, as invitations say it; names nothing of a case (DOMAIN R4) */
    enum case_data cases;
    bool is_public;
    bool has_minutes; /* the keeper is reminded of them (E21) */
    bool is_asked;    /* afterwards the host is asked whether it took place */
};

/* NULL when there is no such kind. */
const struct meeting_kind *meeting_kind_find(const char *id);

/* All of them, NULL at the end of the range: for tests and messages. */
const struct meeting_kind *meeting_kind_at(int i);

enum member_role {
    MEMBER_MEMBER,
    MEMBER_CHAIR,
    MEMBER_DEPUTY_CHAIR, /* takes the chair when it declines (UL8) */
    MEMBER_SECRETARIAT,  /* Geschäftsstelle: hears of refusals, missing answers, minutes */
    MEMBER_KEEPER,       /* keeps the minutes */
    MEMBER_GUEST,        /* from another legal area; sees what the permissions allow (MH3) */
    MEMBER_TRAINER,
    MEMBER_HOST,     /* where a presence takes place: told when it does not (KI5) */
    MEMBER_STAND_IN, /* asked to take one session; never in a configuration (KI5) */
    MEMBER_ROLE_COUNT
};

enum member_class { CLASS_STAFF, CLASS_PROVIDER, CLASS_CITIZEN, MEMBER_CLASS_COUNT };

enum meeting_mode { MODE_ROOM, MODE_ONLINE, MODE_BOTH, MODE_PHONE, MEETING_MODE_COUNT };

/* PARTSTAT of RFC 5545; a deputy comes is an acceptance by somebody else. */
enum member_status {
    STATUS_NEEDS_ACTION,
    STATUS_ACCEPTED,
    STATUS_DECLINED,
    STATUS_TENTATIVE,
    STATUS_DEPUTY,
    MEMBER_STATUS_COUNT
};

const char *member_role_name(enum member_role role); /* "chair": as configurations say it */
bool member_role_parse(const char *name, enum member_role *role);
const char *member_role_german(enum member_role role);
const char *member_role_ical(enum member_role role); /* "CHAIR", "REQ-PARTICIPANT" ... */
const char *member_class_name(enum member_class class);
bool member_class_parse(const char *name, enum member_class *class);
const char *meeting_mode_name(enum meeting_mode mode);
bool meeting_mode_parse(const char *name, enum meeting_mode *mode);
const char *member_status_name(enum member_status status); /* "accepted": as events say it */
bool member_status_parse(const char *name, enum member_status *status);
const char *member_status_german(enum member_status status);
const char *member_status_partstat(enum member_status status); /* "NEEDS-ACTION" */

#endif
