/*
 * Loads the routing tree from the configuration: checks every rule against the directory, resolves
 * what it inherits, files it for route_index.c, and warns of rules that can never apply.
 *
 * Refuses what would leave a decision open: a root with conditions or without recipients and
 * policy, unknown names, more units than may be told of one case, dates that exclude each other.
 * Each fault is reported and reading goes on; the result exists only when there was none.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "digest.h"
#include "directory.h"
#include "idtable.h"
#include "route_tree.h"
#include "util.h"

struct load {
    struct routing *routing;
    const struct directory *dir;
    struct conf_faults *faults;
    struct idtable names;
    const char *file; /* the last file name that was copied */
    struct buf canon; /* all rules as text, for the version */
};

static const char *const cond_names[COND_COUNT] = {
    [COND_PLACE] = "place",    [COND_AREA] = "area",       [COND_SERVICE] = "service",
    [COND_KIND] = "kind",      [COND_URGENCY] = "urgency", [COND_COMPLEXITY] = "complexity",
    [COND_FROM] = "from_unit", [COND_CODE] = "code",
};

static const char *const complexities[] = {"grund", "complex"};

const char *cond_name(enum cond cond)
{
    return cond_names[cond];
}

uintptr_t complexity_number(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(complexities); i++)
        if (str_eq(name, complexities[i]))
            return i + 1;
    return 0;
}

/* The things of the directory that a rule can name; all begin with their id. */
static uintptr_t find(const struct directory *dir, enum cond cond, const char *id)
{
    switch (cond) {
    case COND_PLACE:
        return (uintptr_t)directory_place(dir, id);
    case COND_AREA:
        return (uintptr_t)directory_area(dir, id);
    case COND_SERVICE:
        return (uintptr_t)directory_service(dir, id);
    case COND_FROM:
        return (uintptr_t)directory_unit(dir, id);
    case COND_COMPLEXITY:
        return complexity_number(id);
    case COND_CODE:
        return 0; /* read_conditions() keeps the text itself */
    case COND_KIND: {
        enum item_kind kind;
        bool routed = item_kind_parse(id, &kind) && kind != ITEM_REFUSAL && kind != ITEM_DEADLINE;
        return routed ? (uintptr_t)kind + 1 : 0;
    }
    case COND_URGENCY: {
        enum urgency urgency;
        return urgency_parse(id, &urgency) ? (uintptr_t)urgency + 1 : 0;
    }
    case COND_COUNT:
        break;
    }
    return 0;
}

static const char *nearest(const char *id, const char *first, size_t count, size_t size)
{
    const char **known = xcalloc(count + 1, sizeof *known);
    for (size_t i = 0; i < count; i++)
        memcpy(&known[i], first + i * size, sizeof *known);
    const char *best = conf_nearest(id, known);
    free(known);
    return best;
}

/* What can be offered instead of an unknown id. */
static const char *offer(const struct directory *dir, enum cond cond, const char *id)
{
    switch (cond) {
    case COND_PLACE:
        return nearest(id, (const char *)dir->place, dir->places, sizeof *dir->place);
    case COND_AREA:
        return nearest(id, (const char *)dir->area, dir->areas, sizeof *dir->area);
    case COND_SERVICE:
        return nearest(id, (const char *)dir->service, dir->services, sizeof *dir->service);
    case COND_FROM:
        return nearest(id, (const char *)dir->unit, dir->units, sizeof *dir->unit);
    case COND_KIND:
    case COND_URGENCY:
    case COND_COMPLEXITY:
    case COND_CODE:
    case COND_COUNT:
        break;
    }
    return NULL;
}

/* Conditions that are codes and not ids: all that may stand there. */
static const char *const codes[COND_COUNT] = {
    [COND_KIND] = "handover, referral, emergency or task",
    [COND_URGENCY] = "routine, prompt, urgent or emergency",
    [COND_COMPLEXITY] = "grund or complex",
    [COND_CODE] = "a code of a-z, 0-9 and _, such as hospital_discharge",
};

static void unknown(const struct load *l, const struct conf_node *at, const char *what,
                    const char *near)
{
    if (near)
        conf_fault(l->faults, at, "unknown %s \"%s\"; did you mean \"%s\"?", what, at->text, near);
    else
        conf_fault(l->faults, at, "unknown %s \"%s\"; define it or correct the name", what,
                   at->text);
}

/* One text for all rules that demand the same code, so that addresses can be compared. */
static uintptr_t read_code(struct load *l, const char *code)
{
    size_t n = strlen(code);
    const char *known = idtable_find(&l->routing->codes, code);
    if (n == 0 || n >= ID_MAX || strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
        return 0;
    if (known)
        return (uintptr_t)known;
    const char *text = arena_text(&l->routing->arena, code);
    idtable_put(&l->routing->codes, text, text);
    return (uintptr_t)text;
}

static void read_conditions(struct load *l, struct rule *rule, struct conf_node *node)
{
    for (enum cond c = 0; c < COND_COUNT; c++) {
        const char *id = conf_text(node, cond_names[c], NULL, l->faults);
        if (!id)
            continue;
        rule->value[c] = c == COND_CODE ? read_code(l, id) : find(l->dir, c, id);
        rule->mask |= 1u << c;
        buf_printf(&l->canon, " %s=%s", cond_names[c], id);
        const struct conf_node *at = conf_get(node, cond_names[c]);
        if (!rule->value[c] && codes[c])
            conf_fault(l->faults, at, "\"%s\" must be %s", cond_names[c], codes[c]);
        else if (!rule->value[c])
            unknown(l, at, c == COND_FROM ? "unit" : cond_names[c], offer(l->dir, c, id));
    }
}

static bool has_unit(const struct unit **list, size_t n, const struct unit *unit)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == unit)
            return true;
    return false;
}

/* A list of units. True when the rule has the member, even an empty one. */
static bool read_units(struct load *l, struct conf_node *node, const char *member,
                       const struct unit ***list, size_t *count)
{
    struct conf_node *units = conf_get(node, member);
    if (!units)
        return false;
    if (units->type != CONF_LIST) {
        conf_fault(l->faults, units, "\"%s\" must be a list of units: %s = [\"...\"];", member,
                   member);
        return true;
    }
    *list = arena_get(&l->routing->arena, units->children, sizeof **list);
    *count = 0;
    buf_printf(&l->canon, " %s=", member);
    for (size_t i = 0; i < units->children; i++) {
        const struct conf_node *at = units->child[i];
        const struct unit *unit = directory_unit(l->dir, at->text);
        buf_printf(&l->canon, "%s,", at->text);
        if (at->type != CONF_TEXT)
            conf_fault(l->faults, at, "a unit's id in quotes belongs here");
        else if (!unit)
            unknown(l, at, "unit", offer(l->dir, COND_FROM, at->text));
        else if (has_unit(*list, *count, unit))
            conf_fault(l->faults, at, "unit \"%s\" stands here twice", at->text);
        else
            (*list)[(*count)++] = unit;
    }
    return true;
}

/* A referral is offered to one provider at a time, so its rule may name more of them. */
static void check_told(struct load *l, const struct rule *rule, const struct conf_node *node)
{
    bool referral = rule_says_kind(rule, ITEM_REFERRAL);
    size_t asked = referral && rule->tos ? 1 : rule->tos;
    size_t told = asked + rule->copies + rule->tasks;
    if (told > RECIPIENTS_MAX)
        conf_fault(l->faults, node,
                   "\"to\", \"copy\" and \"tasks\" name %zu units with what the rule inherits; at "
                   "most %d may be told of one case (DOMAIN R12)",
                   told, RECIPIENTS_MAX);
    if (rule->tos > PROVIDERS_MAX)
        conf_fault(l->faults, node, "\"to\" names %zu providers; at most %d", rule->tos,
                   PROVIDERS_MAX);
    if (rule->count_copies > RECIPIENTS_MAX)
        conf_fault(l->faults, node, "\"count_copy\" names %zu units; at most %d",
                   rule->count_copies, RECIPIENTS_MAX);
}

static void read_recipients(struct load *l, struct rule *rule, struct conf_node *node)
{
    bool inherits = rule->parent && !rule->onward;
    if (read_units(l, node, "to", &rule->to, &rule->tos)) {
        rule->to_rule = rule;
        struct conf_node *list = conf_get(node, "to");
        if (list->type == CONF_LIST && list->children == 0)
            conf_fault(l->faults, list,
                       "\"to\" is empty; name a unit, or leave \"to\" out to inherit");
    } else if (inherits) {
        rule->to_rule = rule->parent->to_rule;
        rule->to = rule->parent->to;
        rule->tos = rule->parent->tos;
    }
    if (!read_units(l, node, "copy", &rule->copy, &rule->copies) && inherits) {
        rule->copy = rule->parent->copy;
        rule->copies = rule->parent->copies;
    }
    if (!read_units(l, node, "tasks", &rule->task, &rule->tasks) && inherits) {
        rule->task = rule->parent->task;
        rule->tasks = rule->parent->tasks;
    }
    if (!read_units(l, node, "count_copy", &rule->count_copy, &rule->count_copies) && inherits) {
        rule->count_copy = rule->parent->count_copy;
        rule->count_copies = rule->parent->count_copies;
    }
    check_told(l, rule, node);
}

/* How a referral goes on, inherited like the policy. */
static void read_referral(struct load *l, struct rule *rule, struct conf_node *node)
{
    const char *choose = conf_text(node, "choose", NULL, l->faults);
    bool approval = !rule->parent || rule->parent->needs_approval;
    rule->choice = rule->parent ? rule->parent->choice : CHOOSE_IN_ORDER;
    rule->needs_approval = conf_bool(node, "needs_approval", approval, l->faults);
    if (rule->needs_approval != approval)
        buf_printf(&l->canon, " needs_approval=%d", rule->needs_approval);
    if (!choose)
        return;
    buf_printf(&l->canon, " choose=%s", choose);
    if (!str_eq(choose, "least_loaded") && !str_eq(choose, "in_order"))
        conf_fault(l->faults, conf_get(node, "choose"),
                   "\"choose\" must be least_loaded or in_order");
    rule->choice = str_eq(choose, "least_loaded") ? CHOOSE_LEAST_LOADED : CHOOSE_IN_ORDER;
}

static void read_count(struct load *l, struct rule *rule, struct conf_node *node)
{
    if (!conf_get(node, "min_count"))
        return;
    rule->min_count = conf_int(node, "min_count", 1, 1, 1000, l->faults);
    buf_printf(&l->canon, " min_count=%d", (int)rule->min_count);
}

static void read_policy(struct load *l, struct rule *rule, struct conf_node *node)
{
    const char *id = conf_text(node, "policy", NULL, l->faults);
    const struct directory *dir = l->dir;
    rule->policy = rule->parent ? rule->parent->policy : NULL;
    if (!id)
        return;
    buf_printf(&l->canon, " policy=%s", id);
    rule->policy = directory_policy(dir, id);
    if (!rule->policy)
        unknown(l, conf_get(node, "policy"), "policy",
                nearest(id, (const char *)dir->policy, dir->policies, sizeof *dir->policy));
}

static int64_t read_date(struct load *l, struct conf_node *node, const char *member,
                         int64_t otherwise)
{
    int64_t day;
    const char *text = conf_text(node, member, NULL, l->faults);
    if (!text)
        return otherwise;
    buf_printf(&l->canon, " %s=%s", member, text);
    if (date_parse(text, &day))
        return berlin_to_ms(day, 0);
    conf_fault(l->faults, conf_get(node, member), "\"%s\" must be a date such as \"2027-04-01\"",
               member);
    return otherwise;
}

static void read_dates(struct load *l, struct rule *rule, struct conf_node *node)
{
    rule->from_ms = read_date(l, node, "valid_from", INT64_MIN);
    rule->to_ms = read_date(l, node, "valid_to", INT64_MAX);
    if (rule->from_ms >= rule->to_ms)
        conf_fault(l->faults, node,
                   "\"valid_to\" is the first day on which the rule no longer holds; it must lie "
                   "after \"valid_from\"");
}

static bool id_valid(const char *id)
{
    size_t n = strlen(id);
    return n > 0 && n < ID_MAX && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

/* "root/eselsberg/wjh", unique in the tree. */
static void read_name(struct load *l, struct rule *rule, struct conf_node *node)
{
    struct buf path = BUF_INIT;
    const char *id = conf_text(node, "rule", "", l->faults);
    if (!id_valid(id))
        conf_fault(l->faults, node,
                   "each rule needs a name: rule = \"...\"; of lower-case letters, digits, _ "
                   "and -, at most 63");
    buf_printf(&path, "%s/%s", rule->parent->name, id);
    rule->name = arena_text(&l->routing->arena, buf_str(&path));
    const struct rule *same = idtable_put(&l->names, rule->name, rule);
    if (same && id_valid(id))
        conf_fault(l->faults, node, "rule \"%s\" stands in %s:%d already; choose another name",
                   rule->name, same->file, same->line);
    buf_release(&path);
}

static struct rule *new_rule(struct load *l, const struct rule *parent,
                             const struct conf_node *node)
{
    struct rule *rule = arena_get(&l->routing->arena, 1, sizeof *rule);
    if (!l->file || !str_eq(l->file, node->file))
        l->file = arena_text(&l->routing->arena, node->file);
    rule->parent = parent;
    rule->file = l->file;
    rule->line = node->line;
    rule->number = (uint32_t)l->routing->rules++;
    return rule;
}

static void read_children(struct load *l, struct rule *parent, struct conf_node *node, int depth);

static struct rule *read_rule(struct load *l, const struct rule *parent, struct conf_node *node,
                              int depth)
{
    static const char *const known[] = {"rule",   "place",      "area",       "service",
                                        "kind",   "urgency",    "complexity", "from_unit",
                                        "code",   "min_count",  "to",         "copy",
                                        "tasks",  "count_copy", "choose",     "needs_approval",
                                        "policy", "continue",   "valid_from", "valid_to",
                                        "rules",  NULL};
    struct rule *rule = new_rule(l, parent, node);
    read_name(l, rule, node);
    buf_puts(&l->canon, rule->name);
    read_conditions(l, rule, node);
    rule->onward = conf_bool(node, "continue", false, l->faults);
    buf_puts(&l->canon, rule->onward ? " continue" : "");
    read_count(l, rule, node);
    read_recipients(l, rule, node);
    read_referral(l, rule, node);
    read_policy(l, rule, node);
    read_dates(l, rule, node);
    buf_addc(&l->canon, '\n');
    read_children(l, rule, node, depth);
    conf_check_unused(node, known, l->faults);
    return rule;
}

static void read_children(struct load *l, struct rule *parent, struct conf_node *node, int depth)
{
    struct conf_node *list = conf_get(node, "rules");
    if (!list)
        return;
    if (list->type != CONF_LIST) {
        conf_fault(l->faults, list, "\"rules\" must be a list of groups: rules = ( { ... } );");
        return;
    }
    if (depth >= TREE_DEPTH_MAX) {
        conf_fault(l->faults, list, "rules are nested deeper than %d levels", TREE_DEPTH_MAX);
        return;
    }
    parent->child = arena_get(&l->routing->arena, list->children, sizeof(struct rule *));
    for (size_t i = 0; i < list->children; i++) {
        struct conf_node *at = list->child[i];
        if (at->type != CONF_GROUP) {
            conf_fault(l->faults, at, "a rule in braces belongs here: { rule = \"...\"; ... }");
            continue;
        }
        struct rule *child = read_rule(l, parent, at, depth + 1);
        child->order = (uint32_t)parent->children;
        parent->child[parent->children++] = child;
    }
}

static void read_root(struct load *l, struct conf_node *node)
{
    static const char *const known[] = {"to",       "copy",           "count_copy",
                                        "choose",   "needs_approval", "policy",
                                        "complete", "rules",          NULL};
    struct rule *root = new_rule(l, NULL, node);
    l->routing->root = root;
    root->name = "root";
    root->from_ms = INT64_MIN;
    root->to_ms = INT64_MAX;
    buf_puts(&l->canon, root->name);
    l->routing->complete = conf_bool(node, "complete", false, l->faults);
    read_recipients(l, root, node);
    read_referral(l, root, node);
    read_policy(l, root, node);
    buf_addc(&l->canon, '\n');
    if (!conf_get(node, "to"))
        conf_fault(l->faults, node,
                   "\"routes\" needs \"to\": the desk that takes what no rule matches");
    if (!conf_get(node, "policy"))
        conf_fault(l->faults, node,
                   "\"routes\" needs \"policy\": the limits that hold unless a "
                   "rule sets others");
    read_children(l, root, node, 0);
    conf_check_unused(node, known, l->faults);
}

/* Rules that an earlier one leaves nothing for are legal, but never meant. */
static void warn_hidden(const struct load *l, const struct rule *parent)
{
    for (size_t i = 0; i < parent->children; i++) {
        const struct rule *rule = parent->child[i];
        const struct rule *other = route_index_hides(l->routing, rule);
        const struct conf_node at = {.file = rule->file, .line = rule->line};
        if (other)
            conf_warning(l->faults, &at,
                         "rule \"%s\" never applies: \"%s\" (line %d) takes all it could match; "
                         "put it first",
                         rule->name, other->name, other->line);
        warn_hidden(l, rule);
    }
}

static void set_version(struct load *l)
{
    unsigned char hash[DIGEST_FULL];
    struct buf hex = BUF_INIT;
    digest_sha256(hash, buf_str(&l->canon), l->canon.len);
    digest_hex(&hex, hash, 8);
    str_copy(l->routing->version, sizeof l->routing->version, buf_str(&hex));
    buf_release(&hex);
}

struct routing *routing_load(struct conf_node *root, const struct directory *dir,
                             struct conf_faults *faults)
{
    size_t before = faults->errors;
    struct conf_node *node = conf_get(root, "routes");
    if (!node || node->type != CONF_GROUP) {
        conf_fault(faults, node ? node : root,
                   "\"routes\" is missing; at least: routes = { policy = \"...\"; to = [\"...\"]; "
                   "};");
        return NULL;
    }
    struct load l = {.routing = xcalloc(1, sizeof *l.routing), .dir = dir, .faults = faults};
    read_root(&l, node);
    if (faults->errors == before) {
        route_index_build(l.routing);
        warn_hidden(&l, l.routing->root);
        set_version(&l);
    }
    idtable_release(&l.names);
    buf_release(&l.canon);
    if (faults->errors == before)
        return l.routing;
    routing_free(l.routing);
    return NULL;
}
