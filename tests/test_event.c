/*
 * The event part: tables, envelope, data, rules, faults, schemas.
 *
 *     build/tests/test_event                          runs the tests
 *     build/tests/test_event --write-schemas          writes contrib/schemas anew, after a change
 *     build/tests/test_event --verdicts < LINES       "topic<TAB>JSON" a line -> verdict and
 * faults; used by tests/schema_check.py
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "event_sample.h"

#define SCHEMAS "contrib/schemas"
#define EXAMPLE                                                                                    \
    "{\"specversion\":\"1.0\",\"id\":\"01JD3K9Q7Z\",\"source\":\"/jugendamt-kiel/fachverfahren\"," \
    "\"type\":\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-20T09:14:03+01:00\","     \
    "\"subject\":\"" SAMPLE_REF "\",\"urgency\":\"prompt\",\"data\":" EXAMPLE_DATA "}"
#define EXAMPLE_DATA                                                                               \
    "{\"case_ref\":\"" SAMPLE_REF "\",\"from_unit\":\"jugendamt-kiel-asd-mitte\","                 \
    "\"place\":\"kiel-mitte\",\"rechtskreis\":\"SGB_IX\",\"service\":\"egh\","                     \
    "\"reason\":\"transition_36b\",\"legal_basis\":\"sgb8_36b\",\"consent_ref\":\"c-8841\","       \
    "\"hilfeplan\":true,\"open_tasks\":3,\"next_deadline\":\"2026-12-04\"}"

static void test_example(void **state)
{
    struct event ev;
    struct buf data = BUF_INIT;
    (void)state;
    assert_int_equal(sample_read(&ev, EVENT_HANDOVER_REQUESTED, EXAMPLE), EVENT_OK);
    assert_int_equal(ev.faults, 0);
    assert_int_equal(ev.type, EVENT_HANDOVER_REQUESTED);
    assert_string_equal(ev.type_name, "handover.requested");
    assert_string_equal(ev.id, "01JD3K9Q7Z");
    assert_string_equal(ev.source, "/jugendamt-kiel/fachverfahren");
    assert_string_equal(ev.topic_source, "jugendamt-kiel");
    assert_string_equal(ev.subject, SAMPLE_REF);
    assert_int_equal(ev.urgency, URGENCY_PROMPT);
    assert_true(ev.time_ms == INT64_C(1795162443000) && ev.effective_ms == ev.time_ms);
    assert_true(!ev.restricted && ev.present[FIELD_HILFEPLAN] && ev.number[FIELD_HILFEPLAN] == 1);
    assert_true(ev.number[FIELD_OPEN_TASKS] == 3);
    assert_true(ev.number[FIELD_NEXT_DEADLINE] == day_of(2026, 12, 4));
    assert_false(ev.present[FIELD_TO_UNIT]);
    assert_string_equal(ev.text[FIELD_TO_UNIT], "");
    event_data_json(&ev, &data);
    assert_string_equal(buf_str(&data), EXAMPLE_DATA);
    buf_release(&data);
    event_release(&ev);
}

static void test_tables(void **state)
{
    (void)state;
    assert_true(event_type_count() == 65);
    for (int t = 0; t < (int)event_type_count(); t++) {
        const struct type_row *row = event_type_row(t);
        assert_int_equal(event_type_find(row->name, strlen(row->name)), t);
        assert_true((row->required & row->optional) == 0);
        assert_true(!!row->kinds == !!(event_type_allowed(t) & FIELD_BIT(KIND)));
        assert_true(event_field_use(t, FIELD_CORRECTS) == 1);
    }
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        const char *name = event_field_name((enum field)f);
        assert_int_equal(event_field_find(name, strlen(name)), f);
    }
    assert_int_equal(event_field_find("diagnosis", 9), FIELD_NONE);
    assert_int_equal(event_type_find("handover", 8), EVENT_UNKNOWN);
    assert_string_equal(event_type_name(EVENT_UNKNOWN), "");
    assert_false(event_type_handled(EVENT_UNKNOWN));
}

/* Every field of the catalogue can be carried by some type. */
static void test_fields_used(void **state)
{
    (void)state;
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        int uses = 0;
        for (int t = 0; t < (int)event_type_count(); t++)
            uses += event_field_use(t, (enum field)f) > 0;
        if (!uses)
            fail_msg("no type carries %s", event_field_name((enum field)f));
    }
}

static void test_least_and_full(void **state)
{
    (void)state;
    for (int t = 0; t < (int)event_type_count(); t++) {
        struct buf least = BUF_INIT, full = BUF_INIT;
        sample_data(&least, t, sample_least(t), FIELD_NONE, NULL);
        sample_expect_data(t, "least", buf_str(&least), sample_good(t));
        sample_data(&full, t, event_type_allowed(t), FIELD_NONE, NULL);
        sample_expect_data(t, "full", buf_str(&full), sample_good(t));
        buf_release(&least);
        buf_release(&full);
    }
}

/* Each required field left out in turn is named, and nothing else. */
static void test_required(void **state)
{
    struct buf data = BUF_INIT, want = BUF_INIT, fault = BUF_INIT;
    (void)state;
    for (int t = 0; t < (int)event_type_count(); t++)
        for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
            if (!(sample_least(t) & (field_set)1 << f))
                continue;
            buf_reset(&data);
            buf_reset(&fault);
            sample_data(&data, t, sample_least(t) & ~((field_set)1 << f), FIELD_NONE, NULL);
            buf_printf(&fault, "E-PFLICHT data.%s", event_field_name((enum field)f));
            sample_want(&want, t, "incomplete", buf_str(&fault));
            sample_expect_data(t, "without a field", buf_str(&data), buf_str(&want));
        }
    buf_release(&data);
    buf_release(&want);
    buf_release(&fault);
}

/* Each field that a type does not know is refused there, although the catalogue knows it. */
static void test_not_allowed(void **state)
{
    struct buf data = BUF_INIT, want = BUF_INIT, fault = BUF_INIT;
    (void)state;
    for (int t = 0; t < (int)event_type_count(); t++)
        for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
            if (event_field_use(t, (enum field)f))
                continue;
            buf_reset(&data);
            buf_reset(&fault);
            sample_data(&data, t, sample_least(t) | (field_set)1 << f, (enum field)f, "\"x\"");
            buf_printf(&fault, "E-FELD data.%s", event_field_name((enum field)f));
            sample_want(&want, t, "forbidden", buf_str(&fault));
            sample_expect_data(t, "with a foreign field", buf_str(&data), buf_str(&want));
        }
    buf_release(&data);
    buf_release(&want);
    buf_release(&fault);
}

#define REF "\"case_ref\":\"" SAMPLE_REF "\""
#define ANSWER "\"by_unit\":\"ksd\",\"at\":\"2026-11-20T09:14:03Z\""
#define ASK                                                                                        \
    REF ",\"from_unit\":\"ksd\",\"reason\":\"umzug\",\"hilfeplan\":true,\"open_tasks\":0,"         \
        "\"next_deadline\":\"2026-12-04\","

/* Rules between fields. */
static const struct {
    int type;
    const char *label, *data, *want;
} rules[] = {
    {EVENT_HANDOVER_ACCEPTED, "item_id stands for case_ref",
     "{\"item_id\":\"K7F3-92QX\"," ANSWER "}", "ok"},
    {EVENT_HANDOVER_ACCEPTED, "in_reply_to stands for case_ref",
     "{\"in_reply_to\":\"01JD3K9Q7Z\"," ANSWER "}", "ok"},
    {EVENT_HANDOVER_ACCEPTED, "corrects does not", "{\"corrects\":\"01JD3K9Q7Z\"," ANSWER "}",
     "incomplete E-PFLICHT data.case_ref"},
    {EVENT_HANDOVER_REQUESTED, "a request needs its case",
     "{\"item_id\":\"K7F3-92QX\",\"from_unit\":\"ksd\"}",
     "incomplete E-PFLICHT data.case_ref, E-PFLICHT data.to_unit, E-PFLICHT data.reason, "
     "E-PFLICHT data.legal_basis, E-PFLICHT data.hilfeplan, E-PFLICHT data.open_tasks, "
     "E-PFLICHT data.next_deadline"},
    {EVENT_HANDOVER_REQUESTED, "place, rechtskreis and service stand for to_unit",
     "{" ASK "\"legal_basis\":\"sgb8_36b\",\"place\":\"ulm\",\"rechtskreis\":\"SGB_IX\","
     "\"service\":\"egh\"}",
     "ok"},
    {EVENT_HANDOVER_REQUESTED, "place alone does not",
     "{" ASK "\"legal_basis\":\"sgb8_36b\",\"place\":\"ulm\"}",
     "incomplete E-PFLICHT data.rechtskreis, E-PFLICHT data.service"},
    {EVENT_HANDOVER_REQUESTED, "consent needs its reference",
     "{" ASK "\"legal_basis\":\"consent\",\"to_unit\":\"ksd\"}",
     "incomplete E-PFLICHT data.consent_ref"},
    {EVENT_HANDOVER_REQUESTED, "forbidden beats incomplete", "{" REF ",\"diagnosis\":\"F20\"}",
     "forbidden E-FELD data.diagnosis, E-PFLICHT data.from_unit, E-PFLICHT data.to_unit, "
     "E-PFLICHT data.reason, E-PFLICHT data.legal_basis, E-PFLICHT data.hilfeplan, "
     "E-PFLICHT data.open_tasks, E-PFLICHT data.next_deadline"},
    {EVENT_HANDOVER_REQUESTED, "a wrong field is not missing too",
     "{" REF ",\"from_unit\":\"KSD\",\"to_unit\":\"ksd\",\"reason\":\"umzug\",\"hilfeplan\":true,"
     "\"legal_basis\":\"sgb8_36b\",\"open_tasks\":0,\"next_deadline\":\"bald\"}",
     "forbidden E-WERT data.from_unit, E-WERT data.next_deadline"},
    {EVENT_HAZARD_CLEARED, "its data", "{" REF ",\"at\":\"2026-11-15T03:10:00+01:00\"}", "ok"},
    {EVENT_HANDOVER_ACCEPTED, "data is a text", "\"Freitext\"", "forbidden E-WERT data"},
    {EVENT_HANDOVER_ACCEPTED, "data is a list", "[]", "forbidden E-WERT data"},
    {EVENT_HANDOVER_ACCEPTED, "data is null", "null", "forbidden E-WERT data"},
    {EVENT_HANDOVER_ACCEPTED, "a name that may not be shown", "{\"Frau M.\":1,\"x9\":2," REF "}",
     "forbidden E-FELD data, E-PFLICHT data.by_unit, E-PFLICHT data.at"},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        sample_expect_data(rules[i].type, rules[i].label, rules[i].data, rules[i].want);
}

static void test_agenda(void **state)
{
    int t = event_type_find("agenda.item.added", 17);
    (void)state;
    sample_expect_data(
        t, "public meeting",
        "{\"meeting_id\":\"runde-1\",\"reason\":\"bericht\",\"kind\":\"sozialraumkonferenz\"}",
        sample_good(t));
    sample_expect_data(
        t, "case in a public meeting (UL11)",
        "{\"meeting_id\":\"runde-1\",\"reason\":\"bericht\",\"kind\":\"sozialraumkonferenz\"," REF
        "}",
        "forbidden E-FELD data.case_ref");
    sample_expect_data(t, "case needs the kind",
                       "{\"meeting_id\":\"runde-1\",\"reason\":\"fall\"," REF "}",
                       "incomplete E-PFLICHT data.kind");
}

/* The list of faults is full of forbidden ones before a missing field is listed. */
static void test_many_faults(void **state)
{
    struct event ev;
    struct buf data = BUF_INIT, payload = BUF_INIT;
    (void)state;
    buf_addc(&data, '{');
    for (int i = 0; i < 40; i++)
        buf_printf(&data, "%s\"field_%c%c\":1", i ? "," : "", 'a' + i / 26, 'a' + i % 26);
    buf_addc(&data, '}');
    sample_envelope(&payload, EVENT_HANDOVER_REQUESTED, buf_str(&data));
    assert_int_equal(sample_read(&ev, EVENT_HANDOVER_REQUESTED, buf_str(&payload)),
                     EVENT_FORBIDDEN);
    assert_int_equal(ev.faults, EVENT_FAULTS_MAX);
    event_fault_add(&ev, "E-STELLE", "data.from_unit");
    assert_int_equal(ev.faults, EVENT_FAULTS_MAX);
    event_release(&ev);
    buf_release(&data);
    buf_release(&payload);
}

/* Binary mode gives the same event as structured mode. */
static void test_binary(void **state)
{
    static const char *const attribute[] = {"specversion", "1.0",
                                            "id",          "01JD3K9Q7Z",
                                            "source",      "/jugendamt-kiel/fachverfahren",
                                            "type",        "de.sozialraum.handover.requested.v1",
                                            "time",        "2026-11-20T09:14:03+01:00",
                                            "restricted",  "true",
                                            "corrects",    "01JD3K9Q7A",
                                            "effectiveat", "2026-11-19T09:14:03+01:00",
                                            NULL};
    char payload[] = EXAMPLE_DATA;
    struct event ev;
    struct event_input input = {.topic = "stafette/in/jugendamt-kiel/handover/requested",
                                .payload = payload,
                                .payload_len = strlen(payload),
                                .content_type = "application/json; charset=UTF-8",
                                .attribute = attribute};
    (void)state;
    assert_int_equal(event_read(&ev, &input), EVENT_OK);
    memset(payload, 'x', sizeof payload - 1); /* the input may go */
    assert_string_equal(ev.id, "01JD3K9Q7Z");
    assert_string_equal(ev.source, "/jugendamt-kiel/fachverfahren");
    assert_string_equal(ev.text[FIELD_CORRECTS], "01JD3K9Q7A");
    assert_string_equal(ev.text[FIELD_PLACE], "kiel-mitte");
    assert_true(ev.restricted && ev.time_ms - ev.effective_ms == 86400000);
    event_release(&ev);
}

/* A refusal can be answered: topic, id and type stay; the data does not. */
static void test_refused_keeps_nothing(void **state)
{
    struct event ev;
    struct buf data = BUF_INIT;
    (void)state;
    assert_int_equal(sample_read(&ev, EVENT_EMERGENCY_REPORTED, "{\"id\":\"x"), EVENT_FORBIDDEN);
    assert_int_equal(ev.type, EVENT_EMERGENCY_REPORTED);
    assert_string_equal(ev.topic_source, SAMPLE_SOURCE);
    assert_int_equal(ev.fault[0].line, 1);
    event_release(&ev);
    sample_read(&ev, EVENT_EMERGENCY_REPORTED,
                "{\"specversion\":\"1.0\",\"id\":\"e-17\",\"source\":\"/jugendamt-kiel\",\"type\":"
                "\"de.sozialraum.emergency.reported.v1\",\"time\":\"2026-11-14T22:40:00+01:00\","
                "\"subject\":\"" SAMPLE_REF "\",\"urgency\":\"routine\",\"data\":{" REF
                ",\"place\":\"ulm\",\"channel\":\"hotline\",\"note\":\"x\"}}");
    assert_string_equal(ev.id, "e-17");
    assert_string_equal(ev.subject, "");
    assert_int_equal(ev.urgency, URGENCY_EMERGENCY);
    event_data_json(&ev, &data);
    assert_string_equal(buf_str(&data), "{}");
    event_release(&ev);
    buf_release(&data);
}

static void test_german(void **state)
{
    static const struct {
        const char *code, *field, *want;
    } cases[] = {
        {"E-FELD", "data.diagnosis",
         "E-FELD: data.diagnosis ist nicht zugelassen (Klasse P3, Regel R2). Der Wert wurde nicht "
         "gespeichert. Das Feld aus der Meldung nehmen und mit neuer id und corrects neu senden."},
        {"E-FELD", "data.note",
         "E-FELD: data.note ist nicht zugelassen (Freitext, Regel R2). Der Wert wurde nicht "
         "gespeichert. Das Feld aus der Meldung nehmen und mit neuer id und corrects neu senden."},
        {"E-FELD", "",
         "E-FELD: Ein Feld ist nicht zugelassen (Regel R2). Der Wert wurde nicht gespeichert. Das "
         "Feld aus der Meldung nehmen und mit neuer id und corrects neu senden."},
        {"E-PFLICHT", "data.open_tasks",
         "E-PFLICHT: data.open_tasks fehlt (Regel Katalog). Das Feld ergänzen und mit neuer id und "
         "corrects neu senden; die Frist läuft weiter."},
        {"E-GEFAHR", "",
         "E-GEFAHR: Die Meldung setzt voraus, dass die Gefahr beseitigt ist (Regel H3). Zuerst "
         "hazard.cleared senden, dann übergeben."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct event ev = {.faults = 0};
        struct buf got = BUF_INIT;
        event_fault_add(&ev, cases[i].code, cases[i].field);
        event_fault_german(&ev.fault[0], &got);
        assert_string_equal(buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

static void schema_path(struct buf *out, int type)
{
    buf_reset(out);
    buf_printf(out, "%s/%s.json", SCHEMAS, event_type_name(type));
}

static void test_schemas(void **state)
{
    struct buf path = BUF_INIT, file = BUF_INIT, want = BUF_INIT, err = BUF_INIT;
    size_t files = 0;
    (void)state;
    for (int t = 0; t < (int)event_type_count(); t++) {
        schema_path(&path, t);
        buf_reset(&want);
        event_schema(t, &want);
        if (buf_read_file(&file, buf_str(&path), 1 << 20, &err) < 0)
            fail_msg("%s", buf_str(&err));
        if (!str_eq(buf_str(&file), buf_str(&want)))
            fail_msg("%s differs: run build/tests/test_event --write-schemas", buf_str(&path));
    }
    DIR *dir = opendir(SCHEMAS);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        files += str_ends(entry->d_name, ".json");
    closedir(dir);
    assert_true(files == event_type_count());
    buf_release(&path);
    buf_release(&file);
    buf_release(&want);
    buf_release(&err);
}

/* The types that contrib/asyncapi.yaml lets in are those of the table, in its order. */
static void test_asyncapi(void **state)
{
    struct buf file = BUF_INIT, err = BUF_INIT, line = BUF_INIT;
    (void)state;
    if (buf_read_file(&file, "contrib/asyncapi.yaml", 1 << 20, &err) < 0)
        fail_msg("%s", buf_str(&err));
    const char *at = buf_str(&file);
    for (int t = 0; t < (int)event_type_count(); t++) {
        buf_reset(&line);
        buf_printf(&line, "$ref: schemas/%s.json\n", event_type_name(t));
        const char *next = strstr(at, "$ref: schemas/");
        if (!next || !str_starts(next, buf_str(&line)))
            fail_msg("contrib/asyncapi.yaml: expected %s", buf_str(&line));
        at = next + line.len;
    }
    assert_null(strstr(at, "$ref: schemas/"));
    buf_release(&file);
    buf_release(&err);
    buf_release(&line);
}

static int write_schemas(void)
{
    struct buf path = BUF_INIT, text = BUF_INIT;
    int failed = 0;
    for (int t = 0; t < (int)event_type_count() && !failed; t++) {
        schema_path(&path, t);
        buf_reset(&text);
        event_schema(t, &text);
        FILE *file = fopen(buf_str(&path), "w");
        failed = !file || fputs(buf_str(&text), file) < 0;
        if (file)
            failed |= fclose(file) != 0;
    }
    if (failed)
        fprintf(stderr, "cannot write %s; run from the top directory\n", buf_str(&path));
    buf_release(&path);
    buf_release(&text);
    return failed;
}

static int print_verdicts(void)
{
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
        struct event ev;
        struct buf out = BUF_INIT;
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        char *tab = strchr(line, '\t');
        if (!tab)
            return 1;
        *tab = '\0';
        struct event_input input = {.topic = line,
                                    .payload = tab + 1,
                                    .payload_len = (size_t)(line + n - tab - 1),
                                    .content_type = ""};
        sample_summary(&out, &ev, event_read(&ev, &input));
        puts(buf_str(&out));
        event_release(&ev);
        buf_release(&out);
    }
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_fields_used),
        cmocka_unit_test(test_least_and_full),
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_not_allowed),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_agenda),
        cmocka_unit_test(test_many_faults),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_refused_keeps_nothing),
        cmocka_unit_test(test_german),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_asyncapi),
    };
    json_start();
    if (argc > 1 && str_eq(argv[1], "--write-schemas"))
        return write_schemas();
    if (argc > 1 && str_eq(argv[1], "--verdicts"))
        return print_verdicts();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
