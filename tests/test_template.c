/*
 * Templates: every shipped text, every rule of the linter with its exact message, rendering, and
 * the barrier for what identifies a client. All values are synthetic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/gsm.h"
#include "../daemon/template.h"
#include "../daemon/util.h"
#include "golden.h"
#include "rig_dir.h"

static const char shipped[] = "config/templates";

/* A mail that passes, to be broken in one place. */
#define KEYS "{code} {responsible} {responsible_until} {why} {duplicate}\n"
#define HEAD "Betreff: Neue Meldung\n\n"
#define MAIL HEAD KEYS
#define A10 "aaaaaaaaaa"
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

static const struct {
    const char *label, *name, *text, *want; /* want: all messages */
} compiled[] = {
    {"good mail", "x.email.txt", MAIL, ""},
    {"good SMS", "x.sms.txt", "Vorgang {code}\n", ""},
    {"a brace", "x.email.txt", MAIL "{{why} }\n", ""},
    {"no channel", "x.txt", MAIL,
     "x.txt:1:1: the file name must end in .email.txt or .sms.txt; rename the file\n"},
    {"only a channel", ".email.txt", MAIL,
     ".email.txt:1:1: the file name must end in .email.txt or .sms.txt; rename the file\n"},
    {"unknown key, near one", "x.email.txt", MAIL "für {cod}\n",
     "x.email.txt:4:5: unknown key {cod}; did you mean {code}?\n"},
    {"unknown key, near none", "x.email.txt", MAIL "{client_name}\n",
     "x.email.txt:4:1: unknown key {client_name}; the keys are listed in template.h\n"},
    {"odd key is not repeated", "x.email.txt", MAIL "{Max M}\n",
     "x.email.txt:4:1: unknown key {...}; the keys are listed in template.h\n"},
    {"empty key", "x.email.txt", MAIL "a {}\n",
     "x.email.txt:4:3: unknown key {...}; the keys are listed in template.h\n"},
    {"key not closed", "x.email.txt", MAIL "ä {code\n}\n",
     "x.email.txt:4:3: \"{\" without \"}\" in this line; write {{ for a brace\n"},
    {"key within a key", "x.sms.txt", "{code} {co{code}",
     "x.sms.txt:1:8: \"{\" without \"}\" in this line; write {{ for a brace\n"},
    {"empty file", "x.email.txt", "",
     "x.email.txt:1:1: a mail begins with the line \"Betreff: ...\"; add it\n"
     "x.email.txt:1:1: {code} is missing: nobody could say which item is meant; add it\n"
     "x.email.txt:1:1: {responsible} is missing: every notice says who is responsible now; add "
     "it\n"
     "x.email.txt:1:1: {responsible_until} is missing: every notice says until when; add it\n"
     "x.email.txt:1:1: {why} is missing: every notice says why its reader gets it; add it\n"
     "x.email.txt:1:1: {duplicate} is missing: a repeat after a restore must be told as one; add "
     "it\n"},
    {"no subject", "x.email.txt", KEYS,
     "x.email.txt:1:1: a mail begins with the line \"Betreff: ...\"; add it\n"},
    {"empty subject", "x.email.txt", "Betreff: \n\n" KEYS,
     "x.email.txt:1:1: a mail begins with the line \"Betreff: ...\"; add it\n"},
    {"no empty line", "x.email.txt", "Betreff: Neu\n" KEYS,
     "x.email.txt:1:13: an empty line must follow the subject; add it\n"},
    {"key in the subject", "x.email.txt", "Betreff: Neu {code}\n\n" KEYS,
     "x.email.txt:1:14: no key and no brace in a subject: it is readable on the way and on locked "
     "screens; write constant text\n"},
    {"long subject", "x.email.txt", "Betreff: " A100 "\n\n" KEYS,
     "x.email.txt:1:1: the subject has 100 characters; shorten it to 78\n"},
    {"legal area in the subject", "x.email.txt", "Betreff: Übergabe SGB VIII\n\n" KEYS,
     "x.email.txt:1:19: \"sgb\" tells a legal area; leave it out of the subject (R4)\n"},
    {"8a in the subject", "x.email.txt", "Betreff: Neue 8a-Meldung\n\n" KEYS,
     "x.email.txt:1:15: \"8a\" tells a legal area; leave it out of the subject (R4)\n"},
    {"8a within a word is none", "x.email.txt", "Betreff: Meldung 8ab 18a\n\n" KEYS, ""},
    {"service in the subject", "x.email.txt", "Betreff: Anfrage Suchthilfe\n\n" KEYS,
     "x.email.txt:1:18: \"sucht\" tells a service; leave it out of the subject (R4)\n"},
    {"a harmless word with it inside", "x.email.txt", "Betreff: Besuch gesucht\n\n" KEYS, ""},
    {"the same words in a body", "x.email.txt", MAIL "Rechtskreis, Sozialraum\n", ""},
    {"two faults", "x.email.txt", "Betreff: Quartier, Adoption\n\n" KEYS,
     "x.email.txt:1:10: \"quartier\" tells a place; leave it out of the subject (R4)\n"
     "x.email.txt:1:20: \"adoption\" tells a reason; leave it out of the subject (R4)\n"},
    {"provider kind in an SMS", "x.sms.txt", "{code}\nSchuldnerberatung",
     "x.sms.txt:2:1: \"schuldner\" tells a service; leave it out of the SMS (R4)\n"
     "x.sms.txt:2:10: \"beratung\" tells a service; leave it out of the SMS (R4)\n"},
    {"reason code in an SMS", "x.sms.txt", "{code} transition_36b",
     "x.sms.txt:1:18: a code in the SMS; write plain words or leave it out\n"},
    {"paragraph in an SMS", "x.sms.txt", "{code} §",
     "x.sms.txt:1:8: \"§\" tells a legal area; leave it out of the SMS (R4)\n"},
    {"unit in an SMS", "x.sms.txt", "{code} {unit}",
     "x.sms.txt:1:8: {unit} may not stand in an SMS (R4, R5); leave it out\n"},
    {"answers in an SMS", "x.sms.txt", "{code} {answers}",
     "x.sms.txt:1:8: {answers} may not stand in an SMS (R4, R5); leave it out\n"},
    {"SMS without a code", "x.sms.txt", "Neue Meldung",
     "x.sms.txt:1:1: {code} is missing: nobody could say which item is meant; add it\n"},
    {"161 septets", "x.sms.txt", "{code}" A100 A10 A10 A10 A10 A10 "aa\n",
     "x.sms.txt:1:1: 161 septets with every key at its longest, 160 fit into one SMS; shorten "
     "it\n"},
    {"160 septets", "x.sms.txt", "{code}" A100 A10 A10 A10 A10 A10 "a\n", ""},
    {"brackets count two", "x.sms.txt", "{code}" A100 A10 A10 A10 A10 A10 "[\n",
     "x.sms.txt:1:1: 161 septets with every key at its longest, 160 fit into one SMS; shorten "
     "it\n"},
    {"typographic", "x.sms.txt", "{code} „neu\"",
     "x.sms.txt:1:8: this character is not in the GSM alphabet and would be replaced; write the "
     "plain one\n"},
    {"not in the alphabet", "x.sms.txt", "{code} ж",
     "x.sms.txt:1:8: this character is not in the GSM alphabet and would cut the SMS to 70 "
     "characters; write another\n"},
    {"DOS line ends", "x.sms.txt", "{code}\r\n",
     "x.sms.txt:1:7: control character 0x0d; save the file with Unix line ends\n"},
    {"a tab", "x.sms.txt", "{code}\n\ta", "x.sms.txt:2:1: control character 0x09; remove it\n"},
    {"Latin-1", "x.sms.txt",
     "{code}\nGr\xfc\xdf"
     "e\n",
     "x.sms.txt:2:1: not UTF-8 in this line; save the file as UTF-8\n"},
    {"byte order mark", "x.sms.txt", "\xef\xbb\xbf{code}",
     "x.sms.txt:1:1: byte order mark; save the file as UTF-8 without one\n"},
};

static void test_lint(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(compiled); i++) {
        struct buf text = BUF_INIT;
        struct conf_faults faults = {.text = &text};
        struct template *t =
            template_compile(compiled[i].name, compiled[i].text, strlen(compiled[i].text), &faults);
        if (!str_eq(buf_str(&text), compiled[i].want) || !t != (faults.errors > 0))
            fail_msg("%s: got\n%s", compiled[i].label, buf_str(&text));
        template_free(t);
        buf_release(&text);
    }
}

static void test_zero_byte(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    assert_null(template_compile("x.sms.txt", "{code}\0x", 8, &faults));
    assert_string_equal(buf_str(&text),
                        "x.sms.txt:1:1: not UTF-8 in this line; save the file as UTF-8\n");
    buf_release(&text);
}

static struct template *compile(const char *name, const char *text)
{
    struct buf faulty = BUF_INIT;
    struct conf_faults faults = {.text = &faulty};
    struct template *t = template_compile(name, text, strlen(text), &faults);
    if (!t)
        fail_msg("%s", buf_str(&faulty));
    buf_release(&faulty);
    return t;
}

static const struct {
    const char *label, *name, *text;
    const char *why, *duplicate;
    const char *want;
} rendered[] = {
    {"a value is not expanded again", "x.email.txt", MAIL, "{code}", "", "C R U {code} \n"},
    {"braces", "x.email.txt", MAIL "{{a} b}\n", "w", "d", "C R U w d\n{a} b}\n"},
    {"a line with empty keys goes, with its words", "x.email.txt", MAIL "a: {link}\nb\n", "w", "d",
     "C R U w d\nb\n"},
    {"a line with one filled key stays", "x.email.txt", MAIL "{link} {code}\n", "w", "d",
     "C R U w d\n C\n"},
    {"no second empty line is left", "x.email.txt", MAIL "\n{link}\n{link}\n\nb\n", "w", "d",
     "C R U w d\n\nb\n"},
    {"nor one at the beginning", "x.email.txt", HEAD "{link}\n\nb\n" KEYS, "w", "d",
     "b\nC R U w d\n"},
    {"two empty lines on purpose stay", "x.email.txt", MAIL "\n\nb\n", "w", "d",
     "C R U w d\n\n\nb\n"},
    {"no line feed at the end", "x.email.txt", MAIL "b", "w", "d", "C R U w d\nb\n"},
    {"many line feeds at the end", "x.email.txt", MAIL "b\n\n\n", "w", "d", "C R U w d\nb\n"},
    {"control characters become spaces", "x.email.txt", MAIL, "a\r\nBcc: x\x7f\x1b[", "d",
     "C R U a  Bcc: x  [ d\n"},
    {"C1, line separator, turning mark", "x.email.txt", MAIL,
     "a\xc2\x85"
     "b\u2028c\u202ed\u2066e",
     "d", "C R U a b c d e d\n"},
    {"umlauts and dashes stay", "x.email.txt", MAIL, "Grüße – „so“\u00a0x", "d",
     "C R U Grüße – „so“\u00a0x d\n"},
    {"a broken value", "x.email.txt", MAIL, "\xc3(", "d", "C R U ?( d\n"},
    {"answers keep their lines, and nothing else", "x.email.txt", MAIL "{answers}\n", "w", "d",
     "C R U w d\nGesehen: l\nAndere  Antwort: l\n"},
    {"an SMS has no line feed at the end", "x.sms.txt", "{code}\n{duplicate}\n", "", "", "C"},
    {"an SMS value gets the alphabet", "x.sms.txt", "{code}\n{duplicate}\n", "", "a – b",
     "C\na - b"},
};

static void test_render(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rendered); i++) {
        struct template *t = compile(rendered[i].name, rendered[i].text);
        struct template_values values = {{0}};
        struct buf body = BUF_INIT;
        values.value[KEY_CODE] = "C";
        values.value[KEY_RESPONSIBLE] = "R";
        values.value[KEY_RESPONSIBLE_UNTIL] = "U";
        values.value[KEY_WHY] = rendered[i].why;
        values.value[KEY_DUPLICATE] = rendered[i].duplicate;
        values.value[KEY_ANSWERS] = "Gesehen: l\nAndere\r Antwort: l";
        template_render(t, &values, NULL, &body);
        if (!str_eq(buf_str(&body), rendered[i].want))
            fail_msg("%s: got '%s'", rendered[i].label, buf_str(&body));
        buf_release(&body);
        template_free(t);
    }
}

static void test_render_appends(void **state)
{
    (void)state;
    struct template *t = compile("a.b.email.txt", MAIL);
    struct template_values values = {.value = {[KEY_CODE] = "C"}};
    struct buf subject = BUF_INIT, body = BUF_INIT;
    buf_puts(&body, "before\n\n");
    template_render(t, &values, &subject, &body);
    assert_string_equal(buf_str(&subject), "Neue Meldung");
    assert_string_equal(buf_str(&body), "before\n\nC    \n");
    assert_string_equal(template_name(t), "a.b.email.txt");
    assert_string_equal(template_text(t), MAIL);
    assert_int_equal(strlen(template_hash(t)), 64);
    buf_release(&subject);
    buf_release(&body);
    template_free(t);
}

static const struct {
    const char *label, *name, *text;
    bool want;
} kept[] = {
    {"what the linter passes", "x.email.txt", MAIL, true},
    {"what it refuses today", "x.sms.txt", "Quartier {unit}", true},
    {"no subject", "x.email.txt", "Guten Tag", false},
    {"a key that is gone", "x.sms.txt", "{code} {gone}", false},
    {"no channel", "x.txt", "{code}", false},
    {"not UTF-8", "x.sms.txt", "{code} \xff", false},
};

static void test_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        struct template *t =
            template_compile_kept(kept[i].name, kept[i].text, strlen(kept[i].text));
        if ((t != NULL) != kept[i].want)
            fail_msg("%s", kept[i].label);
        template_free(t);
    }
}

static void test_key_names_differ(void **state)
{
    (void)state;
    for (int a = 0; a < KEY_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(template_key_name((enum template_key)a),
                                    template_key_name((enum template_key)b));
}

/* Every key at its longest. */
static const struct template_values longest = {
    .value = {
        [KEY_CODE] = "K7F3-92QX",
        [KEY_KIND] = "Vermittlung",
        [KEY_UNIT] = "Team Mitte",
        [KEY_DEADLINE] = "Mo 23.11.2026 16:00",
        [KEY_DEADLINE_TIME] = "22:50",
        [KEY_RESPONSIBLE] = "abgebendes Team",
        [KEY_RESPONSIBLE_UNTIL] = "bis die Übernahme bestätigt ist",
        [KEY_FROM_PHONE] = "+49 208 455 1234 567",
        [KEY_LINK] = "https://vorgang.example.org/K7F3-92QX",
        [KEY_WHY] = "Sie erhalten dies als Vertretung für die Teamleitung.",
        [KEY_OUTCOME] = "Die Übernahme ist bestätigt.",
        [KEY_REFUSAL] = "Das Feld next_deadline fehlt; bitte ergänzen.",
        [KEY_DUPLICATE] = "Diese Nachricht kommt möglicherweise doppelt.",
        [KEY_SENT_AT] = "Fr 20.11.2026 09:14",
        [KEY_ANSWERS] =
            "Antworten ohne Anmeldung, bis Mo 23.11.2026 09:14 (es zählt erst der Knopf "
            "auf der Seite):\n"
            "Gesehen: https://stafette.example.org/a/12345678BG1234567aaaaaaaaaaaaaaaaaaA\n"
            "Andere Antwort: https://stafette.example.org/a/99999999999aaaaaaaaaaaaaaaaaaaaaaa9",
        [KEY_ANSWER_NUMBER] = "123",
        [KEY_LINES] = "Überfällig\n- Team Mitte: K7F3-92QX (Übergabe, seit Mo 16.11.2026)",
        [KEY_REPLY] = "Nur als gesehen vermerkt. Eine Übernahme ist zurzeit nicht möglich.",
    }};

/* What may be unknown or is usually empty. */
static struct template_values sparse(void)
{
    struct template_values v = longest;
    v.value[KEY_LINK] = v.value[KEY_FROM_PHONE] = v.value[KEY_DUPLICATE] = NULL;
    v.value[KEY_ANSWERS] = "";
    v.value[KEY_ANSWER_NUMBER] = NULL;
    v.value[KEY_DEADLINE] = v.value[KEY_DEADLINE_TIME] = v.value[KEY_RESPONSIBLE_UNTIL] = "";
    return v;
}

static struct templates *load(const char *dir)
{
    struct buf faulty = BUF_INIT;
    struct conf_faults faults = {.text = &faulty};
    struct templates *all = templates_load(dir, &faults);
    if (!all || faults.warnings)
        fail_msg("%s", buf_str(&faulty));
    buf_release(&faulty);
    return all;
}

static void render_into(struct buf *out, const struct template *t,
                        const struct template_values *values)
{
    struct buf subject = BUF_INIT, body = BUF_INIT;
    const char *what = "";
    template_render(t, values, &subject, &body);
    if (template_blocked(buf_str(&body), &what))
        fail_msg("%s: blocked as %s", template_name(t), what);
    assert_false(template_blocked(buf_str(&subject), &what));
    assert_null(strstr(buf_str(&body), "{"));
    buf_printf(out, "--- %s\n%s\n%s\n", template_name(t), buf_str(&subject), buf_str(&body));
    buf_release(&subject);
    buf_release(&body);
}

static void test_shipped_golden(void **state)
{
    (void)state;
    struct templates *all = load(shipped);
    struct buf full = BUF_INIT, little = BUF_INIT;
    const struct template_values few = sparse();
    for (size_t i = 0; i < templates_count(all); i++) {
        render_into(&full, templates_at(all, i), &longest);
        render_into(&little, templates_at(all, i), &few);
    }
    golden_check("templates-full.txt", &full);
    golden_check("templates-sparse.txt", &little);
    buf_release(&full);
    buf_release(&little);
    templates_free(all);
}

static bool says(const struct template *t, enum template_key key)
{
    char name[40];
    snprintf(name, sizeof name, "{%s}", template_key_name(key));
    return strstr(template_text(t), name) != NULL;
}

/* Beyond the linter: what the shipped mails say, each of them. */
static void test_shipped_say(void **state)
{
    (void)state;
    struct templates *all = load(shipped);
    for (size_t i = 0; i < templates_count(all); i++) {
        const struct template *t = templates_at(all, i);
        bool mail = str_ends(template_name(t), ".email.txt");
        bool asks =
            !strstr(template_name(t), ".outcome.") && !strstr(template_name(t), ".refused.");
        /* The night's line, overviews and drills are about no case, a reply follows an answer:
         * nobody to call. */
        if (str_starts(template_name(t), "ledger.") || str_starts(template_name(t), "sms.") ||
            str_starts(template_name(t), "digest.") || str_starts(template_name(t), "drill."))
            continue;
        /* What is said of a meeting is its time; its content is no case's. */
        if (str_starts(template_name(t), "meeting.") || str_starts(template_name(t), "poll.") ||
            str_starts(template_name(t), "presence."))
            continue;
        if ((asks || mail) && !says(t, KEY_DEADLINE) && !says(t, KEY_DEADLINE_TIME))
            fail_msg("%s: no deadline", template_name(t));
        if (!says(t, KEY_FROM_PHONE) && (mail || !says(t, KEY_ANSWER_NUMBER)))
            fail_msg("%s: no telephone", template_name(t));
        if (mail && !says(t, KEY_LINK) && !str_starts(template_name(t), "emergency.refused") &&
            !str_starts(template_name(t), "entrusted."))
            fail_msg("%s: no place to read the content", template_name(t));
        /* A refused message is mended at its source, not answered; a ledger's line only tells; in
         * clear no answer is handed out for who wants its mail encrypted. */
        bool answers = mail && !str_starts(template_name(t), "refusal.") &&
                       !str_starts(template_name(t), "ledger.") &&
                       !str_starts(template_name(t), "protected.") &&
                       !strstr(template_name(t), ".refused.");
        if (says(t, KEY_ANSWERS) != answers)
            fail_msg("%s: answers where none are, or none where there are", template_name(t));
        if (mail && strstr(template_name(t), ".outcome.") && !says(t, KEY_OUTCOME))
            fail_msg("%s: no outcome", template_name(t));
    }
    templates_free(all);
}

static void test_shipped_sms_fit(void **state)
{
    (void)state;
    struct templates *all = load(shipped);
    size_t sms = 0;
    for (size_t i = 0; i < templates_count(all); i++) {
        const struct template *t = templates_at(all, i);
        struct buf body = BUF_INIT;
        if (str_ends(template_name(t), ".sms.txt")) {
            sms++;
            template_render(t, &longest, NULL, &body);
            long n = gsm_septets(buf_str(&body), NULL);
            if (n < 0 || n > GSM_ONE_PART)
                fail_msg("%s: %ld septets", template_name(t), n);
        }
        buf_release(&body);
    }
    assert_int_equal(sms, 48);
    templates_free(all);
}

static void test_find(void **state)
{
    (void)state;
    struct templates *all = load(shipped);
    const struct template *mail = templates_find(all, "handover.requested", CHANNEL_EMAIL);
    const struct template *sms = templates_find(all, "handover.requested", CHANNEL_SMS);
    assert_string_equal(template_name(mail), "handover.requested.email.txt");
    assert_string_equal(template_name(sms), "handover.requested.sms.txt");
    assert_string_not_equal(template_hash(mail), template_hash(sms));
    assert_null(templates_find(all, "handover.outcome.email", CHANNEL_SMS));
    assert_null(templates_find(all, "handover", CHANNEL_EMAIL));
    templates_free(all);
}

/* A misspelt name: one message for what is too much, one for what is missing. */
static void test_directory_faults(void **state)
{
    (void)state;
    char *dir = rig_dir(), want[512];
    rig_write(dir, "handover.requsted.email.txt", MAIL);
    rig_write(dir, "refusal.opened.email.txt", MAIL "{cod}\n");
    rig_write(dir, "README", "not a template");
    rig_write(dir, ".hidden.txt", "nor this");
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    assert_null(templates_load(dir, &faults));
    assert_int_equal(faults.warnings, 1);
    assert_int_equal(faults.errors, 97);
    snprintf(want, sizeof want,
             "%s/refusal.opened.email.txt:4:1: unknown key {cod}; did you mean {code}?\n"
             "handover.requsted.email.txt:1: warning: nothing uses a template of this name; "
             "correct the name\n"
             "%s: handover.requested.email.txt is missing or faulty; take it from the shipped "
             "templates\n",
             dir, dir);
    assert_memory_equal(buf_str(&text), want, strlen(want));
    buf_release(&text);
    rig_dir_free(dir);
}

static void test_no_directory(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    assert_null(templates_load("tests/no-such-directory", &faults));
    assert_string_equal(buf_str(&text), "tests/no-such-directory: cannot read the directory of "
                                        "templates: No such file or directory; correct "
                                        "\"templates\" in the configuration\n");
    buf_release(&text);
}

/* All numbers are made up; the IBANs are the specimens of the standard. */
static const struct {
    const char *label, *in, *want; /* want: "" passes */
} blocked[] = {
    {"nothing", "", ""},
    {"code of an item", "Vorgang K7F3-92QX.", ""},
    {"code of digits and a letter", "Vorgang 123A-4567, A123-4567", ""},
    {"deadline", "Frist Mo 23.11.2026 16:00", ""},
    {"deadline without a time", "bis 23.11.26, spätestens 2026-11-24", ""},
    {"telephone", "Telefon +4920845500001", ""},
    {"telephone, grouped", "Telefon +49 208 455-0000 oder +49 (431) 901-0, ab 8 Uhr", ""},
    {"telephone without country code", "0208 4550000, 02084550000", ""},
    {"telephone, other forms", "0049 208 45501234, (0431) 901 12345678, 0208/455-0", ""},
    {"Steuer-ID, wrongly grouped", "123 45678901", ""},
    {"link with numbers", "https://x.example/12345BG1234567?n=12345678901 weiter", ""},
    {"long number", "Zähler 123456789012", ""},
    {"short number", "Zähler 1234567890", ""},
    {"number within a word", "x12345678901", ""},
    {"BG-Nummer", "Nr. 12345BG1234567", "bg_number"},
    {"BG-Nummer, grouped", "12345 BG 1234567", "bg_number"},
    {"BG-Nummer, small letters", "12345bg1234567", "bg_number"},
    {"BG-Nummer, too short", "12345BG123456", ""},
    {"Kundennummer", "(123A456789)", "customer_number"},
    {"Kundennummer, longer is none", "123A4567890", ""},
    {"Rentenversicherungsnummer", "12345678A123", "pension_number"},
    {"Rentenversicherungsnummer, grouped", "12 345678 A 123", "pension_number"},
    {"Krankenversichertennummer", "A123456789", "health_number"},
    {"Krankenversichertennummer at the end", "Nr. z123456789", "health_number"},
    {"Krankenversichertennummer after an umlaut", "üA123456789", ""},
    {"Steuer-ID", "12345678901", "tax_id"},
    {"Steuer-ID, grouped", "12 345 678 901", "tax_id"},
    {"Steuer-ID beside a link", "https://x.example/ 12345678901", "tax_id"},
    {"Steuer-ID behind a telephone", "+492084550000, 12345678901", "tax_id"},
    {"German IBAN", "DE02120300000000202051", "iban"},
    {"German IBAN, grouped", "IBAN: DE02 1203 0000 0000 2020 51.", "iban"},
    {"German IBAN with a typing error", "DE03120300000000202051", "iban"},
    {"Austrian IBAN", "AT61 1904 3002 3457 3201", "iban"},
    {"British IBAN", "GB82WEST12345698765432", "iban"},
    {"like an IBAN, wrong sum", "GB83WEST12345698765432", ""},
    {"date of birth", "geb. 3.4.2011", "date_of_birth"},
    {"date of birth, two digits", "geb. am 03.04.11", "date_of_birth"},
    {"date of birth, month as a word", "geboren am 3. April 2011", "date_of_birth"},
    {"date of birth, march", "Geboren: 3. März 2011", "date_of_birth"},
    {"date of birth, noun", "Geburtsdatum: 2011-04-03", "date_of_birth"},
    {"date of birth, star", "*3.4.2011", "date_of_birth"},
    {"date of birth, slashes", "GEB. 3/4/2011", "date_of_birth"},
    {"old date without a word", "am 14.03.1987", "date_of_birth"},
    {"old ISO date without a word", "1987-03-14", "date_of_birth"},
    {"the word alone", "geboren wurde die Idee am Tisch", ""},
    {"the word far from a date", "geb. wie sie sagt vor langer Zeit; Frist 3.4.2027", ""},
    {"ergeben and a date", "Es hat sich ergeben: 3.4.2027", ""},
    {"no date but a version", "Version 1.2.3", ""},
};

static void test_blocked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(blocked); i++) {
        const char *what = "";
        bool got = template_blocked(blocked[i].in, &what);
        if (got != !str_empty(blocked[i].want) || !str_eq(what, blocked[i].want))
            fail_msg("%s: got '%s'", blocked[i].label, what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lint),
        cmocka_unit_test(test_zero_byte),
        cmocka_unit_test(test_render),
        cmocka_unit_test(test_render_appends),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_key_names_differ),
        cmocka_unit_test(test_shipped_golden),
        cmocka_unit_test(test_shipped_say),
        cmocka_unit_test(test_shipped_sms_fit),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_directory_faults),
        cmocka_unit_test(test_no_directory),
        cmocka_unit_test(test_blocked),
    };
    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
