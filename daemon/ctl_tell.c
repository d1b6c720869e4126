/*
 * Telling: see ctl_tell.h. A mail goes through the same adapter as the gateway's own (encryption
 * required unless the relay is a loopback address), whose options are handed to it as a
 * configuration in memory. A command gets 60 s, then it is ended with all it started. A report
 * counts as told only when the command ended with 0 or the relay took the mail.
 */
#include "ctl_tell.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../adapters/adapter.h"
#include "address.h"
#include "buf.h"
#include "conf.h"
#include "ctl_command.h"
#include "digest.h"
#include "util.h"
#include "watch.h"

enum { COMMAND_MS = MINUTE_MS, LOOK_MS = 50 };

struct ctl_tell {
    const char *command; /* "" = by mail */
    const char *mail_to, *mail_from;
    struct transports *transports;
    CURL *easy; /* borrowed */
};

static bool is_loopback(const char *relay)
{
    return strstr(relay, "//127.") || strstr(relay, "//[::1]") || strstr(relay, "//localhost");
}

/* The relay as the configuration would give it. No text may end its string. */
static int write_config(struct buf *out, const char *relay, const char *from, struct buf *err)
{
    if (strpbrk(relay, "\"\\\n") || strpbrk(from, "\"\\\n")) {
        buf_puts(err, "--relay and --mail-from must not hold quotes or backslashes");
        return -1;
    }
    buf_printf(out,
               "transports = ( { name = \"watch\"; adapter = \"email_smtp\"; url = \"%s\"; "
               "from = \"%s\"; tls = \"%s\"; } );\n",
               relay, from, is_loopback(relay) ? "none" : "required");
    return 0;
}

/* conf_read() takes a path; a file in memory has one. */
static struct transports *load_transports(const struct buf *config, struct buf *err)
{
    char path[32];
    struct conf_faults faults = {.text = err};
    struct transports *all = NULL;
    int fd = memfd_create("stafette-watch.conf", MFD_CLOEXEC);
    if (fd < 0 || write(fd, buf_str(config), config->len) != (ssize_t)config->len) {
        buf_printf(err, "cannot prepare the relay: %s", strerror(errno));
        return NULL;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct conf_node *root = conf_read(path, &faults);
    if (root && faults.errors == 0)
        all = transports_load(root, &faults);
    conf_free(root);
    close(fd);
    return all;
}

static int check_address(const char *option, const char *address, struct buf *err)
{
    struct buf wire = BUF_INIT, why = BUF_INIT;
    int rc = address_email(&wire, address, &why);
    if (rc < 0)
        buf_printf(err, "%s \"%s\": %s", option, address, buf_str(&why));
    buf_release(&wire);
    buf_release(&why);
    return rc;
}

static int open_mail(struct ctl_tell *tell, const char *relay, struct buf *err)
{
    struct buf config = BUF_INIT;
    int rc = check_address("--mail-to", tell->mail_to, err);
    if (rc == 0)
        rc = check_address("--mail-from", tell->mail_from, err);
    if (rc == 0)
        rc = write_config(&config, relay, tell->mail_from, err);
    if (rc == 0)
        tell->transports = load_transports(&config, err);
    buf_release(&config);
    return tell->transports ? 0 : -1;
}

struct ctl_tell *ctl_tell_open(const struct ctl_use_of *use, CURL *easy, struct buf *err)
{
    const char *relay = ctl_value(use, "--relay");
    struct ctl_tell *tell = xcalloc(1, sizeof *tell);
    tell->easy = easy;
    tell->command = ctl_value(use, "--command");
    tell->mail_to = ctl_value(use, "--mail-to");
    tell->mail_from = ctl_value(use, "--mail-from");
    bool mail = !str_empty(tell->mail_to) && !str_empty(tell->mail_from) && !str_empty(relay);
    bool some = !str_empty(tell->mail_to) || !str_empty(tell->mail_from) || !str_empty(relay);
    if (str_empty(tell->command) ? !mail : some)
        buf_puts(err, "give either --command, or --mail-to, --mail-from and --relay together");
    else if (!mail || open_mail(tell, relay, err) == 0)
        return tell;
    ctl_tell_close(tell);
    return NULL;
}

void ctl_tell_close(struct ctl_tell *tell)
{
    if (tell && tell->transports)
        transports_free(tell->transports);
    free(tell);
}

/* Our environment with the two variables in front; getenv() finds the first. */
static char **make_environment(const char *instance, const char *reason)
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **all = xcalloc(n + 3, sizeof *all);
    all[0] = (char *)instance;
    all[1] = (char *)reason;
    size_t k = 2;
    for (size_t i = 0; i < n; i++)
        if (!str_starts(environ[i], "STAFETTE_INSTANCE=") &&
            !str_starts(environ[i], "STAFETTE_REASON="))
            all[k++] = environ[i];
    return all;
}

/* In a process group of its own, so that it can be ended whole; with the signals unblocked that
 * the watch keeps for itself. */
static int spawn_shell(pid_t *pid, const char *command, char **environment)
{
    char *const argv[] = {"sh", "-c", (char *)command, NULL};
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    int rc = posix_spawn(pid, "/bin/sh", NULL, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

static int await_command(pid_t pid, struct buf *err)
{
    int status = 0;
    int64_t end_ms = util_monotonic_ms() + COMMAND_MS;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (util_monotonic_ms() > end_ms) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            buf_puts(err, "the command did not end within 60 s");
            return -1;
        }
        poll(NULL, 0, LOOK_MS);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    buf_printf(err, "the command ended with status %d",
               WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return -1;
}

static int run_command(const struct ctl_tell *tell, const struct watch_report *report,
                       struct buf *err)
{
    struct buf instance = BUF_INIT, reason = BUF_INIT;
    pid_t pid = 0;
    buf_printf(&instance, "STAFETTE_INSTANCE=%s", report->instance);
    buf_printf(&reason, "STAFETTE_REASON=%s: %s", watch_trouble_name(report->trouble),
               report->reason);
    char **environment = make_environment(buf_str(&instance), buf_str(&reason));
    int rc = spawn_shell(&pid, tell->command, environment);
    if (rc != 0)
        buf_printf(err, "the command cannot be started: %s", strerror(rc));
    else
        rc = await_command(pid, err);
    free(environment);
    buf_release(&instance);
    buf_release(&reason);
    return rc == 0 ? 0 : -1;
}

static void write_message(struct message *m, const struct ctl_tell *tell,
                          const struct watch_report *report)
{
    unsigned char random[DIGEST_ID];
    struct buf subject = BUF_INIT, body = BUF_INIT, id = BUF_INIT;
    bool over = report->trouble == WATCH_FINE;
    buf_printf(&subject, "Stafette %s: %s", report->instance,
               over ? "wieder in Ordnung" : "Störung");
    buf_printf(&body, "%s\n\n", report->reason);
    if (!over)
        buf_puts(&body, "Solange die Störung dauert, dringende Fälle bitte telefonisch "
                        "weitergeben.\n\n");
    buf_printf(&body, "Gateway: %s\nZustand: %s\nZeit: ", report->instance,
               watch_trouble_name(report->trouble));
    m->date_ms = util_wall_ms();
    time_german(&body, m->date_ms);
    buf_puts(&body, "\n\nDiese Nachricht kommt von \"stafettectl watch\", nicht vom Gateway.\n");
    digest_random(random, sizeof random);
    buf_addc(&id, '<');
    digest_hex(&id, random, sizeof random);
    buf_printf(&id, "%s>", strchr(tell->mail_from, '@'));
    m->address = xstrdup(tell->mail_to);
    m->envelope_from = xstrdup(tell->mail_from);
    m->subject = buf_detach(&subject);
    m->body = buf_detach(&body);
    m->message_id = buf_detach(&id);
}

static int send_mail(const struct ctl_tell *tell, const struct watch_report *report,
                     struct buf *err)
{
    struct job *job = job_new();
    job->transport = tell->transports->transport[0];
    write_message(&job->message, tell, report);
    job_run(job, tell->easy);
    bool sent = job->result.end == ATTEMPT_SENT;
    if (!sent)
        buf_printf(err, "the mail was not taken: %s", job->result.text);
    job_free(job);
    return sent ? 0 : -1;
}

int ctl_tell_report(void *context, const struct watch_report *report, struct buf *err)
{
    const struct ctl_tell *tell = context;
    return str_empty(tell->command) ? send_mail(tell, report, err) : run_command(tell, report, err);
}
