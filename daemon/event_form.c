/*
 * Forms of values: for each kind one scanner, the same as a regular expression for the published
 * schemas, and the German sentence that tells a sender what is expected. tests/schema_check.py
 * compares scanner and expression.
 *
 * A scanner accepts only what cannot carry a person's data by its form (DOMAIN R1, R2, R6, R7): no
 * blanks, no capitals where none are needed, no number of an office file or an insurance, no year
 * before 2000 in a date. It takes a NUL-terminated text and stops at the first wrong byte.
 */
#include <stdio.h>
#include <string.h>

#include "event_table.h"
#include "util.h"

enum {
    CODE_MAX = 32,
    LINK_MAX = 200,
    RRULE_MAX = 120,
    SOURCE_MAX = 200,
    TYPE_MAX = 64,
    REF_MIN = 8,
    REF_MAX = 40,
    REF_STRONG = 13, /* characters of [a-z0-9] that hold 64 bits (R7) */
    CONSENT_MIN = 3,
    LIST_IDS_MAX = 20,
    LIST_DATES_MAX = 60
};
static_assert(REF_MAX + 3 < CASE_REF_MAX, "a case_ref fits its column");

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* The whole text is made of lower-case letters, digits and the further characters. */
static bool made_of(const char *text, size_t min, size_t max, const char *further)
{
    size_t n = 0;
    for (; text[n] && n <= max; n++)
        if (!is_lower(text[n]) && !is_digit(text[n]) && !strchr(further, text[n]))
            return false;
    return n >= min && n <= max;
}

/* The text begins as the shape says: '9' a digit, 'a' and 'A' a letter, others themselves. */
static bool begins_like(const char *text, const char *shape)
{
    for (; *shape; shape++, text++) {
        bool same = *shape == '9'   ? is_digit(*text)
                    : *shape == 'a' ? is_lower(*text)
                    : *shape == 'A' ? is_upper(*text)
                                    : *shape == *text;
        if (!same)
            return false;
    }
    return true;
}

static bool is_like(const char *text, const char *shape)
{
    return strlen(text) == strlen(shape) && begins_like(text, shape);
}

static bool holds_like(const char *text, const char *shape)
{
    for (; *text; text++)
        if (begins_like(text, shape))
            return true;
    return false;
}

/* R6: BG-Nummer, Kundennummer of the BA, and any nine digits in a row (Versichertennummer,
 * Steuer-ID, IBAN, telephone). */
static bool holds_number_of_person(const char *text)
{
    return holds_like(text, "99999bg9999999") || holds_like(text, "999a999999") ||
           holds_like(text, "999999999");
}
#define NO_NUMBER_OF_PERSON "(?!.*([0-9]{5}bg[0-9]{7}|[0-9]{3}[a-z][0-9]{6}|[0-9]{9}))"

/* Four digits in a row would be a year, and longer ones a number; no code needs them. */
static bool check_code(const char *text, int64_t *number)
{
    (void)number;
    return made_of(text, 1, CODE_MAX, "_") && !holds_like(text, "9999");
}

static bool check_codes(const char *text, int64_t *number)
{
    size_t codes = 0;
    (void)number;
    for (const char *p = text;; p++) {
        size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
        if (n == 0 || n > 32 || ++codes > 8)
            return false;
        p += n;
        if (*p == '\0')
            return true;
        if (*p != ',')
            return false;
    }
}

static bool check_id(const char *text, int64_t *number)
{
    (void)number;
    return made_of(text, 1, ID_MAX - 1, "_-") && !holds_number_of_person(text);
}

/* Each piece of a comma-separated list must pass; `max` pieces of less than ID_MAX bytes. */
static bool check_list(const char *text, size_t max, bool (*check)(const char *, int64_t *))
{
    char piece[ID_MAX];
    int64_t number;
    size_t pieces = 0;
    for (const char *p = text;; p++) {
        size_t n = strcspn(p, ",");
        if (n >= sizeof piece || ++pieces > max)
            return false;
        memcpy(piece, p, n);
        piece[n] = '\0';
        if (!check(piece, &number))
            return false;
        p += n;
        if (*p == '\0')
            return true;
    }
}

static bool check_ids(const char *text, int64_t *number)
{
    (void)number;
    return check_list(text, LIST_IDS_MAX, check_id);
}

/* As directory.h has it: code (SGB_IX) or id (sgb9). */
static bool check_area(const char *text, int64_t *number)
{
    if (!str_starts(text, "SGB_"))
        return check_id(text, number);
    size_t n = strspn(text + 4, "IVX");
    return n >= 1 && n <= 5 && text[4 + n] == '\0';
}

/* R7: a ref that is one run of digits with letters around it looks like a file number, a date of
 * birth with initials or an insurance number; short letters alone look like a name. */
static bool looks_personal(const char *body)
{
    size_t len = strlen(body);
    size_t head = strspn(body, LOWER), digits = strspn(body + head, DIGIT);
    size_t tail = strspn(body + head + digits, LOWER);
    if (head == len)
        return len < REF_STRONG;
    bool one_run = head + digits + tail == len;
    if (one_run && (digits >= 8 || (digits >= 6 && head <= 4 && tail <= 4)))
        return true;
    return is_like(body, "99999bg9999999") || is_like(body, "999a999999") ||
           is_like(body, "99999999a999");
}

static bool check_case_ref(const char *text, int64_t *number)
{
    (void)number;
    return str_starts(text, "cr-") && made_of(text + 3, REF_MIN, REF_MAX, "") &&
           !looks_personal(text + 3);
}
#define CASE_REF_REST                                                                              \
    "cr-(?![a-z]{8,12}$)(?![a-z]*[0-9]{8,}[a-z]*$)(?![a-z]{0,4}[0-9]{6,7}[a-z]{0,4}$)"             \
    "(?![0-9]{5}bg[0-9]{7}$)(?![0-9]{3}[a-z][0-9]{6}$)(?![0-9]{8}[a-z][0-9]{3}$)[a-z0-9]{8,40}$"

bool event_case_ref_valid(const char *text)
{
    return check_case_ref(text, NULL);
}

static bool check_consent(const char *text, int64_t *number)
{
    (void)number;
    return str_starts(text, "c-") && made_of(text + 2, CONSENT_MIN, REF_MAX, "") &&
           !holds_number_of_person(text);
}

static bool check_item_id(const char *text, int64_t *number)
{
    (void)number;
    if (strlen(text) != ITEM_ID_LEN || text[4] != '-')
        return false;
    return strspn(text, UPPER DIGIT) == 4 && strspn(text + 5, UPPER DIGIT) == 4;
}

/* UUID, ULID, serial number; as a whole not a number of a person. */
static bool check_event_id(const char *text, int64_t *number)
{
    static const char *const personal[] = {"99999BG9999999", "999A999999", "A999999999",
                                           "99999999A999", "DE99999999999999999999"};
    (void)number;
    size_t n = strspn(text, LOWER UPPER DIGIT "._:-");
    if (n < 1 || n >= EVENT_ID_MAX || text[n] || strchr("._:-", text[0]))
        return false;
    for (size_t i = 0; i < COUNT_OF(personal); i++)
        if (is_like(text, personal[i]))
            return false;
    return true;
}

static bool check_date(const char *text, int64_t *number)
{
    return begins_like(text, "20") && date_parse(text, number);
}

/* A day, or a month, which stands for "some day in it". */
static bool check_date_or_month(const char *text, int64_t *number)
{
    char day[sizeof "2099-12-01"];
    if (strlen(text) != strlen("2099-12"))
        return check_date(text, number);
    snprintf(day, sizeof day, "%s-01", text);
    return check_date(day, number);
}

static bool check_dates(const char *text, int64_t *number)
{
    (void)number;
    return check_list(text, LIST_DATES_MAX, check_date_or_month);
}

static bool check_time(const char *text, int64_t *number)
{
    return begins_like(text, "20") && time_parse(text, number);
}

/* ISO 8601 week; the number is the day of its Monday. */
static bool check_week(const char *text, int64_t *number)
{
    int64_t year, week;
    char digits[5] = {0};
    if (!is_like(text, "2099-W99") || !int_parse(text + 6, 0, 99, &week) || week < 1 || week > 53)
        return false;
    memcpy(digits, text, 4);
    if (!int_parse(digits, 2000, 2099, &year))
        return false;
    int64_t fourth = day_of((int)year, 1, 4); /* always in week 1 */
    *number = fourth - day_weekday(fourth) + (week - 1) * 7;
    return true;
}

/* PT90M, PT1H30M: at most two digits of hours and three of minutes, and not nothing. */
static bool check_duration(const char *text, int64_t *number)
{
    int64_t part[2] = {0, 0};
    static const char unit[] = "HM";
    static const size_t digits_max[] = {2, 3};
    const char *p = text + 2;
    if (!str_starts(text, "PT"))
        return false;
    for (size_t i = 0; i < 2; i++) {
        size_t n = strspn(p, DIGIT);
        if (n < 1 || n > digits_max[i] || p[n] != unit[i])
            continue;
        for (; is_digit(*p); p++)
            part[i] = part[i] * 10 + (*p - '0');
        p++;
    }
    *number = (part[0] * 60 + part[1]) * MINUTE_MS;
    return *p == '\0' && *number > 0;
}

/* https, host, optional port and plain path: no user, query or fragment, which could hold secrets
 * or a person's data. */
static bool check_link(const char *text, int64_t *number)
{
    (void)number;
    if (!str_starts(text, "https://") || strlen(text) > LINK_MAX)
        return false;
    const char *p = text + 8;
    size_t host = strspn(p, LOWER DIGIT ".-");
    if (host < 1 || strchr(".-", p[0]))
        return false;
    p += host;
    if (*p == ':') {
        size_t port = strspn(p + 1, DIGIT);
        if (port < 1 || port > 5)
            return false;
        p += 1 + port;
    }
    return *p == '\0' || (*p == '/' && p[strspn(p, LOWER UPPER DIGIT "/._~-")] == '\0');
}

/* One part of a recurrence rule (RFC 5545 3.3.10): NAME=value, the value a list where `list`. */
struct rrule_part {
    const char *name;
    const char *further; /* characters of the value besides digits */
    size_t max;
};

static const struct rrule_part rrule_parts[] = {
    {"INTERVAL=", "", 2},    {"COUNT=", "", 3},
    {"UNTIL=", "TZ", 16},    {"BYDAY=", "+-,MOTUWEHFRSA", 48},
    {"BYMONTH=", ",", 35},   {"BYMONTHDAY=", ",-", 48},
    {"BYSETPOS=", ",-", 16}, {"WKST=", "MO", 2},
};

/* Length of the part at p, with its mark set in *seen; 0 when it is none or repeats. */
static size_t rrule_part(const char *p, unsigned *seen)
{
    for (size_t i = 0; i < COUNT_OF(rrule_parts); i++) {
        const struct rrule_part *part = &rrule_parts[i];
        size_t name = strlen(part->name), n = 0;
        if (!str_starts(p, part->name))
            continue;
        while (p[name + n] && (is_digit(p[name + n]) || strchr(part->further, p[name + n])))
            n++;
        if (n < 1 || n > part->max || *seen & 1u << i)
            return 0;
        *seen |= 1u << i;
        return name + n;
    }
    return 0;
}

static bool check_rrule(const char *text, int64_t *number)
{
    static const char *const heads[] = {"FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"};
    unsigned seen = 0;
    const char *p = NULL;
    (void)number;
    for (size_t i = 0; i < COUNT_OF(heads); i++)
        if (str_starts(text, heads[i]))
            p = text + strlen(heads[i]);
    if (!p || strlen(text) > RRULE_MAX)
        return false;
    while (*p == ';') {
        size_t n = rrule_part(p + 1, &seen);
        if (!n)
            return false;
        p += 1 + n;
    }
    return *p == '\0';
}
#define RRULE_REST                                                                                 \
    "(?!.{121})(?!.*;([A-Z]+=).*;\\1)FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)"                           \
    "(;(INTERVAL=[0-9]{1,2}|COUNT=[0-9]{1,3}|UNTIL=[0-9TZ]{1,16}|BYDAY=[-+,0-9MOTUWEHFRSA]{1,48}|" \
    "BYMONTH=[0-9,]{1,35}|BYMONTHDAY=[-0-9,]{1,48}|BYSETPOS=[-0-9,]{1,16}|WKST=[0-9MO]{1,2}))*$"

static bool check_flag(const char *text, int64_t *number)
{
    *number = str_eq(text, "true");
    return *number || str_eq(text, "false");
}

static bool check_specversion(const char *text, int64_t *number)
{
    (void)number;
    return str_eq(text, "1.0");
}

/* "/jugendamt-kiel" or below it. */
static bool check_source(const char *text, int64_t *number)
{
    size_t len = strlen(text);
    (void)number;
    if (text[0] != '/' || len > SOURCE_MAX || text[len - 1] == '/' || strstr(text, "//"))
        return false;
    size_t first = strcspn(text + 1, "/");
    if (first < 1 || first >= ID_MAX || strspn(text + 1, LOWER DIGIT "_-") != first)
        return false;
    return text[strspn(text, LOWER DIGIT "/_.-")] == '\0' && !holds_number_of_person(text);
}

static bool check_type(const char *text, int64_t *number)
{
    (void)number;
    return text[0] && strlen(text) <= TYPE_MAX && text[strspn(text, LOWER DIGIT "._")] == '\0';
}

/* The case or the meeting; whether it is the one of the data is checked with the data. */
static bool check_subject(const char *text, int64_t *number)
{
    if (str_starts(text, "cr-"))
        return check_case_ref(text, number);
    return check_id(text, number);
}

static bool check_schema_uri(const char *text, int64_t *number)
{
    if (str_starts(text, "urn:stafette:"))
        return strlen(text) <= LINK_MAX && text[strspn(text, LOWER DIGIT ".:")] == '\0';
    return check_link(text, number);
}

static bool check_media_type(const char *text, int64_t *number)
{
    (void)number;
    return str_eq(text, "application/json") || str_eq(text, "application/json; charset=utf-8") ||
           str_eq(text, "application/json;charset=utf-8");
}

#define DATE_PATTERN "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
#define DAY_OR_MONTH                                                                               \
    "(20[0-9]{2}-((0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?|(0[13-9]|1[0-2])-(29|30)|"             \
    "(0[13578]|1[02])-31)|20([02468][048]|[13579][26])-02-29)"
#define TIME_REST                                                                                  \
    "[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]{1,9})?"                            \
    "([Zz]|[-+]([01][0-9]|2[0-3]):[0-5][0-9])$"
#define HTTPS_HOST "https://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?"

static const struct value_row values[VALUE_KIND_COUNT] = {
    [VALUE_CODE] = {check_code, "^(?!.*[0-9]{4})[a-z0-9_]{1,32}$", NULL,
                    "Einen Code aus dem Katalog eintragen (Kleinbuchstaben, Ziffern, _; höchstens "
                    "32 Zeichen), keinen Text."},
    [VALUE_CODES] =
        {check_codes, "^[a-z_]{1,32}(,[a-z_]{1,32}){0,7}$", NULL,
         "Einen bis acht Codes aus dem Katalog eintragen, durch Kommas getrennt, keinen "
         "Text."},
    [VALUE_ID] = {check_id, "^" NO_NUMBER_OF_PERSON "[a-z0-9_-]{1,63}$", NULL,
                  "Die Kennung aus dem Verzeichnis eintragen (Kleinbuchstaben, Ziffern, - und _), "
                  "keinen Namen."},
    [VALUE_IDS] = {check_ids,
                   "^" NO_NUMBER_OF_PERSON "[a-z0-9_-]{1,63}(," NO_NUMBER_OF_PERSON
                   "[a-z0-9_-]{1,63}){0,19}$",
                   NULL,
                   "Eine bis zwanzig Kennungen aus dem Verzeichnis eintragen, durch Kommas "
                   "getrennt, keine Namen."},
    [VALUE_DATES] = {check_dates, "^" DAY_OR_MONTH "(," DAY_OR_MONTH "){0,59}$", NULL,
                     "Einen bis sechzig Tage JJJJ-MM-TT oder Monate JJJJ-MM eintragen, durch "
                     "Kommas getrennt."},
    [VALUE_AREA] = {check_area, "^(SGB_[IVX]{1,5}|" NO_NUMBER_OF_PERSON "[a-z0-9_-]{1,63})$", NULL,
                    "Den Rechtskreis als Code eintragen, z. B. SGB_IX."},
    [VALUE_CASE_REF] = {check_case_ref, "^" CASE_REF_REST, NULL,
                        "Ein zufälliges Pseudonym eintragen (cr- und 13 bis 40 Kleinbuchstaben "
                        "und Ziffern gemischt), nie Aktenzeichen, Geburtsdatum oder Kundennummer."},
    [VALUE_CONSENT] = {check_consent, "^" NO_NUMBER_OF_PERSON "c-[a-z0-9]{3,40}$", NULL,
                       "Nur das Kennzeichen der Einwilligung eintragen, z. B. c-8841."},
    [VALUE_ITEM_ID] = {check_item_id, "^[A-Z0-9]{4}-[A-Z0-9]{4}$", NULL,
                       "Den Vorgangscode aus der Quittung eintragen, z. B. K7F3-92QX."},
    [VALUE_EVENT_ID] = {check_event_id,
                        "^(?!([0-9]{5}BG[0-9]{7}|[0-9]{3}[A-Z][0-9]{6}|[A-Z][0-9]{9}|"
                        "[0-9]{8}[A-Z][0-9]{3}|DE[0-9]{20})$)[A-Za-z0-9][A-Za-z0-9._:-]{0,126}$",
                        NULL,
                        "Eine technische Kennung eintragen, z. B. eine UUID (höchstens 127 Zeichen "
                        "aus A-Z, a-z, 0-9 . _ : -)."},
    [VALUE_DATE] = {check_date, "^" DATE_PATTERN "$", "date",
                    "Als Datum JJJJ-MM-TT eintragen, z. B. 2026-12-04."},
    [VALUE_TIME] = {check_time, "^" DATE_PATTERN TIME_REST, "date-time",
                    "Als Zeitpunkt mit Zeitzone eintragen, z. B. 2026-11-20T09:14:03+01:00."},
    [VALUE_WEEK] = {check_week, "^20[0-9]{2}-W(0[1-9]|[1-4][0-9]|5[0-3])$", NULL,
                    "Als Kalenderwoche eintragen, z. B. 2027-W05."},
    [VALUE_DURATION] = {check_duration,
                        "^PT(?!(0+H)?(0+M)?$)(([0-9]{1,2}H)([0-9]{1,3}M)?|[0-9]{1,3}M)$", NULL,
                        "Als Dauer eintragen, z. B. PT90M."},
    [VALUE_LINK] = {check_link, "^(?!.{201})" HTTPS_HOST "(/[A-Za-z0-9/._~-]*)?$", NULL,
                    "Eine https-Adresse ohne Abfrageteil (?...), Kennwort und Sprungmarke "
                    "eintragen."},
    [VALUE_RRULE] = {check_rrule, "^" RRULE_REST, NULL,
                     "Als Wiederholungsregel nach RFC 5545 eintragen, z. B. "
                     "FREQ=MONTHLY;BYDAY=1TH."},
    [VALUE_INTEGER] = {NULL, NULL, NULL,
                       "Eine ganze Zahl im zulässigen Bereich eintragen, ohne Anführungszeichen."},
    [VALUE_BOOLEAN] = {NULL, NULL, NULL, "true oder false eintragen, ohne Anführungszeichen."},
    [VALUE_FLAG] = {check_flag, NULL, NULL, "true oder false eintragen."},
    [VALUE_SPECVERSION] = {check_specversion, "^1\\.0$", NULL, "Die Version 1.0 eintragen."},
    [VALUE_SOURCE] = {check_source,
                      "^(?!.{201})" NO_NUMBER_OF_PERSON "/[a-z0-9_-]{1,63}(/[a-z0-9_.-]+)*$", NULL,
                      "Als / und die Kennung der Quelle eintragen, z. B. "
                      "/jugendamt-kiel/fachverfahren."},
    [VALUE_TYPE] = {check_type, "^[a-z0-9._]{1,64}$", NULL,
                    "Einen Typ aus dem Katalog eintragen, z. B. "
                    "de.sozialraum.handover.requested.v1."},
    [VALUE_SUBJECT] = {check_subject,
                       "^(" CASE_REF_REST "|(?!cr-)" NO_NUMBER_OF_PERSON "[a-z0-9_-]{1,63}$)", NULL,
                       "case_ref oder meeting_id eintragen oder weglassen."},
    [VALUE_SCHEMA_URI] = {check_schema_uri, NULL, NULL,
                          "Die Adresse des Schemas dieses Typs eintragen oder weglassen."},
    [VALUE_MEDIA_TYPE] = {check_media_type, "^application/json(; ?charset=utf-8)?$", NULL,
                          "application/json eintragen oder weglassen."},
};

const struct value_row *event_value_row(enum value_kind kind)
{
    return &values[kind];
}
