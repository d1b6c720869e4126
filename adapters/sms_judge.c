/*
 * SMS gateways, the verdict: what an HTTP answer means (sms_http.h). Pure.
 *
 * The code is judged first, then the gateway's own word, because many answer 200 to everything; a
 * word that stands in a set also says more than the code of a refusal. An
 * accepted code with an answer that does not hold the word at all is no acceptance and no refusal:
 * a proxy's or a maintenance page, or an answer cut short. That is CLASS_AMBIGUOUS, as is a code of
 * success that is not among those of the transport. The transport's own lists come before the rows
 * of verdict_rules.c.
 */
#include <string.h>

#include "../daemon/json.h"
#include "../daemon/util.h"
#include "sms_http.h"
#include "verdict_rules.h"

/* What is more exact first; a code that stands in several lists counts as the first of them. */
const enum error_class *sms_judged(void)
{
    static const enum error_class judged[] = {
        CLASS_CREDIT, CLASS_AUTH,      CLASS_ADDRESS,   CLASS_FULL,      CLASS_POLICY,
        CLASS_LOCAL,  CLASS_THROTTLED, CLASS_TEMPORARY, CLASS_PERMANENT, CLASS_NONE};
    return judged;
}

static enum error_class code_class(const struct sms *sms, long status)
{
    const struct verdict_case c = {ORIGIN_HTTP, SMTP_DOT, (int)status, ""};
    if (http_codes_have(sms->ok_codes, status))
        return CLASS_NONE;
    for (const enum error_class *class = sms_judged(); *class != CLASS_NONE; class ++)
        if (http_codes_have(sms->codes[*class], status))
            return *class;
    enum error_class class = verdict_rule(&c)->class;
    return class == CLASS_NONE ? CLASS_AMBIGUOUS : class;
}

/* What the gateway's own word says; CLASS_NONE when no set has it. */
static enum error_class known_word(const struct sms *sms, const char *word)
{
    for (const enum error_class *class = sms_judged(); *class != CLASS_NONE; class ++)
        if (http_words_have(sms->values[*class], word))
            return *class;
    return CLASS_NONE;
}

/* Sets of words are separated by blanks, and some gateways answer with a sentence. */
static void close_blanks(struct buf *word)
{
    for (size_t i = 0; i < word->len; i++)
        if (word->data[i] == ' ')
            word->data[i] = '_';
}

static enum error_class word_class(const struct sms *sms, const char *word)
{
    if (str_empty(sms->ok_values) || http_words_have(sms->ok_values, word))
        return CLASS_NONE;
    enum error_class class = known_word(sms, word);
    return class == CLASS_NONE ? CLASS_PERMANENT : class;
}

/* The word and the id; false when the word is wanted and not there. */
static bool read_answer(const struct sms *sms, const struct buf *answer, struct buf *word,
                        struct buf *id)
{
    struct json_place where;
    bool json = !str_empty(sms->ok_pointer) || !str_empty(sms->id_pointer);
    bool found = str_empty(sms->ok_pointer) && !sms->has_ok_regex;
    struct json *root = json ? json_read(buf_str(answer), answer->len, &where) : NULL;
    if (!str_empty(sms->ok_pointer))
        found = root && http_pointer(word, root, sms->ok_pointer);
    if (!found && sms->has_ok_regex)
        found = http_match(word, &sms->ok_regex, buf_str(answer));
    close_blanks(word);
    if (root && !str_empty(sms->id_pointer))
        http_pointer(id, root, sms->id_pointer);
    else if (sms->has_id_regex)
        http_match(id, &sms->id_regex, buf_str(answer));
    if (root)
        json_free(root);
    return found;
}

enum error_class sms_judge(const struct sms *sms, long status, const struct buf *answer,
                           struct buf *word, struct buf *id)
{
    bool understood = read_answer(sms, answer, word, id);
    enum error_class class = code_class(sms, status), said = known_word(sms, buf_str(word));
    if (class != CLASS_NONE)
        return said != CLASS_NONE ? said : class;
    return understood ? word_class(sms, buf_str(word)) : CLASS_AMBIGUOUS;
}
