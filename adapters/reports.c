/*
 * Delivery reports, the part at load time: see reports.h. Refuses a secret that is too short and a
 * transport that nobody may call; keeps the secret until reports_free() wipes it.
 */
#include "reports.h"

#include <stdlib.h>
#include <string.h>

#include "../daemon/conf.h"
#include "../daemon/util.h"
#include "inbound.h"

enum { CODE_MIN = 200, CODE_MAX = 299, BODY_MAX = 200 };

/* Words that go back to a gateway as they are. */
static char *read_body(struct conf_node *group, struct conf_faults *faults)
{
    const char *body = conf_text(group, "body", "", faults);
    bool plain = strlen(body) <= BODY_MAX;
    for (const char *p = body; *p; p++)
        plain = plain && ((unsigned char)*p >= 0x20 || *p == '\n') && *p != 0x7f;
    if (!plain)
        conf_fault(faults, conf_get(group, "body"),
                   "body: at most %d characters without control characters are wanted", BODY_MAX);
    return xstrdup(body);
}

struct reports *reports_load(struct conf_node *transport, struct conf_faults *faults)
{
    static const char *const known[] = {"secret_file", "sources", "code", "body", NULL};
    struct conf_node *group = conf_get(transport, "reports");
    size_t before = faults->errors;
    if (!group)
        return NULL;
    if (group->type != CONF_GROUP) {
        conf_fault(faults, group, "reports is a group: { secret_file = \"...\"; sources = ... }");
        return NULL;
    }
    struct reports *reports = xcalloc(1, sizeof *reports);
    reports->caller = inbound_load_caller(group, faults);
    reports->code = (int)conf_int(group, "code", CODE_MIN, CODE_MIN, CODE_MAX, faults);
    reports->body = read_body(group, faults);
    conf_check_unused(group, known, faults);
    if (faults->errors == before)
        return reports;
    reports_free(reports);
    return NULL;
}

void reports_free(struct reports *reports)
{
    if (!reports)
        return;
    inbound_free(reports->caller);
    free(reports->body);
    free(reports);
}

const char *reports_key(const struct reports *reports)
{
    return reports ? inbound_key(reports->caller) : "";
}
