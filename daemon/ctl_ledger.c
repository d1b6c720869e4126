/*
 * stafettectl ledger: see ctl_ledger.h. Unlike the other commands it reads the whole configuration,
 * because the check is whether each item's units are in the directory; and unlike them it does not
 * ask the daemon, whose own view is what is to be checked. Writes nothing, makes no key file.
 */
#include "ctl_ledger.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "config.h"
#include "digest.h"
#include "json.h"
#include "keys.h"
#include "ledger.h"
#include "util.h"

enum { GRACE_MS = 5 * MINUTE_MS, STATUS_RED = 1 };

static int fail(int status, struct buf *err)
{
    fprintf(stderr, "stafettectl: %s\n", buf_str(err));
    return status;
}

static int check(const struct config *config, struct ledger_task *task, struct keys *keys,
                 struct ledger_result *result)
{
    const struct settings *s = &config->settings;
    struct buf err = BUF_INIT;
    int status = EX_OK;
    task->store = s->store;
    task->grace_ms = GRACE_MS;
    if (access(s->key_file, R_OK) < 0) {
        buf_printf(&err, "cannot read the key file %s; run as the daemon's user", s->key_file);
        status = fail(EX_NOPERM, &err);
    } else if (keys_load(keys, s->key_file, &err) < 0) {
        status = fail(EX_NOPERM, &err);
    } else if (ledger_check(task, result, &err) < 0) {
        status = fail(EX_IOERR, &err);
    }
    buf_release(&err);
    return status;
}

static int print(const struct ledger_result *result, const struct keys *keys, bool json)
{
    struct buf text = BUF_INIT;
    if (json) {
        ledger_json(&text, result, keys->code);
        buf_addc(&text, '\n');
    } else {
        ledger_report(&text, result, keys->code);
    }
    fputs(buf_str(&text), stdout);
    buf_release(&text);
    return ledger_green(result) ? EX_OK : STATUS_RED;
}

int ctl_ledger(const char *path, const char *at, bool json)
{
    struct ledger_result result;
    struct ledger_task task;
    struct keys keys;
    struct buf report = BUF_INIT;
    int64_t now_ms = util_wall_ms();
    if (!str_empty(at) && !time_parse(at, &now_ms)) {
        fputs("stafettectl: --at needs a time such as 2026-11-20T09:00:00+01:00\n", stderr);
        return EX_USAGE;
    }
    struct config *config = config_load(path, &report);
    if (!config)
        fprintf(stderr, "stafettectl: the configuration has faults:\n%s", buf_str(&report));
    buf_release(&report);
    if (!config)
        return EX_CONFIG;
    ledger_task_init(&task, config->directory);
    task.now_ms = now_ms;
    int status = check(config, &task, &keys, &result);
    if (status == EX_OK)
        status = print(&result, &keys, json);
    ledger_task_release(&task);
    config_drop(config);
    return status;
}
