/*
 * How and when a unit is reached: contacts, office hours, closures.
 *
 * Promises that a loaded address can be handed to an adapter as it is (address.h). Whether the
 * named transport exists is the configuration's question (config.c), because transports are not
 * part of the directory. Refuses private numbers in disguise by nothing: `optin` records the
 * consent, its content is the city's own.
 */
#include <string.h>

#include "address.h"
#include "buf.h"
#include "conf.h"
#include "directory_load.h"
#include "holiday.h"
#include "util.h"

static const char *load_address(struct loader *l, struct conf_node *group, enum channel channel)
{
    struct buf address = BUF_INIT, why = BUF_INIT;
    const char *text = conf_text(group, "address", "", l->faults);
    int rc = channel == CHANNEL_EMAIL ? address_email(&address, text, &why)
                                      : address_phone(&address, text, &why);
    if (rc)
        conf_fault(l->faults, group, "\"address\" is not usable: %s", buf_str(&why));
    const char *copy = arena_text(&l->memory->arena, buf_str(&address));
    buf_release(&address);
    buf_release(&why);
    return copy;
}

static const char *contact_id(struct loader *l, const struct unit *unit, size_t n)
{
    struct buf id = BUF_INIT;
    buf_printf(&id, "%s/%zu", unit->id, n);
    const char *copy = arena_text(&l->memory->arena, buf_str(&id));
    buf_release(&id);
    return copy;
}

/* The file is read by protect.c; here only what is said of it. */
static void load_class(struct loader *l, struct conf_node *group, struct contact *contact)
{
    const char *class = conf_text(group, "class", "normal", l->faults);
    const char *path = conf_text(group, "certificate", "", l->faults);
    struct buf full = BUF_INIT;
    contact->high = str_eq(class, "high");
    if (!contact->high && !str_eq(class, "normal"))
        conf_fault(l->faults, group, "\"class\" is \"normal\" or \"high\"");
    if (contact->high && contact->channel != CHANNEL_EMAIL)
        conf_fault(l->faults, group, "class \"high\" is for e-mail; an SMS has no content anyway");
    if (!contact->high && !str_empty(path))
        conf_fault(l->faults, group, "\"certificate\" needs class = \"high\"; add that");
    if (!str_empty(path))
        conf_resolve(conf_get(group, "certificate"), path, &full);
    contact->certificate = arena_text(&l->memory->arena, buf_str(&full));
    contact->file = contact->high ? arena_text(&l->memory->arena, group->file) : "";
    contact->line = group->line;
    buf_release(&full);
}

static bool load_contact(struct loader *l, struct conf_node *group, struct contact *contact)
{
    static const char *const known[] = {"channel",     "address",     "transport",
                                        "urgent_only", "digest",      "optin",
                                        "class",       "certificate", NULL};
    if (group->type != CONF_GROUP ||
        !channel_parse(conf_text(group, "channel", "", l->faults), &contact->channel)) {
        conf_fault(l->faults, group, "a contact needs channel = \"email\" or \"sms\"");
        return false;
    }
    contact->address = load_address(l, group, contact->channel);
    contact->transport = loader_text(l, group, "transport");
    contact->urgent_only = conf_bool(group, "urgent_only", false, l->faults);
    contact->digest = conf_bool(group, "digest", false, l->faults);
    contact->optin = loader_text(l, group, "optin");
    load_class(l, group, contact);
    conf_check_unused(group, known, l->faults);
    return true;
}

void directory_load_contacts(struct loader *l, struct conf_node *group, struct unit *unit)
{
    struct conf_node *list = loader_list(l, group, "contacts");
    size_t n = list ? list->children : 0;
    bool always = false;
    unit->contact = arena_get(&l->memory->arena, n, sizeof(*unit->contact));
    for (size_t i = 0; i < n; i++) {
        struct contact *contact = &unit->contact[unit->contacts];
        if (!load_contact(l, list->child[i], contact))
            continue;
        contact->id = contact_id(l, unit, ++unit->contacts);
        always = always || !contact->urgent_only;
    }
    if (n == 0)
        conf_fault(l->faults, group, "unit \"%s\" has no contact; give it at least one", unit->id);
    else if (unit->contacts && !always)
        conf_fault(l->faults, group,
                   "unit \"%s\" has urgent_only contacts only; give it one for all notices",
                   unit->id);
}

static void load_calendar(struct loader *l, struct conf_node *group, struct worktime *hours)
{
    const char *key = conf_text(group, "calendar", hours->calendar, l->faults);
    if (key == hours->calendar)
        return;
    if (!str_empty(key) && !holiday_key_valid(key))
        conf_fault(l->faults, group,
                   "\"calendar\" must be a Land like \"BW\", with a tag where the municipality has "
                   "holidays of its own (\"BY+mh\", \"BY+augsburg\", \"SN+fl\", \"TH+fl\"), or "
                   "\"\"");
    else if (!str_copy(hours->calendar, sizeof(hours->calendar), key))
        conf_fault(l->faults, group, "\"calendar\" is too long; name each tag once");
}

static void load_week(struct loader *l, struct conf_node *week, struct worktime *hours)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
    for (size_t i = 0; days[i]; i++)
        if (!worktime_hours_parse(conf_text(week, days[i], "", l->faults), &hours->open_s[i],
                                  &hours->close_s[i]))
            conf_fault(l->faults, week, "\"%s\" must be hours like \"08:00-16:00\", or \"closed\"",
                       days[i]);
    conf_check_unused(week, days, l->faults);
}

static void load_closures(struct loader *l, struct conf_node *list, struct worktime *hours)
{
    static const char *const known[] = {"date", "from", NULL};
    size_t kept = list->children ? hours->closures : 0;
    struct closure *all =
        arena_get(&l->memory->arena, kept + list->children, sizeof(struct closure));
    if (kept)
        memcpy(all, hours->closure, kept * sizeof(*all));
    for (size_t i = 0; i < list->children; i++) {
        struct conf_node *group = list->child[i];
        if (closure_parse(conf_text(group, "date", "", l->faults),
                          conf_text(group, "from", "", l->faults), &all[kept]))
            kept++;
        else
            conf_fault(l->faults, group,
                       "a closure is { date = \"12-24\"; } or { date = \"2027-07-19\"; from = "
                       "\"10:30\"; }");
        conf_check_unused(group, known, l->faults);
    }
    hours->closure = all;
    hours->closures = kept;
}

void directory_load_hours(struct loader *l, struct conf_node *group, struct worktime *hours)
{
    struct conf_node *week = conf_get(group, "hours");
    struct conf_node *closures = loader_list(l, group, "closures");
    load_calendar(l, group, hours);
    if (week && week->type != CONF_GROUP)
        conf_fault(l->faults, week, "\"hours\" must be a group: { mon = \"08:00-16:00\"; ... }");
    else if (week)
        load_week(l, week, hours);
    if (closures)
        load_closures(l, closures, hours);
}
