/*
 * The five cities as they are shipped: each loads without a fault or a warning, everybody in them
 * can be reached and has somebody above, nothing is real, limits end when the papers say, and the
 * tables say what the acceptance rows of DOMAIN.md need. Their routes: test_city_routes.c.
 */
#include "city_rig.h"

#include <dirent.h>

#include "../daemon/conf.h"

/* Whatever the tables say beyond where an item goes first. */
static const struct saying {
    const char *label, *city, *list, *entry, *member, *want;
} sayings[] = {
    {"UL2", "ulm", "routes", "", "complete", "true"},
    {"UL3", "ulm", "routes", "adoption-pflege/wiblingen", "count_copy", "gwa-wiblingen"},
    {"UL4", "ulm", "routes", "boefingen/erstanlauf", "policy", "erstanlauf"},
    {"UL4", "ulm", "policies", "erstanlauf", "ladder", "unit,lead,head,coordinator"},
    {"UL9", "ulm", "policies", "standard", "offer", "1 staffed day"},
    {"MH6", "muelheim", "units", "leitung-sozialagentur", "approver_deputy", "bereichsleitung-cm"},
    {"MH7", "muelheim", "routes", "anschluss-p45", "code", "p45_sgb3"},
    {"MH7", "muelheim", "routes", "anschluss-p45", "to", "vermittlung-muelheim"},
    {"BI3", "bielefeld", "routes", "vermittlung", "needs_approval", "false"},
    {"BI7", "bielefeld", "routes", "entlassung", "code", "hospital_discharge"},
    {"BI7", "bielefeld", "routes", "entlassung/sennestadt", "to", "qsa-sennestadt"},
    {"BI7", "bielefeld", "policies", "fruehwarnung", "sms", ""},
    {"BI8", "bielefeld", "routes", "vermittlung/ehrenamt", "policy", "tagesgleich"},
    {"BI8", "bielefeld", "units", "initiative-nachbarschaft-sennestadt", "lead", "qsa-sennestadt"},
    {"BI8", "bielefeld", "policies", "tagesgleich", "ladder", "unit,lead,head,coordinator"},
    {"BI12", "bielefeld", "ledger", "", "night", "07:00"},
    {"DO1", "dortmund", "units", "bereitschaft", "roster", "bereitschaft"},
    {"DO1", "dortmund", "policies", "notlage", "ladder", "deputy,lead,coordinator"},
    {"DO4", "dortmund", "units", "jobcenter-mitte", "contact_role", "kontakt-jobcenter"},
    {"DO4", "dortmund", "units", "sozialbuero-mitte", "contact_role", "kontakt-sozialamt"},
    {"DO5", "dortmund", "units", "arbeitsvermittlung-mitte", "lead", "leitung-fachdienst-mitte"},
    {"DO5", "dortmund", "units", "leitung-fachdienst-mitte", "approver_deputy",
     "stellvertretung-fachdienst-mitte"},
    {"DO6", "dortmund", "budgets", "schuldnerberatung-2026", "total_cents", "6000000"},
    {"DO6", "dortmund", "budgets", "schuldnerberatung-2026", "committed_cents", "4450000"},
    {"DO6", "dortmund", "budgets", "schuldnerberatung-2026", "thresholds", "75,90,100"},
    {"DO7", "dortmund", "routes", "vermittlung/schuldner-komplex", "choose", "least_loaded"},
    {"DO7", "dortmund", "units", "schuldnerberatung-b", "capacity", "2"},
    {"DO11", "dortmund", "policies", "arge", "ladder", "lead,head"},
    {"DO12", "dortmund", "routes", "termine-versaeumt", "min_count", "2"},
    {"DO12", "dortmund", "routes", "termine-versaeumt", "to", "fachdienst-psychosozial"},
    {"KI2", "kiel", "routes", "quartier-kiel-mitte", "tasks", "back-office-kiel-mitte"},
    {"KI3", "kiel", "routes", "vermittlung/altenhilfe", "needs_approval", "false"},
    {"KI12", "kiel", "projects", "cafe-paletti", "report_due", "03-31"},
    {"KI12", "kiel", "caseload", "Eingliederungshilfe", "cases", "3900"},
    {"KI12", "kiel", "caseload", "Eingliederungshilfe", "staff", "70"},
    {"BI6", "bielefeld", "routes", "besuch-pflege", "to", "pflegedienst-bielefeld"},
};

/* The entry of a list whose first member is that name; rules are "parent/child". */
static struct conf_node *entry_of(struct conf_node *list, const char *path)
{
    size_t len = strcspn(path, "/");
    for (size_t i = 0; list && i < list->children; i++) {
        struct conf_node *entry = list->child[i];
        const char *name = entry->child[0]->text;
        if (strlen(name) != len || strncmp(name, path, len) != 0)
            continue;
        return path[len] ? entry_of(conf_get(entry, "rules"), path + len + 1) : entry;
    }
    return NULL;
}

static void put_value(struct buf *out, const struct conf_node *node)
{
    for (size_t i = 0; i < node->children; i++) {
        buf_puts(out, i ? "," : "");
        put_value(out, node->child[i]);
    }
    if (node->type == CONF_BOOL)
        buf_puts(out, node->number ? "true" : "false");
    else if (node->type == CONF_INT)
        buf_printf(out, "%lld", (long long)node->number);
    else if (node->type == CONF_TEXT)
        buf_puts(out, node->text);
}

static void the_tables_say_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sayings); i++) {
        const struct saying *s = &sayings[i];
        struct buf report = BUF_INIT, value = BUF_INIT;
        struct conf_faults faults = {&report, 0, 0};
        char path[64];
        snprintf(path, sizeof path, "config/%s", s->city);
        struct conf_node *root = conf_read(path, &faults), *list = conf_get(root, s->list);
        if (str_eq(s->list, "routes") && !str_empty(s->entry))
            list = conf_get(list, "rules");
        struct conf_node *node =
            conf_get(str_empty(s->entry) ? list : entry_of(list, s->entry), s->member);
        if (!node)
            fail_msg("%s: %s of %s is not there", s->label, s->member, s->entry);
        put_value(&value, node);
        if (!str_eq(buf_str(&value), s->want))
            fail_msg("%s: %s of %s is \"%s\"", s->label, s->member, s->entry, buf_str(&value));
        conf_free(root);
        buf_release(&report);
        buf_release(&value);
    }
}

/* DO1: whoever stands in the on-duty plan can be reached by SMS at every hour. */
static void who_is_on_duty_is_awake(void **state)
{
    const struct directory *dir = config_of(state, "dortmund")->directory;
    const int64_t night = at("2026-12-25T03:00:00+01:00");
    size_t phones = 0;
    for (size_t i = 0; i < dir->units; i++) {
        const struct unit *unit = &dir->unit[i];
        if (!str_starts(unit->id, "bereitschaft-"))
            continue;
        phones++;
        assert_int_equal(unit->contact[0].channel, CHANNEL_SMS);
        assert_true(worktime_is_open(&unit->hours, night));
        assert_string_equal(unit->lead->id, "leitung-bereitschaft");
        assert_non_null(directory_permits(dir, NULL, unit, ITEM_EMERGENCY, ""));
    }
    assert_int_equal(phones, 3);
}

/* Each unit that works on cases can answer through exactly one case system, technical desks and
 * bodies through none; the on-call desk also through the hotline, where the city has one. */
static void check_sources(const struct directory *dir, const struct unit *unit)
{
    size_t sources = 0;
    bool hotline = false;
    for (size_t s = 0; s < dir->sources; s++) {
        sources += source_speaks_for(&dir->source[s], unit);
        hotline = hotline || str_starts(dir->source[s].id, "hotline");
        assert_string_equal(dir->source[s].desk->function[0], "technical");
    }
    size_t want = str_starts(unit->id, "technik-") || unit->kind == UNIT_BODY ? 0 : 1;
    if (unit == dir->on_call)
        want = hotline ? 2 : 1;
    if (sources != want)
        fail_msg("%s: %zu sources, want %zu", unit->id, sources, want);
}

static bool has_colleague(const struct directory *dir, const struct unit *unit)
{
    for (size_t i = 0; i < dir->units; i++)
        for (size_t s = 0; s < unit->services; s++)
            if (&dir->unit[i] != unit && dir->unit[i].kind == UNIT_TEAM &&
                unit_offers(&dir->unit[i], unit->service[s]))
                return true;
    return false;
}

/* Only who leads others has no lead. A team has a deputy unless no other team does its work. */
static void check_people(const struct directory *dir, const struct unit *unit)
{
    bool leads = unit->functions && str_eq(unit->function[0], "lead");
    if (!unit->lead && !leads)
        fail_msg("%s has no lead", unit->id);
    if (unit->kind == UNIT_TEAM && unit->deputies == 0 && has_colleague(dir, unit))
        fail_msg("%s has no deputy", unit->id);
    if (unit->contacts == 0 || str_empty(unit->name) || str_empty(unit->phone))
        fail_msg("%s cannot be reached", unit->id);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && str_eq(text + n - m, end);
}

/* Who must hear this morning that nobody comes, or whether it can step in (KI5). */
static bool serves_presence(const struct directory *dir, const struct unit *unit)
{
    for (size_t i = 0; i < dir->meetings; i++) {
        const struct meeting_setup *m = &dir->meeting[i];
        if (!str_eq(m->kind->id, "presence"))
            continue;
        for (size_t n = 0; n < m->members; n++)
            if (m->member[n].unit == unit)
                return true;
        for (size_t n = 0; n < m->unit->deputies; n++)
            if (m->unit->deputy[n] == unit)
                return true;
    }
    return false;
}

/* Role mailboxes below .example, numbers that nobody has and that are for urgent things only. */
static void check_synthetic(const struct directory *dir, const struct unit *unit)
{
    if (!strstr(unit->phone, " 000"))
        fail_msg("%s: %s", unit->id, unit->phone);
    for (size_t i = 0; i < unit->contacts; i++) {
        const struct contact *contact = &unit->contact[i];
        bool fine = contact->channel == CHANNEL_EMAIL
                        ? ends_with(contact->address, ".example")
                        : str_starts(contact->address, "+4915100000") &&
                              (contact->urgent_only || serves_presence(dir, unit));
        if (!fine)
            fail_msg("%s: %s", unit->id, contact->address);
    }
}

static void units_are_complete(void **state)
{
    for (size_t c = 0; c < COUNT_OF(cities); c++) {
        const struct directory *dir = config_of(state, cities[c].name)->directory;
        size_t providers = 0;
        for (size_t i = 0; i < dir->units; i++) {
            check_sources(dir, &dir->unit[i]);
            check_people(dir, &dir->unit[i]);
            check_synthetic(dir, &dir->unit[i]);
            providers += dir->unit[i].kind == UNIT_PROVIDER;
        }
        assert_int_equal(providers, cities[c].providers);
    }
}

static size_t address_chars(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");
}

/* Not only contacts: every host after an "@" or "https://" in every file. */
static void check_file(const char *path)
{
    static const char *const marks[] = {"@", "https://"};
    struct buf text = BUF_INIT, err = BUF_INIT;
    if (buf_read_file(&text, path, 1 << 20, &err))
        fail_msg("%s", buf_str(&err));
    for (size_t m = 0; m < COUNT_OF(marks); m++)
        for (const char *hit = strstr(buf_str(&text), marks[m]); hit;) {
            const char *host = hit + strlen(marks[m]);
            size_t n = address_chars(host);
            if (n < 8 || memcmp(host + n - 8, ".example", 8) != 0)
                fail_msg("%s: %.*s", path, (int)n, host);
            hit = strstr(host, marks[m]);
        }
    buf_release(&text);
    buf_release(&err);
}

static void no_address_is_real(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT_OF(cities); c++) {
        char path[512];
        size_t files = 0;
        snprintf(path, sizeof path, "config/%s", cities[c].name);
        DIR *folder = opendir(path);
        assert_non_null(folder);
        for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
            if (!ends_with(entry->d_name, ".conf"))
                continue;
            snprintf(path, sizeof path, "config/%s/%s", cities[c].name, entry->d_name);
            check_file(path);
            files++;
        }
        closedir(folder);
        assert_true(files >= 7);
    }
}

/* Every emergency ends at somebody who can be reached by SMS and has a lead. */
static void desks_are_reachable(void **state)
{
    for (size_t c = 0; c < COUNT_OF(cities); c++) {
        const struct config *config = config_of(state, cities[c].name);
        const struct directory *dir = config->directory;
        struct route_result r = decide(config, query(dir, ITEM_EMERGENCY, "", ""));
        assert_ptr_equal(r.target[0].unit, dir->on_call);
        assert_string_equal(dir->on_call->id, "bereitschaft");
        assert_true(str_starts(dir->catch_all->id, "koordination-"));
        assert_non_null(dir->on_call->lead);
        assert_int_equal(dir->on_call->contact[0].channel, CHANNEL_SMS);
        assert_true(dir->on_call->restricted_ok && dir->catch_all->restricted_ok);
        assert_true(r.policy->sms[URGENCY_EMERGENCY]);
        assert_int_equal(r.policy->ack[URGENCY_EMERGENCY].amount, 600000);
        assert_string_equal(dir->catch_all->hours.calendar, cities[c].calendar);
    }
}

static void limits_end(void **state)
{
    static const struct {
        const char *label, *city, *unit, *span, *from, *want;
    } cases[] = {
        {"UL9 office in Ulm", "ulm", "lebenshilfe-ulm", "1 staffed day",
         "2028-08-14T15:00:00+02:00", "2028-08-15T16:00:00+02:00"},
        {"UL9 office in Neu-Ulm", "ulm", "lebenshilfe", "1 staffed day",
         "2028-08-14T15:00:00+02:00", "2028-08-16T16:00:00+02:00"},
        {"UL4 reminder", "ulm", "erstanlauf-boefingen", "4 office hours",
         "2026-11-23T11:00:00+01:00", "2026-11-23T15:00:00+01:00"},
        {"UL12 Schwörmontag", "ulm", "ksd-eselsberg", "4 office hours", "2027-07-19T08:30:00+02:00",
         "2027-07-20T10:00:00+02:00"},
        {"5.1 example", "ulm", "egh-eselsberg", "1 staffed day", "2026-11-20T09:14:03+01:00",
         "2026-11-23T16:00:00+01:00"},
        {"Christmas Eve on call", "ulm", "bereitschaft", "2 office hours",
         "2026-12-24T22:40:00+01:00", "2026-12-25T00:40:00+01:00"},
        {"BI7 Friday 14:30", "bielefeld", "qsa-sennestadt", "1 staffed day",
         "2026-11-20T14:30:00+01:00", "2026-11-23T16:00:00+01:00"},
        {"BI8 reminder", "bielefeld", "initiative-nachbarschaft-sennestadt", "280 office minutes",
         "2026-11-16T09:20:00+01:00", "2026-11-16T14:00:00+01:00"},
        {"DO2 after a Sunday night", "dortmund", "jobcenter-mitte", "2 office hours",
         "2026-11-15T03:10:00+01:00", "2026-11-16T10:00:00+01:00"},
        {"Fronleichnam in NRW", "dortmund", "sozialbuero-nord", "1 staffed day",
         "2027-05-26T09:00:00+02:00", "2027-05-28T12:00:00+02:00"},
        {"no Fronleichnam in SH", "kiel", "fachteam-egh", "1 staffed day",
         "2027-05-26T09:00:00+02:00", "2027-05-27T16:00:00+02:00"},
        {"KI9 closed on 24.12.", "kiel", "fachteam-egh", "1 staffed day",
         "2026-12-23T09:00:00+01:00", "2026-12-28T16:00:00+01:00"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span span;
        const struct directory *dir = config_of(state, cases[i].city)->directory;
        const struct unit *unit = directory_unit(dir, cases[i].unit);
        assert_true(unit && span_parse(cases[i].span, &span));
        if (worktime_end(&unit->hours, &span, at(cases[i].from)) != at(cases[i].want))
            fail_msg("%s", cases[i].label);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_say_so),   cmocka_unit_test(who_is_on_duty_is_awake),
        cmocka_unit_test(units_are_complete),  cmocka_unit_test(no_address_is_real),
        cmocka_unit_test(desks_are_reachable), cmocka_unit_test(limits_end),
    };
    digest_start();
    return cmocka_run_group_tests_name("cities", tests, cities_load, cities_unload);
}
