/*
 * Fuzzes a configuration: the bytes, the tree, the settings, the directory and the routes. What
 * loads without a fault must then decide and explain any question.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../daemon/buf.h"
#include "../../daemon/conf.h"
#include "../../daemon/directory.h"
#include "../../daemon/roster.h"
#include "../../daemon/route.h"
#include "../../daemon/settings.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 leaks the token at which its parser stops. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig";
}

static void ask(const struct routing *routing, const struct directory *dir)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i <= dir->places && i < 8; i++) {
        struct route_query query = {.place = i < dir->places ? &dir->place[i] : NULL,
                                    .service = dir->services ? &dir->service[0] : NULL,
                                    .complexity = i % 2 ? "complex" : "",
                                    .kind = (enum item_kind)(i % ITEM_REFUSAL),
                                    .code = i % 3 ? "missed_appt" : "",
                                    .count = (int64_t)i,
                                    .from = dir->units ? &dir->unit[0] : NULL,
                                    .at_ms = 1795000000000 + (int64_t)i * 86400000};
        struct route_result result;
        route_decide(routing, dir, &query, &result);
        if (result.targets < 1 || result.targets > RECIPIENTS_MAX || !result.policy ||
            result.candidates > PROVIDERS_MAX || result.tasks > RECIPIENTS_MAX)
            abort();
        route_explain(routing, dir, &query, &text);
    }
    routing_gaps(routing, dir, 0, &text);
    routing_incomplete(routing, dir, 1795000000000, &text);
    buf_release(&text);
}

/* A plan that loads has nobody's minute, on the days when the clocks change as well. */
static void ask_rosters(const struct directory *dir)
{
    static const int64_t days[] = {1795000000000, 1806195600000, 1824937200000};
    struct buf gap = BUF_INIT;
    for (size_t i = 0; i < dir->rosters && i < 4; i++) {
        const struct roster *roster = &dir->roster[i];
        if (roster_gap(roster, &gap))
            abort();
        for (size_t d = 0; d < COUNT_OF(days); d++)
            for (int64_t ms = days[d]; ms < days[d] + 86400000; ms += 17 * 60000) {
                bool runs = ms >= roster->starts_ms && ms < roster->ends_ms;
                if (runs != (roster_on_duty(roster, ms).count > 0))
                    abort();
                if (roster_next_change(roster, ms) <= ms)
                    abort();
            }
    }
    buf_release(&gap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    struct settings settings;
    if (size > 65536)
        return 0;
    struct conf_node *root = conf_read_text("f", (const char *)data, size, &faults);
    settings_load(&settings, root, &faults);
    struct directory *dir = directory_load(root, &faults);
    struct routing *routing = dir ? routing_load(root, dir, &faults) : NULL;
    if (routing && faults.errors == 0)
        ask(routing, dir);
    if (dir && faults.errors == 0)
        ask_rosters(dir);
    if (faults.errors + faults.warnings > 0 && report.len == 0)
        abort();
    routing_free(routing);
    directory_free(dir);
    settings_release(&settings);
    conf_free(root);
    buf_release(&report);
    return 0;
}
