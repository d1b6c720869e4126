/*
 * Fuzz target: what the ledger reads as text. The first byte chooses: the content of an audit row,
 * the child's result, the child's task. What is taken must be within its bounds, and a result that
 * is taken must come back the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/buf.h"
#include "../../daemon/json.h"
#include "../../daemon/ledger_parts.h"
#include "../../daemon/ledger_run.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_fact(const char *text)
{
    struct ledger_fact fact;
    ledger_fact_read(&fact, text);
    assert(fact.number >= 0);
    assert(!fact.requests || fact.opens);
    assert(!fact.has_state || fact.state < ITEM_STATE_COUNT);
}

static void read_result(const char *text, size_t len)
{
    struct ledger_result result, again;
    struct buf json = BUF_INIT;
    if (ledger_read(&result, text, len) < 0)
        return;
    for (int i = 0; i < LEDGER_FAULTS; i++)
        assert(result.finding[i].items <= LEDGER_EXAMPLES &&
               result.finding[i].rows <= LEDGER_EXAMPLES);
    ledger_json(&json, &result, NULL);
    assert(ledger_read(&again, buf_str(&json), json.len) == 0);
    assert(memcmp(&result, &again, sizeof result) == 0);
    buf_release(&json);
}

static void read_task(char *text)
{
    struct ledger_task task;
    int parent;
    if (ledger_task_read(&task, text, &parent) == 0) {
        assert(*task.store && task.now_ms >= 0 && parent >= 0);
        for (size_t i = 1; i < task.units; i++)
            assert(strcmp(task.unit[i - 1], task.unit[i]) <= 0);
    }
    ledger_task_release(&task);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    json_start();
    char *text = xstrndup((const char *)data + 1, size - 1);
    if (data[0] % 3 == 0)
        read_fact(text);
    else if (data[0] % 3 == 1)
        read_result(text, strlen(text));
    else
        read_task(text);
    free(text);
    return 0;
}
