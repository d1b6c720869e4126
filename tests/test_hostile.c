/*
 * The hostile corpus: tests/hostile/NAME.cases, one case a line, each with the verdict and the
 * faults it must get. Besides: nothing that a refused event carried may come out again, neither by
 * its faults, nor their German sentences, nor the data kept of it (canary).
 *
 * A line is `directive && directive ... => verdict faults`. Directives:
 *   event NAME            type of the topic and of the sample envelope (handover.requested)
 *   field NAME JSON       sample data with this field set
 *   data JSON             the whole data
 *   attribute NAME JSON   sample envelope with this attribute set; `-` leaves it out
 *   payload TEXT          the whole payload
 *   topic TEXT, content TEXT, property NAME=VALUE, binary, retained
 * `binary` sends the sample envelope as user properties. In values ~HH is the byte HH, and
 * ~(Nxtext) is text N times.
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

#define CORPUS "tests/hostile"
#define CANARY "kanarie"

enum { CASES_MAX = 2000, PROPERTIES_MAX = 80 };

struct hostile {
    int type;
    struct buf topic, content, payload, data;
    char *attribute[ATTRIBUTE_COUNT + 1]; /* JSON; [ATTRIBUTE_COUNT]: one that is not known */
    char *unknown;                        /* its name */
    field_set fields;
    enum field odd;
    char *value, *foreign; /* of the odd field; name of a field that is not known */
    char *property[2 * PROPERTIES_MAX + 1];
    size_t properties;
    bool binary, retained, whole;
};

struct corpus {
    char *line[CASES_MAX];
    size_t lines;
};

/* Copies text, resolving ~HH and ~(Nxtext). */
static void unescape(struct buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        char *end;
        if (*p != '~') {
            buf_addc(out, *p);
        } else if (p[1] == '(') {
            unsigned long n = strtoul(p + 2, &end, 10);
            const char *close = strchr(end, ')');
            assert_true(*end == 'x' && close);
            for (; n > 0; n--)
                buf_add(out, end + 1, (size_t)(close - end - 1));
            p = close;
        } else {
            char hex[3] = {p[1], p[2], '\0'};
            buf_addc(out, (char)strtoul(hex, &end, 16));
            assert_true(end == hex + 2);
            p += 2;
        }
    }
}

/* The text without escapes, of which no NUL is among the bytes. */
static char *plain(const char *text)
{
    struct buf out = BUF_INIT;
    unescape(&out, text);
    return buf_detach(&out);
}

static bool says(const char **rest, const char *directive)
{
    size_t n = strlen(directive);
    if (strncmp(*rest, directive, n) != 0 || ((*rest)[n] != ' ' && (*rest)[n] != '\0'))
        return false;
    *rest += n + ((*rest)[n] == ' ');
    return true;
}

/* Splits "NAME rest" at the first separator; the name is NUL-terminated in place. */
static char *split(char *text, char separator)
{
    char *at = strchr(text, separator);
    assert_non_null(at);
    *at = '\0';
    return at + 1;
}

static void set_field(struct hostile *h, char *name)
{
    char *value = split(name, ' ');
    h->odd = event_field_find(name, strlen(name));
    h->fields |= h->odd == FIELD_NONE ? 0 : UINT64_C(1) << h->odd;
    h->value = plain(value);
    if (h->odd == FIELD_NONE)
        h->foreign = plain(name);
}

static void set_attribute(struct hostile *h, char *name)
{
    char *value = split(name, ' ');
    unsigned a = 0;
    while (a < ATTRIBUTE_COUNT && !str_eq(event_attribute_row((enum attribute)a)->name, name))
        a++;
    h->attribute[a] = plain(value);
    if (a == ATTRIBUTE_COUNT)
        h->unknown = plain(name);
}

static void add_property(struct hostile *h, const char *name, const char *value)
{
    assert_true(h->properties < 2 * PROPERTIES_MAX);
    h->property[h->properties++] = plain(name);
    h->property[h->properties++] = plain(value);
}

static void obey(struct hostile *h, const char *directive)
{
    const char *rest = directive;
    char *text = NULL;
    if (says(&rest, "retained")) {
        h->retained = true;
    } else if (says(&rest, "binary")) {
        h->binary = true;
    } else if (says(&rest, "topic")) {
        buf_reset(&h->topic);
        unescape(&h->topic, rest);
    } else if (says(&rest, "content")) {
        unescape(&h->content, rest);
    } else if (says(&rest, "payload")) {
        h->whole = true;
        unescape(&h->payload, rest);
    } else if (says(&rest, "data")) {
        unescape(&h->data, rest);
    } else if (says(&rest, "field")) {
        set_field(h, text = xstrdup(rest));
    } else if (says(&rest, "attribute")) {
        set_attribute(h, text = xstrdup(rest));
    } else if (says(&rest, "property")) {
        text = xstrdup(rest);
        char *value = split(text, '=');
        add_property(h, text, value);
    } else {
        fail_msg("unknown directive: %s", directive);
    }
    free(text);
}

/* The sample value of an attribute as JSON; "" for those that a plain event leaves out. */
static void sample_attribute(struct buf *out, const struct hostile *h, enum attribute a)
{
    if (a == ATTRIBUTE_SPECVERSION)
        buf_puts(out, "\"1.0\"");
    else if (a == ATTRIBUTE_ID)
        buf_puts(out, "\"01JD3K9Q7Z\"");
    else if (a == ATTRIBUTE_SOURCE)
        buf_puts(out, "\"/" SAMPLE_SOURCE "\"");
    else if (a == ATTRIBUTE_TIME)
        buf_puts(out, "\"2026-11-20T09:14:03+01:00\"");
    if (a == ATTRIBUTE_TYPE) {
        buf_addc(out, '"');
        event_full_type(out, event_type_name(h->type));
        buf_addc(out, '"');
    }
}

static void put_attribute(struct hostile *h, enum attribute a, bool as_property)
{
    struct buf json = BUF_INIT;
    const char *name = a == ATTRIBUTE_COUNT ? h->unknown : event_attribute_row(a)->name;
    if (h->attribute[a])
        buf_puts(&json, h->attribute[a]);
    else if (a < ATTRIBUTE_COUNT)
        sample_attribute(&json, h, a);
    if (json.len == 0 || str_eq(buf_str(&json), "-")) {
        buf_release(&json);
        return;
    }
    if (as_property) { /* without the quotes */
        json.data[json.len - 1] = '\0';
        add_property(h, name, json.data + 1);
    } else {
        json_put_name(&h->payload, name);
        buf_puts(&h->payload, buf_str(&json));
    }
    buf_release(&json);
}

static void put_data(struct hostile *h)
{
    if (h->data.len > 0)
        return;
    sample_data(&h->data, h->type, sample_least(h->type) | h->fields, h->odd, h->value);
    if (!h->foreign)
        return;
    h->data.len--; /* the closing brace */
    json_put_name(&h->data, h->foreign);
    buf_printf(&h->data, "%s}", h->value);
}

/* What the directives left open. */
static void complete(struct hostile *h)
{
    if (h->topic.len == 0)
        sample_topic(&h->topic, h->type);
    put_data(h);
    if (!h->whole && !h->binary)
        buf_addc(&h->payload, '{');
    for (unsigned a = 0; a <= ATTRIBUTE_COUNT; a++)
        if (h->binary || !h->whole)
            put_attribute(h, (enum attribute)a, h->binary);
    if (h->whole)
        return;
    if (h->binary) {
        buf_add(&h->payload, h->data.data, h->data.len);
        return;
    }
    json_put_name(&h->payload, "data");
    buf_add(&h->payload, h->data.data, h->data.len);
    buf_addc(&h->payload, '}');
}

/* `event` must be known before all others. */
static void build(struct hostile *h, const char *directives)
{
    char *copy = xstrdup(directives), *at = copy;
    memset(h, 0, sizeof *h);
    while (at) {
        char *next = strstr(at, " && ");
        const char *rest = at;
        if (next) {
            *next = '\0';
            next += 4;
        }
        if (says(&rest, "event"))
            h->type = event_type_find(rest, strlen(rest));
        else
            obey(h, at);
        at = next;
    }
    assert_true(h->type >= 0);
    complete(h);
    free(copy);
}

static void release(struct hostile *h)
{
    buf_release(&h->topic);
    buf_release(&h->content);
    buf_release(&h->payload);
    buf_release(&h->data);
    for (size_t i = 0; i <= ATTRIBUTE_COUNT; i++)
        free(h->attribute[i]);
    for (size_t i = 0; i < h->properties; i++)
        free(h->property[i]);
    free(h->unknown);
    free(h->value);
    free(h->foreign);
}

static bool sings(const char *text)
{
    return strcasestr(text, CANARY) != NULL;
}

/* Everything that the gateway could pass on of the event. */
static void check_canary(const char *line, const struct event *ev, enum event_verdict verdict)
{
    struct buf out = BUF_INIT;
    event_data_json(ev, &out);
    if (verdict == EVENT_FORBIDDEN && !str_eq(buf_str(&out), "{}"))
        fail_msg("%s\n  data kept of a refused event", line);
    for (size_t i = 0; i < ev->faults; i++) {
        event_fault_german(&ev->fault[i], &out);
        buf_printf(&out, "%s %s ", ev->fault[i].field, ev->fault[i].remedy);
    }
    buf_printf(&out, "%s %s %s %s %s", ev->id, ev->source, ev->topic_source, ev->subject,
               ev->type_name);
    for (size_t f = 0; f < FIELD_COUNT; f++)
        buf_puts(&out, ev->text[f]);
    if (sings(buf_str(&out)))
        fail_msg("%s\n  the canary came out: %s", line, buf_str(&out));
    buf_release(&out);
}

/* Returns 1 when the case did not get what it must. */
static size_t check_case(const char *line)
{
    struct hostile h;
    struct event ev;
    struct buf got = BUF_INIT;
    char *directives = xstrdup(line), *want = strstr(directives, " => ");
    assert_non_null(want);
    *want = '\0';
    want += 4;
    build(&h, directives);
    struct event_input input = {.topic = buf_str(&h.topic),
                                .payload = buf_str(&h.payload),
                                .payload_len = h.payload.len,
                                .content_type = buf_str(&h.content),
                                .attribute = (const char *const *)h.property,
                                .retained = h.retained};
    enum event_verdict verdict = event_read(&ev, &input);
    sample_summary(&got, &ev, verdict);
    bool wrong = !str_eq(buf_str(&got), want);
    if (wrong)
        print_error("%.500s\n  got %s\n", line, buf_str(&got));
    check_canary(line, &ev, verdict);
    event_release(&ev);
    release(&h);
    buf_release(&got);
    free(directives);
    return wrong;
}

static void load_file(struct corpus *corpus, const char *path)
{
    struct buf text = BUF_INIT, err = BUF_INIT;
    char *save = NULL;
    if (buf_read_file(&text, path, 1 << 20, &err) < 0)
        fail_msg("%s", buf_str(&err));
    for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (line[0] == '#')
            continue;
        assert_true(corpus->lines < CASES_MAX);
        corpus->line[corpus->lines++] = xstrdup(line);
    }
    buf_release(&text);
    buf_release(&err);
}

static int load(void **state)
{
    struct corpus *corpus = xcalloc(1, sizeof *corpus);
    struct buf path = BUF_INIT;
    DIR *dir = opendir(CORPUS);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!str_ends(entry->d_name, ".cases"))
            continue;
        buf_reset(&path);
        buf_printf(&path, "%s/%s", CORPUS, entry->d_name);
        load_file(corpus, buf_str(&path));
    }
    closedir(dir);
    buf_release(&path);
    *state = corpus;
    return 0;
}

static int unload(void **state)
{
    struct corpus *corpus = *state;
    for (size_t i = 0; i < corpus->lines; i++)
        free(corpus->line[i]);
    free(corpus);
    return 0;
}

static void test_corpus(void **state)
{
    const struct corpus *corpus = *state;
    size_t wrong = 0;
    for (size_t i = 0; i < corpus->lines; i++)
        wrong += check_case(corpus->line[i]);
    assert_int_equal(wrong, 0);
    print_message("# %zu hostile cases\n", corpus->lines);
}

static void test_corpus_size(void **state)
{
    const struct corpus *corpus = *state;
    assert_true(corpus->lines >= 200);
    for (size_t i = 0; i < corpus->lines; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(corpus->line[i], corpus->line[j]);
}

/* Each fault that reading can find is met by some case. */
static void test_corpus_codes(void **state)
{
    static const char *const codes[] = {
        "E-JSON",   "E-UTF8", "E-GROSS", "E-UMSCHLAG", "E-FELD",  "E-WERT",      "E-PFLICHT",
        "E-QUELLE", "E-TYP",  "E-ID",    "E-RETAIN",   "E-MODUS", "E-NOCH-NICHT"};
    const struct corpus *corpus = *state;
    for (size_t c = 0; c < COUNT_OF(codes); c++) {
        bool met = false;
        for (size_t i = 0; i < corpus->lines && !met; i++)
            met = strstr(strstr(corpus->line[i], " => "), codes[c]) != NULL;
        if (!met)
            fail_msg("no case for %s", codes[c]);
    }
}

/* Every beginning of a valid event is refused, and every single byte changed does no harm. */
static void test_cut_and_changed(void **state)
{
    struct buf data = BUF_INIT, payload = BUF_INIT;
    (void)state;
    sample_data(&data, EVENT_HANDOVER_REQUESTED, event_type_allowed(EVENT_HANDOVER_REQUESTED),
                FIELD_NONE, NULL);
    sample_envelope(&payload, EVENT_HANDOVER_REQUESTED, buf_str(&data));
    for (size_t n = payload.len; n-- > 0;) {
        struct event ev;
        char *cut = xstrndup(payload.data, n);
        assert_int_equal(sample_read(&ev, EVENT_HANDOVER_REQUESTED, cut), EVENT_FORBIDDEN);
        event_release(&ev);
        free(cut);
        for (unsigned bit = 0; bit < 8; bit++) {
            char *changed = xstrdup(buf_str(&payload));
            changed[n] = (char)(changed[n] ^ (1 << bit));
            check_canary("changed", &ev, sample_read(&ev, EVENT_HANDOVER_REQUESTED, changed));
            event_release(&ev);
            free(changed);
        }
    }
    buf_release(&data);
    buf_release(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_corpus_size),
        cmocka_unit_test(test_corpus_codes),
        cmocka_unit_test(test_cut_and_changed),
    };
    json_start();
    return cmocka_run_group_tests(tests, load, unload);
}
