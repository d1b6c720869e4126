/*
 * sms_answer.c: spellings that people send, what must be asked back, what machines write. All texts
 * are made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/sms_answer.h"
#include "../daemon/util.h"

/* want: "seen 23", "accept", "reject k7f3-92qx", "unclear", "automatic" ... */
static const struct {
    const char *in, *want;
} spellings[] = {
    /* seen */
    {"OK 23", "seen 23"},
    {"ok23", "seen 23"},
    {"Ok, 23", "seen 23"},
    {"ok.23", "seen 23"},
    {"o.k. 23", "seen 23"},
    {"O.K.23!", "seen 23"},
    {"okay 23", "seen 23"},
    {"Oki 23 :-)", "seen 23"},
    {"23 ok", "seen 23"},
    {"23ok", "seen 23"},
    {"OK  \t 23\r\n", "seen 23"},
    {"\n\nok\n23\n", "seen 23"},
    {"OK Nr. 23", "seen 23"},
    {"OK #23", "seen 23"},
    {"(23) OK", "seen 23"},
    {"\"OK 23\"", "seen 23"},
    {"OK 23 23", "seen 23"},
    {"OK 23 danke", "seen 23"},
    {"Guten Morgen, ok 23, viele Grüße", "seen 23"},
    {"ok 23 bin unterwegs", "seen 23"},
    {"OK 123", "seen 123"},
    {"OK 10", "seen 10"},
    {"OK 999", "seen 999"},
    {"gesehen 23", "seen 23"},
    {"Gesehn 23", "seen 23"},
    {"GESEHEN23", "seen 23"},
    {"gelesen 23", "seen 23"},
    {"erhalten 23", "seen 23"},
    {"Nachricht 23 ist angekommen", "seen 23"},
    {"zur Kenntnis genommen 23", "seen 23"},
    {"alles klar 23", "seen 23"},
    {"in Ordnung 23", "seen 23"},
    {"23 quittiert", "seen 23"},
    {"Quittiere hiermit 23.", "seen 23"},
    {"ja gesehen 23", "seen 23"},
    {"Ja, habe 23 gelesen", "seen 23"},
    {"bestätigt 23", "seen 23"},
    {"ok", "seen"},
    {"OK\xc2\xa0"
     "23",
     "seen 23"},
    {"\xef\xbb\xbfOK 23", "seen 23"},
    {"O\xe2\x80\x8bK 23", "seen 23"},
    {"OK 23 \xf0\x9f\x91\x8d", "seen 23"},
    /* accept */
    {"JA 23", "accept 23"},
    {"Ja, 23", "accept 23"},
    {"ja23", "accept 23"},
    {"23 ja", "accept 23"},
    {"23ja", "accept 23"},
    {"JA 23 danke", "accept 23"},
    {"jawohl 23", "accept 23"},
    {"ok ja 23", "accept 23"},
    {"übernehme 23", "accept 23"},
    {"uebernehme 23", "accept 23"},
    {"ubernehme 23", "accept 23"},
    {"ÜBERNEHMEN 23", "accept 23"},
    {"u\xcc\x88"
     "bernehme 23",
     "accept 23"},
    {"Wir übernehmen, 23", "accept 23"},
    {"Wir uebernehmen den Vorgang 23.", "accept 23"},
    {"übernommen 23", "accept 23"},
    {"gesehen und übernommen 23", "accept 23"},
    {"angenommen 23", "accept 23"},
    {"wir nehmen an 23", "accept 23"},
    {"Zusage 23", "accept 23"},
    {"ja", "accept"},
    /* reject */
    {"NEIN 23", "reject 23"},
    {"nein23", "reject 23"},
    {"Nein danke 23", "reject 23"},
    {"23 nö", "reject 23"},
    {"nicht zuständig 23", "reject 23"},
    {"nicht zustaendig 23", "reject 23"},
    {"nicht zustandig 23", "reject 23"},
    {"Sind nicht zuständig. 23", "reject 23"},
    {"NICHT-ZUSTÄNDIG 23", "reject 23"},
    {"unzuständig 23", "reject 23"},
    {"wir übernehmen nicht 23", "reject 23"},
    {"können nicht übernehmen 23", "reject 23"},
    {"abgelehnt 23", "reject 23"},
    {"ok, nein 23", "reject 23"},
    {"nein", "reject"},
    /* full */
    {"VOLL 23", "full 23"},
    {"voll23", "full 23"},
    {"nein, voll 23", "full 23"},
    {"kein Platz 23", "full 23"},
    {"leider keine Plätze frei 23", "full 23"},
    {"keine Kapazität 23", "full 23"},
    {"Keine Kapazitaeten 23", "full 23"},
    {"ausgebucht 23", "full 23"},
    /* by code */
    {"OK K7F3-92QX", "seen k7f3-92qx"},
    {"ja k7f3-92qx", "accept k7f3-92qx"},
    {"K7F392QX nein", "reject k7f392qx"},
    {"Vorgang K7F3 92QX ok", "seen k7f3-92qx"},
    {"OK 23 (K7F3-92QX)", "seen 23 k7f3-92qx"},
    {"OK KDFH-QWXZ", "seen kdfh-qwxz"},
    {"OK K7F3-92QX K7F3-92QX", "seen k7f3-92qx"},
    /* asked back */
    {"", "unclear"},
    {" ", "unclear"},
    {"23", "unclear"},
    {"K7F3-92QX", "unclear"},
    {"OK 23 24", "unclear"},
    {"OK 23 und 24", "unclear"},
    {"OK 23/24", "unclear"},
    {"OK K7F3-92QX und K7F4-92QX", "unclear"},
    {"OK 23 um 10 Uhr", "unclear"},
    {"OK 9", "unclear"},
    {"OK 0", "unclear"},
    {"OK 023", "unclear"},
    {"OK 1000", "unclear"},
    {"OK 99999999999999999999", "unclear"},
    {"OK -23", "seen 23"},
    {"OK +4915100000001", "unclear"},
    {"ja nein 23", "unclear"},
    {"ja voll 23", "unclear"},
    {"OK 23?", "unclear"},
    {"Ja? 23", "unclear"},
    {"nicht gesehen 23", "unclear"},
    {"noch nicht übernommen 23", "unclear"},
    {"nicht ok 23", "unclear"},
    {"ja aber später 23", "unclear"},
    {"ok wenn morgen Zeit ist 23", "unclear"},
    {"vielleicht ja 23", "unclear"},
    {"ja oder nein 23", "unclear"},
    {"zuständig 23", "unclear"},
    {"keine Ahnung 23", "unclear"},
    {"Wer ist das", "unclear"},
    {"jahr 23", "unclear"},
    {"okapi 23", "unclear"},
    {"vollmacht 23", "unclear"},
    {"23 Stop ok", "seen 23"},
    {"%s%n%x 23", "unclear"},
    {"<b>23</b>", "unclear"},
    {"'; drop table item; -- 23", "unclear"},
    /* words to the gateway */
    {"STOP", "stop"},
    {"Stopp!", "stop"},
    {"stop 23", "stop"},
    {"Hilfe", "help"},
    {"HILFE 23", "help"},
    {"info", "help"},
    {"ok 23, Hilfe ist unterwegs", "seen 23"},
    /* machines */
    {"Automatische Antwort: ok 23", "automatic"},
    {"AUTOMATISCHE ANTWORT", "automatic"},
    {"Dies ist eine automatisch erstellte Nachricht", "automatic"},
    {"Out of office: ja 23", "automatic"},
    {"out-of-office", "automatic"},
    {"Ihre Nachricht wurde empfangen. OK", "automatic"},
    {"Ihre SMS wurde zugestellt", "automatic"},
    {"Ich bin bis Montag abwesend, ja", "automatic"},
    {"Ich bin im Urlaub", "automatic"},
    {"Kann gerade nicht sprechen. Ok", "automatic"},
    {"Ich fahre gerade Auto", "automatic"},
    {"Ich rufe Sie zurück.", "automatic"},
    {"Auto-Reply: OK 23", "automatic"},
    {"Gefällt mir „Meldung K7F3-92QX“", "automatic"},
    {"Liked \"ok 23\"", "automatic"},
    {"Bitte antworten Sie nicht auf diese SMS. OK 23", "automatic"},
};

static void put(struct buf *out, const struct sms_answer *a)
{
    static const char *const kinds[] = {"", "unclear", "stop", "help", "automatic"};
    buf_puts(out, a->kind == SMS_SAYS ? answer_verb_name(a->verb) : kinds[a->kind]);
    if (a->number)
        buf_printf(out, " %d", a->number);
    if (!str_empty(a->code))
        buf_printf(out, " %s", a->code);
}

static void test_spellings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        struct sms_answer answer;
        struct buf got = BUF_INIT;
        sms_answer_read(&answer, spellings[i].in);
        put(&got, &answer);
        if (!str_eq(buf_str(&got), spellings[i].want))
            print_error("\"%s\": want %s, got %s\n", spellings[i].in, spellings[i].want,
                        buf_str(&got));
        assert_string_equal(buf_str(&got), spellings[i].want);
        buf_release(&got);
    }
}

/* Whatever stands before and behind, in any case of letters. */
static void test_around(void **state)
{
    static const char *const before[] = {"", "  ", "Hallo, ", "Re: ", ">", "\t", "ßß "};
    static const char *const behind[] = {"", ".", " danke", "\r\n", " \xc3", " \xff\xfe", " LG"};
    (void)state;
    for (size_t b = 0; b < COUNT_OF(before); b++)
        for (size_t e = 0; e < COUNT_OF(behind); e++) {
            struct sms_answer answer;
            struct buf text = BUF_INIT;
            buf_printf(&text, "%snEiN 45%s", before[b], behind[e]);
            sms_answer_read(&answer, buf_str(&text));
            assert_int_equal(answer.kind, SMS_SAYS);
            assert_int_equal(answer.verb, ANSWER_REJECT);
            assert_int_equal(answer.number, 45);
            buf_release(&text);
        }
}

/* No byte makes it fall over, and no single byte turns a plain answer into another one. */
static void test_hostile(void **state)
{
    (void)state;
    struct sms_answer answer;
    for (int c = 1; c < 256; c++) {
        char text[] = {'o', 'k', ' ', (char)c, ' ', '2', '3', '\0'};
        sms_answer_read(&answer, text);
        if (answer.kind == SMS_SAYS && answer.verb != ANSWER_SEEN)
            fail_msg("byte %d made it another answer", c);
    }
    struct buf huge = BUF_INIT;
    buf_puts(&huge, "OK 23");
    for (int i = 0; i < 20000; i++)
        buf_puts(&huge, i % 2 ? " o k" : " nicht \xc3\xbc");
    sms_answer_read(&answer, buf_str(&huge));
    assert_int_equal(answer.kind, SMS_UNCLEAR);
    buf_reset(&huge);
    for (int i = 0; i < 900; i++)
        buf_puts(&huge, " ");
    buf_puts(&huge, "OK 23");
    sms_answer_read(&answer, buf_str(&huge));
    assert_int_equal(answer.kind, SMS_UNCLEAR);
    buf_release(&huge);
}

static const struct {
    const char *label, *text, *ours;
    bool want;
} echoes[] = {
    {"the whole text", "Bereitschaft: neue Meldung K7F3-92QX. Bitte bis 22:50 quittieren.",
     "Bereitschaft: neue Meldung {code}.\nBitte bis {deadline_time} quittieren.\n", true},
    {"other case and signs", "> bereitschaft neue  MELDUNG", "Bereitschaft: neue Meldung {code}.\n",
     true},
    {"quoted in an answer", "OK 23 \"Bereitschaft: neue Meldung K7F3-92QX\"",
     "Bereitschaft: neue Meldung {code}.\n", true},
    {"umlauts written out", "wir uebernehmen, nein",
     "OK {answer_number} gesehen, JA {answer_number} wir übernehmen, NEIN {answer_number}", true},
    {"an answer", "OK 23", "Bereitschaft: neue Meldung {code}.\n", false},
    {"one word is too little", "Vorgang K7F3-92QX ok", "Vorgang {code}: {reply}\n", false},
    {"half of it", "neue Meldung ok 23", "Bereitschaft: neue Meldung {code}.\n", false},
    {"an empty template", "ok", "", false},
    {"only a key", "ok", "{code}", false},
    {"a key without its end", "ok", "{code", false},
};

static void test_echoes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(echoes); i++)
        if (sms_answer_echoes(echoes[i].text, echoes[i].ours) != echoes[i].want)
            fail_msg("%s", echoes[i].label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_around),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_echoes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
