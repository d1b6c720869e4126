/*
 * metrics.c: every line of /metrics by the grammar of OpenMetrics 1.0, families in one piece and in
 * order, histograms that add up, and no label that could name a person, a unit or a case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/ingest.h"
#include "../daemon/log.h"
#include "../daemon/metrics.h"
#include "../daemon/turn.h"
#include "gateway_rig.h"

static int set_up(void **state)
{
    struct buf err = BUF_INIT;
    struct gateway_rig *rig = xcalloc(1, sizeof *rig);
    log_level = LOG_LEVEL_ERROR;
    rig_open(rig);
    rig->g.turn = turn_open();
    rig->g.ingest = ingest_open(&rig->g, &err);
    if (!rig->g.ingest)
        fail_msg("%s", buf_str(&err));
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct gateway_rig *rig = *state;
    ingest_close(&rig->g);
    turn_close(rig->g.turn);
    rig_close(rig);
    free(rig);
    return 0;
}

/* What a strict reader knows while it goes through the lines. */
struct reader {
    char family[80], type[16], last[200];
    char families[4096]; /* " name " of all that were */
    int samples;
    bool ended;
};

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

static void read_head(struct reader *r, const char *line)
{
    char word[8], name[80], rest[160];
    if (sscanf(line, "# %7s %79s %159[^\n]", word, name, rest) != 3)
        fail_msg("not a head: %s", line);
    if (str_eq(word, "TYPE")) {
        char known[84];
        snprintf(known, sizeof known, " %s ", name);
        assert_null(strstr(r->families, known)); /* a family stands in one place */
        assert_true(strlen(r->families) + strlen(known) < sizeof r->families);
        strcat(r->families, known);
        assert_true(str_starts(name, "stafette_") && strspn(name, name_chars) == strlen(name));
        assert_true(str_copy(r->family, sizeof r->family, name));
        assert_true(str_copy(r->type, sizeof r->type, rest));
        r->last[0] = '\0';
        return;
    }
    assert_string_equal(word, "HELP");
    assert_string_equal(name, r->family);
    assert_true(str_ends(rest, "."));
}

static bool suffix_fits(const char *type, const char *suffix)
{
    if (str_eq(type, "counter"))
        return str_eq(suffix, "_total");
    if (str_eq(type, "info"))
        return str_eq(suffix, "_info");
    if (str_eq(type, "histogram"))
        return str_eq(suffix, "_bucket") || str_eq(suffix, "_sum") || str_eq(suffix, "_count");
    return str_eq(type, "gauge") && str_eq(suffix, "");
}

/* {name="value",...}; values hold no quote, so none needs escaping. Returns what follows. */
static const char *read_labels(const char *p)
{
    static const char *const known[] = {"outcome", "channel",   "result",  "class",
                                        "le",      "transport", "version", "state"};
    if (*p != '{')
        return p;
    do {
        size_t n = strcspn(++p, "="), i = 0;
        while (i < COUNT_OF(known) && (strlen(known[i]) != n || strncmp(known[i], p, n) != 0))
            i++;
        if (i == COUNT_OF(known))
            fail_msg("a label that is not in the list: %s", p);
        p += n;
        assert_true(p[0] == '=' && p[1] == '"');
        p += 2 + strcspn(p + 2, "\"\\\n");
        assert_true(*p == '"');
        p++;
    } while (*p == ',');
    assert_true(*p == '}');
    return p + 1;
}

static void read_sample(struct reader *r, const char *line)
{
    char name[100], series[200];
    size_t n = strspn(line, name_chars), family = strlen(r->family);
    assert_true(n > 0 && n < sizeof name);
    memcpy(name, line, n);
    name[n] = '\0';
    if (strncmp(name, r->family, family) != 0 || !suffix_fits(r->type, name + family))
        fail_msg("%s in family %s (%s)", name, r->family, r->type);
    const char *value = read_labels(line + n);
    size_t len = (size_t)(value - line);
    assert_true(len < sizeof series);
    memcpy(series, line, len);
    series[len] = '\0';
    assert_string_not_equal(series, r->last); /* a series is written once */
    assert_true(str_copy(r->last, sizeof r->last, series));
    assert_true(*value == ' ');
    char *end;
    double number = strtod(value + 1, &end);
    assert_true(end > value + 1 && *end == '\0');
    assert_true(str_eq(r->type, "gauge") || number >= 0);
    r->samples++;
}

static void read_all(struct reader *r, char *text)
{
    assert_true(str_ends(text, "\n"));
    for (char *next, *line = text; *line; line = next) {
        next = line + strcspn(line, "\n");
        *next++ = '\0';
        assert_false(r->ended);
        if (str_eq(line, "# EOF"))
            r->ended = true;
        else if (line[0] == '#')
            read_head(r, line);
        else
            read_sample(r, line);
    }
    assert_true(r->ended);
}

static void test_grammar(void **state)
{
    struct gateway_rig *rig = *state;
    struct reader r;
    struct buf text = BUF_INIT;
    memset(&r, 0, sizeof r);
    rig->g.incidents.count = 1;
    str_copy(rig->g.incidents.incident[0].transport, ID_MAX, "post");
    metrics_write(&rig->g, &text);
    read_all(&r, text.data);
    assert_true(r.samples > 40);
    buf_release(&text);
}

static double value_of(const char *text, const char *series)
{
    char line[120];
    snprintf(line, sizeof line, "\n%s ", series);
    const char *at = strstr(text, line);
    if (!at)
        fail_msg("no series %s", series);
    return strtod(at + strlen(line), NULL);
}

static void test_turns(void **state)
{
    static const double took_s[] = {0.0005, 0.001, 0.0011, 0.05, 0.4, 0.5, 0.51, 100};
    static const struct {
        const char *series;
        double want;
    } cases[] = {
        {"stafette_turn_seconds_bucket{le=\"0.001\"}", 2},
        {"stafette_turn_seconds_bucket{le=\"0.002\"}", 3},
        {"stafette_turn_seconds_bucket{le=\"0.02\"}", 3},
        {"stafette_turn_seconds_bucket{le=\"0.05\"}", 4},
        {"stafette_turn_seconds_bucket{le=\"0.5\"}", 6},
        {"stafette_turn_seconds_bucket{le=\"+Inf\"}", 8},
        {"stafette_turn_seconds_count", 8},
    };
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    double sum = 0;
    for (size_t i = 0; i < COUNT_OF(took_s); i++) {
        metrics_turn(&rig->g.metrics, took_s[i]);
        sum += took_s[i];
    }
    metrics_write(&rig->g, &text);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (value_of(buf_str(&text), cases[i].series) != cases[i].want)
            fail_msg("%s", cases[i].series);
    assert_true(value_of(buf_str(&text), "stafette_turn_seconds_sum") == sum);
    buf_release(&text);
}

/* A sum that is written with six digits stands still after some days. */
static void test_long_running(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf before = BUF_INIT, after = BUF_INIT;
    rig->g.metrics.turn_sum_s = 123456.0;
    metrics_write(&rig->g, &before);
    metrics_turn(&rig->g.metrics, 0.25);
    metrics_write(&rig->g, &after);
    assert_true(value_of(buf_str(&after), "stafette_turn_seconds_sum") -
                    value_of(buf_str(&before), "stafette_turn_seconds_sum") ==
                0.25);
    buf_release(&before);
    buf_release(&after);
}

static void test_gauges(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    rig->g.balanced = true;
    rig->g.held_since_ms = 1;
    rig->g.metrics.oldest_open_ms = rig->g.now_ms - 90500;
    rig->g.metrics.events[2] = UINT64_MAX;
    metrics_write(&rig->g, &text);
    assert_true(value_of(buf_str(&text), "stafette_ledger_green") == 1);
    assert_true(value_of(buf_str(&text), "stafette_held") == 1);
    assert_true(value_of(buf_str(&text), "stafette_broker_up") == 0);
    assert_true(value_of(buf_str(&text), "stafette_oldest_open_seconds") == 90.5);
    assert_non_null(strstr(buf_str(&text), "{outcome=\"refused\"} 18446744073709551615\n"));
    buf_release(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_grammar),
        TEST(test_turns),
        TEST(test_long_running),
        TEST(test_gauges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
