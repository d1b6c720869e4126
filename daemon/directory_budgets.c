/*
 * Budget lines (DOMAIN DO6): how much may be committed, and who is told when how much of it is.
 *
 * Refuses a line without a lead, thresholds that do not rise or lie beyond 1 to 200 percent, and
 * amounts below 0. What is configured as committed is the starting figure; from then on the store
 * has it (budget.h), and changing the figure in the file changes nothing.
 */
#include "conf.h"
#include "directory_load.h"
#include "util.h"

enum { PERCENT_MAX = 200 };

static const int64_t cents_max = INT64_C(100000000000); /* a thousand million euros */

static void load_thresholds(struct loader *l, struct conf_node *group, struct budget *budget)
{
    static const int usual[] = {75, 90, 100};
    struct conf_node *list = loader_list(l, group, "thresholds");
    for (size_t i = 0; !list && i < COUNT_OF(usual); i++)
        budget->threshold[budget->thresholds++] = usual[i];
    for (size_t i = 0; list && i < list->children; i++) {
        const struct conf_node *node = list->child[i];
        int before = budget->thresholds ? budget->threshold[budget->thresholds - 1] : 0;
        bool rising =
            node->type == CONF_INT && node->number > before && node->number <= PERCENT_MAX;
        if (!rising || budget->thresholds == BUDGET_THRESHOLDS_MAX) {
            conf_fault(l->faults, node,
                       "\"thresholds\" are at most %d rising percentages up to %d, such as "
                       "[ 75, 90, 100 ]",
                       BUDGET_THRESHOLDS_MAX, PERCENT_MAX);
            return;
        }
        budget->threshold[budget->thresholds++] = (int)node->number;
    }
}

static void load_budget(struct loader *l, struct conf_node *group)
{
    static const char *const known[] = {"line",       "total_cents", "committed_cents",
                                        "thresholds", "lead",        NULL};
    struct directory *dir = l->dir;
    struct noun units = loader_units(l);
    struct budget budget = {.line = loader_text(l, group, "line")};
    if (!loader_code_valid(budget.line))
        conf_fault(l->faults, group,
                   "\"line\" must have 1 to %d of the characters a-z 0-9 _ and -; it is \"%.80s\"",
                   ID_MAX - 1, budget.line);
    else if (directory_budget(dir, budget.line))
        conf_fault(l->faults, group, "budget line \"%s\" stands here twice", budget.line);
    if (!conf_get(group, "total_cents"))
        conf_fault(l->faults, group, "a budget needs its \"total_cents\"");
    budget.total_cents = conf_int(group, "total_cents", 0, 0, cents_max, l->faults);
    budget.committed_cents = conf_int(group, "committed_cents", 0, 0, cents_max, l->faults);
    load_thresholds(l, group, &budget);
    budget.lead = loader_ref(l, group, "lead", &units);
    if (!conf_get(group, "lead"))
        conf_fault(l->faults, group, "a budget needs a \"lead\": the unit that steers it");
    conf_check_unused(group, known, l->faults);
    dir->budget[dir->budgets++] = budget;
}

void directory_load_budgets(struct loader *l, struct conf_node *root)
{
    struct conf_node *list = loader_list(l, root, "budgets");
    size_t n = list ? list->children : 0;
    l->dir->budget = arena_get(&l->memory->arena, n, sizeof *l->dir->budget);
    for (size_t i = 0; i < n; i++) {
        if (list->child[i]->type == CONF_GROUP)
            load_budget(l, list->child[i]);
        else
            conf_fault(l->faults, list->child[i],
                       "a budget in braces belongs here: { line = "
                       "\"...\"; ... }");
    }
}
