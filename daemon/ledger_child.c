/*
 * The child's side of the ledger: see ledger_run.h. Reads its task, walks the store, prints one
 * line of JSON. It ends with the daemon that started it, and writes nothing anywhere else but a
 * sentence on standard error when the store cannot be read.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "ledger_run.h"
#include "log.h"
#include "util.h"

enum { TASK_MAX = 16 * 1024 * 1024 };

void ledger_task_write(struct buf *out, const struct ledger_task *task, int parent)
{
    buf_printf(out, "parent %d\nnow %lld\ngrace %lld\nhead %lld\nlink %s\nstore %s\n", parent,
               (long long)task->now_ms, (long long)task->grace_ms, (long long)task->head_seq,
               task->head_link, task->store);
    for (size_t i = 0; i < task->units; i++)
        buf_printf(out, "unit %s\n", task->unit[i]);
    buf_puts(out, "end\n");
}

static char *next_line(char **at)
{
    char *line = *at, *feed = strchr(line, '\n');
    if (!feed)
        return NULL;
    *feed = '\0';
    *at = feed + 1;
    return line;
}

static bool read_number(const char *line, const char *name, int64_t *number)
{
    size_t n = strlen(name);
    return line && strncmp(line, name, n) == 0 && line[n] == ' ' &&
           int_parse(line + n + 1, 0, INT64_MAX, number);
}

static bool read_head(struct ledger_task *task, char **at, int *parent)
{
    int64_t number = 0;
    if (!read_number(next_line(at), "parent", &number) || number > INT32_MAX)
        return false;
    *parent = (int)number;
    if (!read_number(next_line(at), "now", &task->now_ms) ||
        !read_number(next_line(at), "grace", &task->grace_ms) ||
        !read_number(next_line(at), "head", &task->head_seq))
        return false;
    const char *link = next_line(at);
    if (!link || !str_starts(link, "link ") ||
        !str_copy(task->head_link, sizeof task->head_link, link + strlen("link ")))
        return false;
    const char *store = next_line(at);
    if (!store || !str_starts(store, "store ") || !store[strlen("store ")])
        return false;
    task->store = store + strlen("store ");
    return true;
}

int ledger_task_read(struct ledger_task *task, char *text, int *parent)
{
    size_t cap = 0;
    memset(task, 0, sizeof *task);
    bool good = read_head(task, &text, parent);
    const char *line = good ? next_line(&text) : NULL;
    for (; line && str_starts(line, "unit "); line = next_line(&text)) {
        task->unit = grow(task->unit, task->units, &cap, sizeof *task->unit);
        task->unit[task->units++] = line + strlen("unit ");
        /* The walk looks them up by halves. */
        if (task->units > 1 && strcmp(task->unit[task->units - 2], line + strlen("unit ")) > 0)
            break;
    }
    if (line && str_eq(line, "end") && !*text)
        return 0;
    ledger_task_release(task);
    return -1;
}

static int answer(const struct ledger_task *task)
{
    struct ledger_result result;
    struct buf text = BUF_INIT, err = BUF_INIT;
    int status = EX_OK;
    if (ledger_check(task, &result, &err) < 0) {
        log_error("full ledger", "why=\"%s\"", buf_str(&err));
        status = EX_IOERR;
    } else {
        ledger_json(&text, &result, NULL);
        if (fwrite(buf_str(&text), 1, text.len, stdout) != text.len || fflush(stdout) != 0)
            status = EX_IOERR;
    }
    buf_release(&text);
    buf_release(&err);
    return status;
}

int ledger_run_child(void)
{
    struct buf text = BUF_INIT, err = BUF_INIT;
    struct ledger_task task;
    int parent, status = EX_USAGE;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (buf_read_fd(&text, STDIN_FILENO, TASK_MAX, &err) == 0 && text.len &&
        strlen(text.data) == text.len && ledger_task_read(&task, text.data, &parent) == 0) {
        /* The parent may have died before the line above took effect. */
        status = parent == getppid() ? answer(&task) : EX_UNAVAILABLE;
        ledger_task_release(&task);
    }
    buf_release(&text);
    buf_release(&err);
    return status;
}
