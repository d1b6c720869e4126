/*
 * The ledger as a child process: see ledger_run.h. The child gets its task by a file in memory, so
 * that nothing can block, and no descriptor of ours but its pipe. What it says is read when it is
 * there and believed only when it is whole; how it ended does not matter.
 *
 * A crash of the daemon takes the child with it (parent-death signal), a crash of the child is a
 * look that failed: not green until one has come to its end.
 */
#include "ledger_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "config.h"
#include "gateway.h"
#include "ingest.h"
#include "log.h"
#include "turn.h"
#include "util.h"

enum { GRACE_MS = 5 * MINUTE_MS, SAID_MAX = 64 * 1024, AGAIN_MS = MINUTE_MS };

struct ledger_run {
    char *program;
    pid_t pid; /* 0: none to wait for */
    int fd;    /* what the child says; -1 when it has said all */
    struct buf said, why;
    int64_t begun_ms;        /* monotonic */
    int64_t next_ms;         /* monotonic, at the latest */
    int64_t next_wall_ms;    /* steady wall time, at the latest: a test clock leaps */
    int64_t asked_ms;        /* monotonic time since when a look is due; 0 = it is not */
    int64_t checked_ms;      /* wall */
    int64_t checked_mono_ms; /* 0 = never */
    int64_t opened_mono_ms;
    bool is_good; /* the last look came to its end */
    uint64_t count;
    int64_t now_ms; /* that the running look was given */
    struct ledger_result last;
};

struct ledger_run *ledger_run_open(const char *program)
{
    struct ledger_run *run = xcalloc(1, sizeof *run);
    run->program = xstrdup(program ? program : "/proc/self/exe");
    run->fd = -1;
    return run;
}

static void end_child(struct ledger_run *run)
{
    if (run->fd >= 0)
        close(run->fd);
    run->fd = -1;
    buf_reset(&run->said);
    if (run->pid)
        kill(run->pid, SIGKILL);
}

void ledger_run_close(struct ledger_run *run)
{
    if (!run)
        return;
    end_child(run);
    if (run->pid)
        waitpid(run->pid, NULL, 0);
    buf_release(&run->said);
    buf_release(&run->why);
    free(run->program);
    free(run);
}

static int put_task(const struct stafette *g)
{
    struct ledger_task task;
    struct buf text = BUF_INIT;
    const struct ledger_result *last = ledger_run_last(g->ledger);
    ledger_task_init(&task, g->config->directory);
    task.store = g->config->settings.store;
    task.now_ms = g->now_ms;
    task.grace_ms = GRACE_MS;
    if (last) {
        task.head_seq = last->head_seq;
        str_copy(task.head_link, sizeof task.head_link, last->head_link);
    }
    ledger_task_write(&text, &task, getpid());
    int fd = memfd_create("ledger", MFD_CLOEXEC);
    if (fd >= 0 &&
        (write(fd, text.data, text.len) != (ssize_t)text.len || lseek(fd, 0, SEEK_SET))) {
        close(fd);
        fd = -1;
    }
    ledger_task_release(&task);
    buf_release(&text);
    return fd;
}

/* The child has no signal blocked, though we have, and of our descriptors the standard ones. */
static int spawn(struct ledger_run *run, int in, int out)
{
    char *const argv[] = {"stafetted", "--ledger", NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    int rc = posix_spawn(&run->pid, run->program, &files, &how, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    if (rc)
        run->pid = 0;
    return rc;
}

static void end_look(struct stafette *g, bool is_good, const char *why)
{
    struct ledger_run *run = g->ledger;
    const int64_t every_ms = g->config->settings.ledger_every_ms;
    const int64_t next_ms = is_good || every_ms < AGAIN_MS ? every_ms : AGAIN_MS;
    bool was_green = ledger_run_green(g);
    end_child(run);
    buf_reset(&run->why);
    buf_puts(&run->why, why);
    run->is_good = is_good;
    run->asked_ms = 0;
    run->count++;
    run->next_ms = g->mono_ms + next_ms;
    run->next_wall_ms = g->steady_ms + every_ms;
    if (is_good) {
        run->checked_ms = run->last.checked_ms;
        run->checked_mono_ms = g->mono_ms;
    }
    if (was_green != ledger_run_green(g) && g->ingest)
        ingest_heartbeat(g, true);
}

static void log_result(const struct ledger_result *r)
{
    struct buf codes = BUF_INIT;
    for (int i = 0; i < LEDGER_FAULTS; i++)
        if (r->finding[i].count)
            buf_printf(&codes, "%s%s:%lld", codes.len ? "," : "", ledger_code((enum ledger_fault)i),
                       (long long)r->finding[i].count);
    log_line(codes.len ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "full ledger",
             "state=%s open_items=%lld audit_rows=%lld took_ms=%lld findings=%s",
             codes.len ? "red" : "green", (long long)ledger_open(r), (long long)r->audit_rows,
             (long long)r->took_ms, codes.len ? buf_str(&codes) : "-");
    buf_release(&codes);
}

static void fail_look(struct stafette *g, const char *why)
{
    log_error("full ledger", "state=failed why=\"%s\"", why);
    end_look(g, false, why);
}

static void start_look(struct stafette *g)
{
    struct ledger_run *run = g->ledger;
    int pipe_fd[2] = {-1, -1}, in = put_task(g);
    int rc = in < 0 || pipe2(pipe_fd, O_CLOEXEC) < 0 ? errno : spawn(run, in, pipe_fd[1]);
    if (in >= 0)
        close(in);
    if (pipe_fd[1] >= 0)
        close(pipe_fd[1]);
    run->fd = pipe_fd[0];
    run->begun_ms = g->mono_ms;
    run->now_ms = g->now_ms;
    if (rc) {
        fail_look(g, "the check could not be started");
        return;
    }
    fcntl(run->fd, F_SETFL, O_NONBLOCK);
}

/* All has been said when the pipe is at its end. */
static void take_said(struct stafette *g)
{
    struct ledger_run *run = g->ledger;
    struct ledger_result result;
    if (ledger_read(&result, buf_str(&run->said), run->said.len) < 0 ||
        result.checked_ms != run->now_ms) {
        fail_look(g, "the check ended without a result; see the lines before this one");
        return;
    }
    run->last = result;
    log_result(&result);
    end_look(g, true, "");
}

static void listen(struct stafette *g)
{
    struct ledger_run *run = g->ledger;
    char bytes[4096];
    ssize_t n = 1;
    while (n > 0 && run->said.len <= SAID_MAX) {
        n = read(run->fd, bytes, sizeof bytes);
        if (n > 0)
            buf_add(&run->said, bytes, (size_t)n);
    }
    if (run->said.len > SAID_MAX)
        fail_look(g, "the check said too much");
    else if (n == 0)
        take_said(g);
    else if (g->mono_ms - run->begun_ms > g->config->settings.ledger_time_limit_ms)
        fail_look(g, "the check was not ready within ledger.time_limit");
}

/* Clocks that fell due while we were away come first, or they would be found late. */
static bool may_start(const struct stafette *g)
{
    const struct ledger_run *run = g->ledger;
    int64_t clock_ms = g->turn ? turn_next_clock_ms(g->turn) : 0;
    return !run->pid &&
           !((clock_ms && clock_ms <= g->now_ms) && g->mono_ms - run->asked_ms < GRACE_MS);
}

void ledger_run_ask(struct stafette *g)
{
    if (g->ledger && !g->ledger->asked_ms)
        g->ledger->asked_ms = g->mono_ms;
}

void ledger_run_step(struct stafette *g)
{
    struct ledger_run *run = g->ledger;
    if (!run)
        return;
    if (!run->opened_mono_ms)
        run->opened_mono_ms = g->mono_ms;
    if (run->fd >= 0)
        listen(g);
    if (run->fd < 0 && run->pid && waitpid(run->pid, NULL, WNOHANG) != 0)
        run->pid = 0;
    if (run->fd < 0 && (g->mono_ms >= run->next_ms || g->steady_ms >= run->next_wall_ms))
        ledger_run_ask(g);
    if (run->asked_ms && run->fd < 0 && !g->stopping && may_start(g))
        start_look(g);
}

int ledger_run_fd(const struct ledger_run *run)
{
    return run ? run->fd : -1;
}

bool ledger_run_busy(const struct stafette *g)
{
    const struct ledger_run *run = g->ledger;
    return run && (run->fd >= 0 || run->asked_ms || g->mono_ms >= run->next_ms ||
                   g->steady_ms >= run->next_wall_ms);
}

uint64_t ledger_run_count(const struct ledger_run *run)
{
    return run ? run->count : 0;
}

const struct ledger_result *ledger_run_last(const struct ledger_run *run)
{
    return run && run->is_good ? &run->last : NULL;
}

const char *ledger_run_why(const struct ledger_run *run)
{
    return run ? buf_str(&run->why) : "";
}

int64_t ledger_run_checked_ms(const struct ledger_run *run)
{
    return run ? run->checked_ms : 0;
}

int64_t ledger_run_age_s(const struct stafette *g)
{
    const struct ledger_run *run = g->ledger;
    return run && run->checked_mono_ms ? (g->mono_ms - run->checked_mono_ms) / 1000 : 0;
}

/* Two looks may be missed, and the third may take its time. */
static bool is_old(const struct stafette *g)
{
    const struct settings *s = &g->config->settings;
    const struct ledger_run *run = g->ledger;
    int64_t since_ms = run->checked_mono_ms ? run->checked_mono_ms : run->opened_mono_ms;
    int64_t old_ms = s->ledger_time_limit_ms + (run->checked_mono_ms ? 2 * s->ledger_every_ms : 0);
    return g->mono_ms - since_ms > old_ms;
}

bool ledger_run_green(const struct stafette *g)
{
    const struct ledger_run *run = g->ledger;
    if (!run || (!run->count && !run->opened_mono_ms))
        return true;
    return !is_old(g) && (!run->count || (run->is_good && ledger_green(&run->last)));
}

void ledger_run_trouble(const struct stafette *g, struct buf *out)
{
    const struct ledger_run *run = g->ledger;
    if (ledger_run_green(g))
        return;
    if (run->count && !run->is_good) {
        buf_puts(out, buf_str(&run->why));
        return;
    }
    for (int i = 0; run->is_good && i < LEDGER_FAULTS; i++) {
        const struct ledger_finding *f = &run->last.finding[i];
        if (!f->count)
            continue;
        buf_printf(out, "%s, %lld times: %s Run stafettectl ledger.",
                   ledger_code((enum ledger_fault)i), (long long)f->count,
                   ledger_german((enum ledger_fault)i));
        return;
    }
    buf_puts(out, "the last full check is too old");
}
