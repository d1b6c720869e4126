/*
 * Public holidays as rows of law: name, how the date is found, in which Länder, in which years.
 * A change of holiday law is one row more, or an end year in an old one.
 *
 * Promises: the same answer for the same key and day, without clock, files or memory. Refuses
 * years outside HOLIDAY_YEAR_FIRST to HOLIDAY_YEAR_LAST. School holidays and local customs
 * (24 December, Schwörmontag) are no law and belong to the closures of a unit (worktime.h). The
 * rows agree with DOMAIN section 6 and with tests/golden/holidays-laender.ref.
 */
#include "holiday.h"

#include <string.h>

#include "buf.h"
#include "util.h"

enum land { BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH, LAND_COUNT };

#define LAND(l) (1U << (l))
#define ALL_LANDS (LAND(LAND_COUNT) - 1)

enum { TAG_MH = 1, TAG_AUGSBURG = 2, TAG_FL = 4 };

enum rule {
    FIXED,      /* a: month, b: day */
    EASTER,     /* a: days after Easter Sunday */
    BEFORE_23N, /* the Wednesday before 23 November */
};

struct row {
    const char *name;
    enum rule rule;
    int a, b;
    unsigned lands;
    unsigned tags; /* when not 0, only where the key carries one of them */
    int valid_from, valid_to;
};

#define ALWAYS HOLIDAY_YEAR_FIRST, HOLIDAY_YEAR_LAST
#define REFORMATION_OLD (LAND(BB) | LAND(MV) | LAND(SN) | LAND(ST) | LAND(TH))
#define REFORMATION_NEW (LAND(HB) | LAND(HH) | LAND(NI) | LAND(SH))
#define CORPUS_CHRISTI (LAND(BW) | LAND(BY) | LAND(HE) | LAND(NW) | LAND(RP) | LAND(SL))
#define ALL_SAINTS (LAND(BW) | LAND(BY) | LAND(NW) | LAND(RP) | LAND(SL))

static const struct row rows[] = {
    {"Neujahr", FIXED, 1, 1, ALL_LANDS, 0, ALWAYS},
    {"Heilige Drei Könige", FIXED, 1, 6, LAND(BW) | LAND(BY) | LAND(ST), 0, ALWAYS},
    {"Internationaler Frauentag", FIXED, 3, 8, LAND(BE), 0, 2019, HOLIDAY_YEAR_LAST},
    {"Internationaler Frauentag", FIXED, 3, 8, LAND(MV), 0, 2023, HOLIDAY_YEAR_LAST},
    {"Tag der Arbeit", FIXED, 5, 1, ALL_LANDS, 0, ALWAYS},
    {"Tag der Befreiung", FIXED, 5, 8, LAND(BE), 0, 2020, 2020},
    {"Tag der Befreiung", FIXED, 5, 8, LAND(BE), 0, 2025, 2025},
    {"Jahrestag des Aufstandes vom 17. Juni 1953", FIXED, 6, 17, LAND(BE), 0, 2028, 2028},
    {"Augsburger Hohes Friedensfest", FIXED, 8, 8, LAND(BY), TAG_AUGSBURG, ALWAYS},
    {"Mariä Himmelfahrt", FIXED, 8, 15, LAND(SL), 0, ALWAYS},
    {"Mariä Himmelfahrt", FIXED, 8, 15, LAND(BY), TAG_MH | TAG_AUGSBURG, ALWAYS},
    {"Weltkindertag", FIXED, 9, 20, LAND(TH), 0, 2019, HOLIDAY_YEAR_LAST},
    {"Tag der Deutschen Einheit", FIXED, 10, 3, ALL_LANDS, 0, ALWAYS},
    {"Reformationstag", FIXED, 10, 31, REFORMATION_OLD, 0, ALWAYS},
    {"Reformationstag", FIXED, 10, 31, REFORMATION_NEW, 0, 2018, HOLIDAY_YEAR_LAST},
    {"Reformationstag", FIXED, 10, 31, ALL_LANDS, 0, 2017, 2017},
    {"Allerheiligen", FIXED, 11, 1, ALL_SAINTS, 0, ALWAYS},
    {"1. Weihnachtstag", FIXED, 12, 25, ALL_LANDS, 0, ALWAYS},
    {"2. Weihnachtstag", FIXED, 12, 26, ALL_LANDS, 0, ALWAYS},
    {"Karfreitag", EASTER, -2, 0, ALL_LANDS, 0, ALWAYS},
    {"Ostersonntag", EASTER, 0, 0, LAND(BB), 0, ALWAYS},
    {"Ostermontag", EASTER, 1, 0, ALL_LANDS, 0, ALWAYS},
    {"Christi Himmelfahrt", EASTER, 39, 0, ALL_LANDS, 0, ALWAYS},
    {"Pfingstsonntag", EASTER, 49, 0, LAND(BB), 0, ALWAYS},
    {"Pfingstmontag", EASTER, 50, 0, ALL_LANDS, 0, ALWAYS},
    {"Fronleichnam", EASTER, 60, 0, CORPUS_CHRISTI, 0, ALWAYS},
    {"Fronleichnam", EASTER, 60, 0, LAND(SN) | LAND(TH), TAG_FL, ALWAYS},
    {"Buß- und Bettag", BEFORE_23N, 0, 0, LAND(SN), 0, ALWAYS},
};

static const char land_codes[LAND_COUNT][3] = {"BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV",
                                               "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"};

static const struct {
    const char *name;
    unsigned tag, lands;
} known_tags[] = {
    {"mh", TAG_MH, LAND(BY)},
    {"augsburg", TAG_AUGSBURG, LAND(BY)},
    {"fl", TAG_FL, LAND(SN) | LAND(TH)},
};

static unsigned tag_read(const char *text, size_t len, unsigned land)
{
    for (size_t i = 0; i < COUNT_OF(known_tags); i++) {
        const char *name = known_tags[i].name;
        if ((known_tags[i].lands & land) && strlen(name) == len && !memcmp(name, text, len))
            return known_tags[i].tag;
    }
    return 0;
}

/* Takes a key apart into one Land bit and tag bits; false when anything in it is unknown. */
static bool key_read(const char *key, unsigned *land, unsigned *tags)
{
    *land = 0;
    *tags = 0;
    for (unsigned i = 0; i < LAND_COUNT; i++)
        if (key[0] == land_codes[i][0] && key[1] == land_codes[i][1])
            *land = LAND(i);
    if (!*land)
        return false;
    for (key += 2; *key == '+';) {
        size_t len = strcspn(++key, "+");
        unsigned tag = tag_read(key, len, *land);
        if (!tag)
            return false;
        *tags |= tag;
        key += len;
    }
    return *key == '\0';
}

bool holiday_key_valid(const char *key)
{
    unsigned land, tags;
    return key_read(key, &land, &tags);
}

void holiday_keys(struct buf *out)
{
    for (unsigned i = 0; i < LAND_COUNT; i++) {
        const char *before = " (also ";
        buf_printf(out, "%s%s", i ? ", " : "", land_codes[i]);
        for (size_t t = 0; t < COUNT_OF(known_tags); t++) {
            if (!(known_tags[t].lands & LAND(i)))
                continue;
            buf_printf(out, "%s+%s", before, known_tags[t].name);
            before = ", ";
        }
        if (before[0] == ',')
            buf_addc(out, ')');
    }
}

int64_t holiday_easter(int year)
{
    /* The letters are those of the Meeus/Jones/Butcher computus. */
    int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4;
    int f = (b + 8) / 25, g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30;
    int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
    int m = (a + 11 * h + 22 * l) / 451, n = h + l - 7 * m + 114;
    return day_of(year, n / 31, n % 31 + 1);
}

/* A day with all that the rules ask of it, worked out once. */
struct date {
    int64_t day, easter;
    int year, month, mday;
};

static bool falls_on(const struct row *row, const struct date *date)
{
    switch (row->rule) {
    case FIXED:
        return date->month == row->a && date->mday == row->b;
    case EASTER:
        return date->day == date->easter + row->a;
    case BEFORE_23N:
        return date->month == 11 && date->mday >= 16 && date->mday <= 22 &&
               day_weekday(date->day) == 2;
    }
    return false;
}

static bool in_force(const struct row *row, int year, unsigned land, unsigned tags)
{
    return (row->lands & land) && (!row->tags || (row->tags & tags)) && year >= row->valid_from &&
           year <= row->valid_to;
}

const char *holiday_name(const char *key, int64_t day)
{
    unsigned land, tags;
    struct date date = {.day = day};
    day_split(day, &date.year, &date.month, &date.mday);
    if (date.year < HOLIDAY_YEAR_FIRST || date.year > HOLIDAY_YEAR_LAST ||
        !key_read(key, &land, &tags))
        return NULL;
    date.easter = holiday_easter(date.year);
    for (const struct row *row = rows; row < rows + COUNT_OF(rows); row++)
        if (in_force(row, date.year, land, tags) && falls_on(row, &date))
            return row->name;
    return NULL;
}
