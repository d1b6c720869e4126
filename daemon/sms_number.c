/*
 * Numbers of SMS: see sms_number.h. Given when the notice is made, in its transaction, so that an
 * attempt which is repeated after a crash carries the same one.
 */
#include "sms_number.h"

#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "store_sms.h"
#include "template.h"
#include "util.h"

const struct contact *sms_number_phone(const struct directory *dir, const char *address)
{
    for (size_t u = 0; u < dir->units; u++)
        for (size_t i = 0; i < dir->unit[u].contacts; i++) {
            const struct contact *contact = &dir->unit[u].contact[i];
            if (contact->channel == CHANNEL_SMS && str_eq(contact->address, address))
                return contact;
        }
    return NULL;
}

void sms_number_give(struct stafette *g, const struct contact *contact, int64_t item_seq,
                     const struct template *text)
{
    if (contact->channel != CHANNEL_SMS || !template_asks(text, KEY_ANSWER_NUMBER))
        return;
    const struct contact *phone = sms_number_phone(g->config->directory, contact->address);
    if (phone)
        store_sms_give(g->store, phone->id, item_seq, g->now_ms);
}

int sms_number_of(const struct stafette *g, const struct contact *contact, int64_t item_seq)
{
    if (!contact || contact->channel != CHANNEL_SMS)
        return 0;
    const struct contact *phone = sms_number_phone(g->config->directory, contact->address);
    return phone ? store_sms_number(g->store, phone->id, item_seq) : 0;
}
