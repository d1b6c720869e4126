/*
 * The grammar of answers by SMS: see sms_answer.h.
 *
 * A text is folded to words of a-z and numbers, each between single blanks; known phrases are
 * replaced by one word of their meaning; then the words' meanings are gathered, and a table-like
 * decision is made over the set. Order does not matter, other words do not either.
 */
#include "sms_answer.h"

#include <string.h>

#include "buf.h"
#include "store_sms.h"
#include "util.h"

/* What words mean, as a set. */
enum meaning {
    MEANS_OK = 1,
    MEANS_SEEN = 2, /* says expressly that it was only seen */
    MEANS_YES = 4,
    MEANS_ACCEPT = 8,
    MEANS_REJECT = 16,
    MEANS_FULL = 32,
    MEANS_DOUBT = 64, /* negation or condition */
    MEANS_STOP = 128,
    MEANS_HELP = 256
};

/* Letters outside ASCII, folded as they are typed without an umlaut key. */
static const struct {
    const char *utf8, *ascii;
} letters[] = {
    {"ä", "ae"},          {"Ä", "ae"}, {"ö", "oe"}, {"Ö", "oe"},       {"ü", "ue"}, {"Ü", "ue"},
    {"ß", "ss"},          {"ẞ", "ss"}, {"é", "e"},  {"\xcc\x88", "e"}, /* combining diaeresis: a, o,
                                                                          u before it */
    {"\xc2\xad", ""},                                                  /* soft hyphen */
    {"\xe2\x80\x8b", ""},                                              /* zero width space */
    {"\xe2\x80\x8d", ""},                                              /* zero width joiner */
    {"\xef\xbb\xbf", ""},                                              /* byte order mark */
};

/* Folded; replaced in this order. */
static const struct {
    const char *phrase, *word;
} phrases[] = {
    {" o k ", " ok "},
    {" alles klar ", " ok "},
    {" in ordnung ", " ok "},
    {" zur kenntnis genommen ", " gesehen "},
    {" zur kenntnis ", " gesehen "},
    {" nehmen wir an ", " uebernehmen "},
    {" nehmen an ", " uebernehmen "},
    {" nicht zustaendig ", " abgelehnt "},
    {" nicht zustandig ", " abgelehnt "},
    {" nicht zustaending ", " abgelehnt "},
    {" nich zustaendig ", " abgelehnt "},
    {" keine zustaendigkeit ", " abgelehnt "},
    {" nicht uebernehmen ", " abgelehnt "},
    {" nicht uebernommen ", " abgelehnt "},
    {" uebernehmen nicht ", " abgelehnt "},
    {" uebernehme nicht ", " abgelehnt "},
    {" uebernehmen wir nicht ", " abgelehnt "},
    {" nicht annehmen ", " abgelehnt "},
    {" kein platz ", " voll "},
    {" keinen platz ", " voll "},
    {" kein freier platz ", " voll "},
    {" keine plaetze ", " voll "},
    {" keine freien plaetze ", " voll "},
    {" keine kapazitaet ", " voll "},
    {" keine kapazitaeten ", " voll "},
    {" nichts frei ", " voll "},
};

static const struct {
    const char *word;
    enum meaning meaning;
} words[] = {
    {"ok", MEANS_OK},
    {"oke", MEANS_OK},
    {"oki", MEANS_OK},
    {"okay", MEANS_OK},
    {"okey", MEANS_OK},
    {"gesehen", MEANS_SEEN},
    {"gelesen", MEANS_SEEN},
    {"erhalten", MEANS_SEEN},
    {"bekommen", MEANS_SEEN},
    {"angekommen", MEANS_SEEN},
    {"verstanden", MEANS_SEEN},
    {"quittiert", MEANS_SEEN},
    {"bestaetigt", MEANS_SEEN}, /* what, he does not say */
    {"bestaetige", MEANS_SEEN},
    {"quittiere", MEANS_SEEN},
    {"notiert", MEANS_SEEN},
    {"ja", MEANS_YES},
    {"jaa", MEANS_YES},
    {"jap", MEANS_YES},
    {"jep", MEANS_YES},
    {"jawohl", MEANS_YES},
    {"yes", MEANS_YES},
    {"uebernehme", MEANS_ACCEPT},
    {"uebernehmen", MEANS_ACCEPT},
    {"uebernommen", MEANS_ACCEPT},
    {"uebernimmt", MEANS_ACCEPT},
    {"uebernahme", MEANS_ACCEPT},
    {"angenommen", MEANS_ACCEPT},
    {"annehmen", MEANS_ACCEPT},
    {"akzeptiert", MEANS_ACCEPT},
    {"zusage", MEANS_ACCEPT},
    {"nein", MEANS_REJECT},
    {"nee", MEANS_REJECT},
    {"noe", MEANS_REJECT},
    {"abgelehnt", MEANS_REJECT},
    {"ablehnen", MEANS_REJECT},
    {"ablehnung", MEANS_REJECT},
    {"absage", MEANS_REJECT},
    {"unzustaendig", MEANS_REJECT},
    {"voll", MEANS_FULL},
    {"belegt", MEANS_FULL},
    {"ausgebucht", MEANS_FULL},
    {"ausgelastet", MEANS_FULL},
    {"nicht", MEANS_DOUBT},
    {"nich", MEANS_DOUBT},
    {"nix", MEANS_DOUBT},
    {"nichts", MEANS_DOUBT},
    {"nie", MEANS_DOUBT},
    {"kein", MEANS_DOUBT},
    {"keine", MEANS_DOUBT},
    {"keinen", MEANS_DOUBT},
    {"niemand", MEANS_DOUBT},
    {"ohne", MEANS_DOUBT},
    {"aber", MEANS_DOUBT},
    {"wenn", MEANS_DOUBT},
    {"falls", MEANS_DOUBT},
    {"sobald", MEANS_DOUBT},
    {"ob", MEANS_DOUBT},
    {"oder", MEANS_DOUBT},
    {"vielleicht", MEANS_DOUBT},
    {"eventuell", MEANS_DOUBT},
    {"evtl", MEANS_DOUBT},
    {"spaeter", MEANS_DOUBT},
    {"noch", MEANS_DOUBT},
    {"erst", MEANS_DOUBT},
    {"zustaendig", MEANS_DOUBT}, /* without "nicht" it could be meant either way */
    {"stop", MEANS_STOP},
    {"stopp", MEANS_STOP},
    {"abmelden", MEANS_STOP},
    {"unsubscribe", MEANS_STOP},
    {"hilfe", MEANS_HELP},
    {"help", MEANS_HELP},
    {"info", MEANS_HELP},
};

/* What machines write: absences, cars, gateways, and phones that report a reaction to an SMS. */
static const char *const automatic[] = {
    " automatisch ",
    " automatische ",
    " automatischen ",
    " automatic reply ",
    " auto reply ",
    " autoreply ",
    " autoresponder ",
    " out of office ",
    " abwesenheit ",
    " abwesenheitsnotiz ",
    " abwesend ",
    " im urlaub ",
    " nicht im buero ",
    " nicht im dienst ",
    " nachricht wurde ",
    " nachricht ist eingegangen ",
    " sms wurde ",
    " wir melden uns ",
    " rufe sie zurueck ",
    " rufe zurueck ",
    " rufe spaeter zurueck ",
    " rufe dich ",
    " gerade nicht sprechen ",
    " fahre gerade ",
    " am steuer ",
    " driving ",
    " mailbox ",
    " verpasster anruf ",
    " verpasste anrufe ",
    " no reply ",
    " noreply ",
    " antworten sie nicht ",
    " nicht zustellbar ",
    " unzustellbar ",
    " zustellung fehlgeschlagen ",
    " undeliverable ",
    " delivery failed ",
    " delivery report ",
    " gefaellt mir ",
    " gefaellt das ",
    " hervorgehoben ",
    " liked ",
};

enum { FUZZY_LETTERS = 7 }; /* words from that length on forgive one typing error */

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t fold_letter(struct buf *out, const char *p)
{
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (str_starts(p, letters[i].utf8)) {
            buf_puts(out, letters[i].ascii);
            return strlen(letters[i].utf8);
        }
    buf_addc(out, ' ');
    return 1;
}

/* Lower case, a-z, 0-9 and '-' kept; everything else a blank. */
static void fold_signs(struct buf *out, const char *text)
{
    while (*text) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x80) {
            text += fold_letter(out, text);
            continue;
        }
        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c | 0x20u);
        buf_addc(out, is_letter((char)c) || is_digit((char)c) || c == '-' ? (char)c : ' ');
        text++;
    }
}

/* " ok 23 ja ": words and numbers apart, single blanks around each. */
static void part_words(struct buf *out, const char *signs)
{
    buf_addc(out, ' ');
    for (char last = ' '; *signs; last = *signs++) {
        bool kept = *signs != ' ' && *signs != '-';
        bool glued = (is_letter(last) && is_digit(*signs)) || (is_digit(last) && is_letter(*signs));
        if ((!kept || glued) && out->data[out->len - 1] != ' ')
            buf_addc(out, ' ');
        if (kept)
            buf_addc(out, *signs);
    }
    if (out->data[out->len - 1] != ' ')
        buf_addc(out, ' ');
}

static void fold(struct buf *out, const char *text)
{
    struct buf signs = BUF_INIT;
    fold_signs(&signs, text);
    part_words(out, buf_str(&signs));
    buf_wipe(&signs);
}

/* The first letters and digits of p that an item code may have (it has no "u"), at most 9. */
static size_t run_of_code(const char *p)
{
    size_t n = 0;
    while (n < 9 && (is_letter(p[n]) || is_digit(p[n])) && p[n] != 'u')
        n++;
    return n;
}

static bool has_digit(const char *p, size_t n)
{
    return strcspn(p, "0123456789") < n;
}

/* Letters and digits, so neither a word nor a number. */
static bool mixed(const char *p)
{
    return has_digit(p, 4) && strspn(p, "0123456789") < 4;
}

/* Length of a code at p, the beginning of a word: K7F3-92QX; K7F392QX when it has a digit; K7F3
 * 92QX when each half is neither word nor number. */
static size_t code_here(const char *p)
{
    size_t n = run_of_code(p);
    if (n == 4 && p[4] == '-' && run_of_code(p + 5) == 4)
        n = 9;
    else if (n == 4 && p[4] == ' ' && run_of_code(p + 5) == 4 && mixed(p) && mixed(p + 5))
        n = 9;
    else if (n != 8 || !has_digit(p, n))
        return 0;
    return is_letter(p[n]) || is_digit(p[n]) || p[n] == '-' ? 0 : n;
}

/* Takes codes out of the folded signs, so that their parts are no words and numbers. False when
 * there are two different ones. */
static bool take_codes(char *signs, char code[ITEM_ID_LEN + 1])
{
    bool one = true;
    for (char *p = signs; *p; p++) {
        size_t n = p == signs || p[-1] == ' ' ? code_here(p) : 0;
        if (!n)
            continue;
        char found[ITEM_ID_LEN + 1];
        memcpy(found, p, n);
        found[n] = '\0';
        if (n == ITEM_ID_LEN)
            found[4] = '-';
        one = one && (str_empty(code) || str_eq(code, found));
        str_copy(code, ITEM_ID_LEN + 1, found);
        memset(p, ' ', n);
        p += n - 1;
    }
    return one;
}

static void replace(struct buf *text, const char *phrase, const char *word)
{
    const char *at = strstr(buf_str(text), phrase);
    while (at) {
        struct buf out = BUF_INIT;
        buf_add(&out, text->data, (size_t)(at - text->data));
        buf_puts(&out, word);
        buf_puts(&out, at + strlen(phrase));
        buf_wipe(text);
        *text = out;
        at = strstr(buf_str(text), phrase);
    }
}

static unsigned meaning_of(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(words[i].word, word))
            return words[i].meaning;
    /* "ubernehme": the umlaut lost its dots. */
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i].word) >= FUZZY_LETTERS && str_distance(words[i].word, word, 1) <= 1)
            return words[i].meaning;
    return 0;
}

struct gathered {
    unsigned meanings;
    int number;
    bool puzzling; /* two numbers, or one that we do not give */
};

static void gather_number(struct gathered *g, const char *word)
{
    int64_t value;
    bool ours = word[0] != '0' && int_parse(word, SMS_NUMBER_MIN, SMS_NUMBER_MAX, &value);
    if (!ours || (g->number && g->number != (int)value))
        g->puzzling = true;
    else
        g->number = (int)value;
}

static void gather(struct gathered *g, char *text)
{
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (is_digit(word[0]))
            gather_number(g, word);
        else
            g->meanings |= meaning_of(word);
    }
}

/* One verb out of the set, or false. "Ja, gesehen" says no more than seen. */
static bool decide(unsigned m, enum answer_verb *verb)
{
    bool yes = (m & (MEANS_YES | MEANS_ACCEPT)) != 0, no = (m & (MEANS_REJECT | MEANS_FULL)) != 0;
    if ((m & MEANS_DOUBT) || (yes && no))
        return false;
    if (no)
        *verb = m & MEANS_FULL ? ANSWER_FULL : ANSWER_REJECT;
    else if ((m & MEANS_ACCEPT) || ((m & MEANS_YES) && !(m & MEANS_SEEN)))
        *verb = ANSWER_ACCEPT;
    else if (m & (MEANS_OK | MEANS_SEEN | MEANS_YES))
        *verb = ANSWER_SEEN;
    else
        return false;
    return true;
}

static bool is_automatic(const char *folded)
{
    for (size_t i = 0; i < COUNT_OF(automatic); i++)
        if (strstr(folded, automatic[i]))
            return true;
    return false;
}

static enum sms_kind judge(struct sms_answer *answer, const struct gathered *g, bool clear)
{
    if (clear && !g->puzzling && decide(g->meanings, &answer->verb)) {
        answer->number = g->number;
        return SMS_SAYS;
    }
    if (g->meanings == MEANS_STOP)
        return SMS_STOP;
    return g->meanings == MEANS_HELP ? SMS_HELP : SMS_UNCLEAR;
}

void sms_answer_read(struct sms_answer *answer, const char *text)
{
    struct buf signs = BUF_INIT, folded = BUF_INIT;
    struct gathered gathered = {0};
    *answer = (struct sms_answer){.kind = SMS_AUTOMATIC};
    fold(&folded, text);
    if (!is_automatic(buf_str(&folded))) {
        bool clear = strlen(text) <= SMS_TEXT_MAX && !strchr(text, '?');
        fold_signs(&signs, text);
        if (signs.len)
            clear = take_codes(signs.data, answer->code) && clear;
        buf_reset(&folded);
        part_words(&folded, buf_str(&signs));
        for (size_t i = 0; i < COUNT_OF(phrases); i++)
            replace(&folded, phrases[i].phrase, phrases[i].word);
        gather(&gathered, folded.data);
        answer->kind = judge(answer, &gathered, clear);
    }
    if (answer->kind != SMS_SAYS)
        answer->code[0] = '\0';
    buf_wipe(&signs);
    buf_wipe(&folded);
}

/* The longest piece of a template without a key. */
static void longest_piece(struct buf *out, const char *text)
{
    const char *best = text;
    size_t best_len = 0;
    while (*text) {
        size_t n = strcspn(text, "{}\n");
        if (n > best_len) {
            best = text;
            best_len = n;
        }
        text += n;
        if (*text == '{')
            text += strcspn(text, "}\n");
        text += *text != '\0';
    }
    buf_add(out, best, best_len);
}

bool sms_answer_echoes(const char *text, const char *template_text)
{
    struct buf piece = BUF_INIT, ours = BUF_INIT, theirs = BUF_INIT;
    longest_piece(&piece, template_text);
    fold(&ours, buf_str(&piece));
    fold(&theirs, text);
    const char *inner = strchr(buf_str(&ours) + 1, ' ');
    bool enough = ours.len >= 12 && inner && inner[1];
    bool found = enough && strstr(buf_str(&theirs), buf_str(&ours));
    buf_release(&piece);
    buf_release(&ours);
    buf_wipe(&theirs);
    return found;
}
