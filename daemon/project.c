/*
 * Projects: see project.h. What was told of a project stands in the store's meta, as the day of its
 * report: so each report is reminded of once, across restarts, and late rather than never after an
 * outage. Of a project that is new in the configuration nothing is told that is over already. A
 * crash before the commit leaves it to the next turn.
 */
#include "project.h"

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "store.h"
#include "store_audit.h"
#include "util.h"
#include "workflow_parts.h"

/* The day of every year in that year; a 29 February is the 28th in others. */
static int64_t in_year(const struct closure *on, int year)
{
    int64_t next = on->month == 12 ? day_of(year + 1, 1, 1) : day_of(year, on->month + 1, 1);
    int64_t day = day_of(year, on->month, 1) + on->day - 1;
    return day < next ? day : next - 1;
}

static bool is_due(const struct project *project, int64_t report, int64_t day)
{
    return worktime_staffed_before(&project->unit->hours, report - project->lead_days) <= day;
}

int64_t project_report(const struct project *project, int64_t day)
{
    int year, month, mday;
    const struct closure *on = &project->report_on;
    if (!on->month)
        return is_due(project, on->day, day) ? on->day : 0;
    day_split(day, &year, &month, &mday);
    for (int y = year + 1; y >= year - 1; y--)
        if (is_due(project, in_year(on, y), day))
            return in_year(on, y);
    return 0;
}

static void remind(struct stafette *g, const struct project *project, int64_t report)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "project report due project=%s told=%s config=%s", project->id,
               project->unit->id, g->config->version);
    store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    buf_release(&text);
    const struct task task = {.code = "project_report",
                              .unit = project->unit,
                              .due_day = report,
                              .begin_day = report - project->lead_days,
                              .plan = project->id};
    work_task(g, &task);
}

static void check(struct stafette *g, const struct project *project, int64_t day)
{
    struct buf name = BUF_INIT;
    int64_t report = project_report(project, day);
    buf_printf(&name, "project/%s", project->id);
    int64_t told = store_meta_int(g->store, buf_str(&name));
    if (report && told != report && (told || report >= day)) {
        store_meta_set_int(g->store, buf_str(&name), report);
        remind(g, project, report);
    }
    buf_release(&name);
}

void project_check(struct stafette *g, int64_t day)
{
    const struct directory *dir = g->config->directory;
    for (size_t i = 0; i < dir->projects; i++)
        check(g, &dir->project[i], day);
}
