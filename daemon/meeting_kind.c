/*
 * Kinds of meetings: see meeting_kind.h.
 */
#include "meeting_kind.h"

#include <stddef.h>

#include "util.h"

/* No name says a legal area, a service or a kind of provider: it stands in calendars (R4). */
static const struct meeting_kind kinds[] = {
    {"sozialraumteam", "Sozialraumteam", CASES_BLOCK_A, false, true, false},
    {"fallteam", "Fallteam", CASES_BLOCK_A, false, true, false},
    {"toj", "Training on the Job", CASES_NEVER, false, false, true},
    {"startup", "Startworkshop", CASES_NEVER, false, false, true},
    {"clearing", "Clearinggespräch", CASES_ONE, false, true, true},
    {"reflexion", "Reflexionssitzung", CASES_NEVER, false, true, false},
    {"lenkungsgruppe", "Lenkungsgruppe", CASES_NEVER, false, true, false},
    {"projektgruppe", "Projektgruppe", CASES_NEVER, false, true, false},
    {"traegergemeinschaft", "Trägergemeinschaft", CASES_NEVER, false, true, false},
    {"hearing", "Hearing", CASES_NEVER, true, true, false},
    {"sozialraumkonferenz", "Sozialraumkonferenz", CASES_NEVER, true, true, false},
    {"stadtteilkonferenz", "Stadtteilkonferenz", CASES_NEVER, true, true, false},
    {"sozialraumrunde", "Sozialraumrunde", CASES_NEVER, true, true, false},
    {"stadtteile_team", "Stadtteile-Team", CASES_BLOCK_A, false, true, false},
    {"ag_sozialraum", "AG Sozialraum", CASES_BLOCK_A, false, true, false},
    {"kooperationstreffen", "Kooperationstreffen", CASES_BLOCK_A, false, true, false},
    {"lernwerkstatt", "Lernwerkstatt", CASES_NEVER, true, false, false},
    {"gremium", "Gremium", CASES_NEVER, true, false, false},
    {"fortbildung", "Fortbildung", CASES_NEVER, false, false, false},
    {"schulung", "Schulung", CASES_NEVER, false, false, false},
    {"kick_off", "Auftaktveranstaltung", CASES_NEVER, false, false, false},
    {"milestone_review", "Meilensteingespräch", CASES_NEVER, false, true, false},
    {"hospitation", "Hospitation", CASES_NEVER, false, false, true},
    {"begehung", "Sozialraumbegehung", CASES_NEVER, false, false, false},
    {"presence", "Präsenz in der Anlaufstelle", CASES_NEVER, true, false, false},
    {"uebergabegespraech", "Übergabegespräch", CASES_ONE, false, false, true},
    {"hilfeplangespraech", "Planungsgespräch", CASES_ONE, false, false, true},
    {"gesamtplankonferenz", "Planungskonferenz", CASES_ONE, false, true, true},
    {"teilhabeplankonferenz", "Planungskonferenz", CASES_ONE, false, true, true},
};

const struct meeting_kind *meeting_kind_at(int i)
{
    return i >= 0 && (size_t)i < COUNT_OF(kinds) ? &kinds[i] : NULL;
}

const struct meeting_kind *meeting_kind_find(const char *id)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_eq(kinds[i].id, id))
            return &kinds[i];
    return NULL;
}

struct word {
    const char *name, *german, *ical;
};

static const struct word roles[MEMBER_ROLE_COUNT] = {
    [MEMBER_MEMBER] = {"member", "Mitglied", "REQ-PARTICIPANT"},
    [MEMBER_CHAIR] = {"chair", "Vorsitz", "CHAIR"},
    [MEMBER_DEPUTY_CHAIR] = {"deputy_chair", "Stellvertretung des Vorsitzes", "REQ-PARTICIPANT"},
    [MEMBER_SECRETARIAT] = {"secretariat", "Geschäftsstelle", "REQ-PARTICIPANT"},
    [MEMBER_KEEPER] = {"keeper", "Protokoll", "REQ-PARTICIPANT"},
    [MEMBER_GUEST] = {"guest", "Gast", "OPT-PARTICIPANT"},
    [MEMBER_TRAINER] = {"trainer", "Begleitung von außen", "REQ-PARTICIPANT"},
    [MEMBER_HOST] = {"host", "gastgebende Stelle", "NON-PARTICIPANT"},
    [MEMBER_STAND_IN] = {"stand_in", "Vertretung in einer Sitzung", "REQ-PARTICIPANT"},
};

static const struct word classes[MEMBER_CLASS_COUNT] = {
    [CLASS_STAFF] = {"staff", "", ""},
    [CLASS_PROVIDER] = {"provider", "", ""},
    [CLASS_CITIZEN] = {"citizen", "", ""},
};

static const struct word modes[MEETING_MODE_COUNT] = {
    [MODE_ROOM] = {"room", "", ""},
    [MODE_ONLINE] = {"online", "", ""},
    [MODE_BOTH] = {"both", "", ""},
    [MODE_PHONE] = {"phone", "", ""},
};

static const struct word statuses[MEMBER_STATUS_COUNT] = {
    [STATUS_NEEDS_ACTION] = {"needs_action", "noch keine Antwort", "NEEDS-ACTION"},
    [STATUS_ACCEPTED] = {"accepted", "Zusage", "ACCEPTED"},
    [STATUS_DECLINED] = {"declined", "Absage", "DECLINED"},
    [STATUS_TENTATIVE] = {"tentative", "unter Vorbehalt", "TENTATIVE"},
    [STATUS_DEPUTY] = {"deputy", "Vertretung kommt", "ACCEPTED"},
};

static int find(const struct word *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(words[i].name, name))
            return (int)i;
    return -1;
}

const char *member_role_name(enum member_role role)
{
    return roles[role].name;
}

bool member_role_parse(const char *name, enum member_role *role)
{
    int i = find(roles, COUNT_OF(roles), name);
    if (i >= 0)
        *role = (enum member_role)i;
    return i >= 0;
}

const char *member_role_german(enum member_role role)
{
    return roles[role].german;
}

const char *member_role_ical(enum member_role role)
{
    return roles[role].ical;
}

const char *member_class_name(enum member_class class)
{
    return classes[class].name;
}

bool member_class_parse(const char *name, enum member_class *class)
{
    int i = find(classes, COUNT_OF(classes), name);
    if (i >= 0)
        *class = (enum member_class)i;
    return i >= 0;
}

const char *meeting_mode_name(enum meeting_mode mode)
{
    return modes[mode].name;
}

bool meeting_mode_parse(const char *name, enum meeting_mode *mode)
{
    int i = find(modes, COUNT_OF(modes), name);
    if (i >= 0)
        *mode = (enum meeting_mode)i;
    return i >= 0;
}

const char *member_status_name(enum member_status status)
{
    return statuses[status].name;
}

bool member_status_parse(const char *name, enum member_status *status)
{
    int i = find(statuses, COUNT_OF(statuses), name);
    if (i >= 0)
        *status = (enum member_status)i;
    return i >= 0;
}

const char *member_status_german(enum member_status status)
{
    return statuses[status].german;
}

const char *member_status_partstat(enum member_status status)
{
    return statuses[status].ical;
}
