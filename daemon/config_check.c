/*
 * Checks across the parts of a configuration: see config_check.h.
 *
 * They run while the tree is still there, so that each fault can name its file and line. Looking up
 * the place of a fault walks the tree; that costs something only when there is a fault. Pure.
 */
#include "config_check.h"

#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "buf.h"
#include "conf.h"
#include "config.h"
#include "directory.h"
#include "mail_domain.h"
#include "util.h"

/* Where a unit is defined; the root when it cannot be found. */
static struct conf_node *unit_place(struct conf_node *root, const char *id)
{
    struct conf_node *units = conf_get(root, "units");
    for (size_t i = 0; units && i < units->children; i++) {
        const struct conf_node *name = conf_get(units->child[i], "id");
        if (name && str_eq(name->text, id))
            return units->child[i];
    }
    return root;
}

/* The n-th contact of a unit, from 0; the unit when there is no such list. */
static const struct conf_node *contact_place(struct conf_node *root, const char *unit, size_t n)
{
    struct conf_node *place = unit_place(root, unit);
    const struct conf_node *contacts = conf_get(place, "contacts");
    return contacts && n < contacts->children ? contacts->child[n] : place;
}

/* Says in `why` what is wrong with a contact's transport; nothing when all is well. */
static void judge_contact(const struct config *config, const struct contact *contact,
                          struct buf *why)
{
    const char *channel = channel_name(contact->channel);
    const struct transport *t = transports_find(config->transports, contact->transport);
    if (str_empty(contact->transport)) {
        if (!transports_first(config->transports, contact->channel))
            buf_printf(why, "no transport carries %s; add one to \"transports\"", channel);
    } else if (!t) {
        buf_printf(why, "unknown transport \"%s\"; add it to \"transports\"", contact->transport);
    } else if (t->adapter->channel != contact->channel) {
        buf_printf(why, "transport \"%s\" carries %s, but this contact is %s", t->name,
                   channel_name(t->adapter->channel), channel);
    } else if (!mail_domain_allows(mail_domain_of(config->mail_domains, contact), t)) {
        buf_printf(why,
                   "transport \"%s\" does not stand in \"mail_domains\" for the domain of this "
                   "address; add it there or leave \"transport\" out",
                   t->name);
    }
}

static void check_contacts(const struct config *config, struct conf_node *root,
                           struct conf_faults *faults)
{
    struct buf why = BUF_INIT;
    for (size_t u = 0; u < config->directory->units; u++) {
        const struct unit *unit = &config->directory->unit[u];
        for (size_t c = 0; c < unit->contacts; c++) {
            judge_contact(config, &unit->contact[c], &why);
            if (why.len > 0)
                conf_fault(faults, contact_place(root, unit->id, c), "%s", buf_str(&why));
            buf_reset(&why);
        }
    }
    buf_release(&why);
}

static bool wants_sms(const struct policy *policy)
{
    for (enum urgency u = 0; u < URGENCY_COUNT; u++)
        if (policy->sms[u])
            return true;
    return false;
}

static bool has_sms(const struct unit *unit)
{
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_SMS)
            return true;
    return false;
}

static void check_on_call(const struct directory *dir, struct conf_node *root,
                          struct conf_faults *faults)
{
    if (!dir->on_call || dir->on_call->roster || has_sms(dir->on_call))
        return;
    for (size_t i = 0; i < dir->policies; i++)
        if (wants_sms(&dir->policy[i])) {
            conf_warning(faults, unit_place(root, dir->on_call->id),
                         "policy \"%s\" wants SMS, but the unit on call has no sms contact; it "
                         "will hear of emergencies by mail only",
                         dir->policy[i].id);
            return;
        }
}

static void check_source_desk(const struct config *config, struct conf_node *root,
                              struct conf_faults *faults)
{
    const char *desk = config->settings.source_desk;
    const struct conf_node *at = conf_get(conf_get(root, "gateway"), "source_desk");
    if (at && !str_empty(desk) && !directory_unit(config->directory, desk))
        conf_fault(faults, at,
                   "unknown unit \"%s\"; name one of \"units\", or leave "
                   "\"source_desk\" out for the catch-all desk",
                   desk);
}

void config_check(const struct config *config, struct conf_node *root, struct conf_faults *faults)
{
    if (!config->directory)
        return;
    check_source_desk(config, root, faults);
    check_on_call(config->directory, root, faults);
    if (config->transports)
        check_contacts(config, root, faults);
}

struct line {
    const char *text;
    size_t len, file_len;
    int64_t number; /* of the line in its file; 0 when it names none */
    size_t order;
};

/* "file:line: sentence"; a file name may hold colons, but not ": ". */
static struct line split_line(const char *text, size_t len, size_t order)
{
    struct line line = {text, len, len, 0, order};
    const char *end = memmem(text, len, ": ", 2);
    if (!end)
        return line;
    line.file_len = (size_t)(end - text);
    const char *colon = memchr(text, ':', line.file_len);
    if (!colon)
        return line;
    line.file_len = (size_t)(colon - text);
    line.number = strtoll(colon + 1, NULL, 10);
    return line;
}

static int by_place(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    size_t common = x->file_len < y->file_len ? x->file_len : y->file_len;
    int order = strncmp(x->text, y->text, common);
    if (order == 0 && x->file_len != y->file_len)
        order = x->file_len < y->file_len ? -1 : 1;
    if (order == 0 && x->number != y->number)
        order = x->number < y->number ? -1 : 1;
    if (order == 0)
        order = x->order < y->order ? -1 : 1;
    return order;
}

void config_sort_report(struct buf *report)
{
    struct line *line = NULL;
    size_t n = 0, cap = 0;
    struct buf sorted = BUF_INIT;
    for (const char *text = buf_str(report); *text;) {
        size_t len = strcspn(text, "\n");
        line = grow(line, n, &cap, sizeof *line);
        line[n] = split_line(text, len, n);
        n++;
        text += len + (text[len] == '\n');
    }
    if (n > 0)
        qsort(line, n, sizeof *line, by_place);
    for (size_t i = 0; i < n; i++) {
        buf_add(&sorted, line[i].text, line[i].len);
        buf_addc(&sorted, '\n');
    }
    free(line);
    buf_release(report);
    *report = sorted;
}
