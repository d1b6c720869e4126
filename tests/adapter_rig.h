/*
 * What tests of adapters share: peers as child processes on free loopback ports, transports from a
 * text, jobs. Waiting is for a condition with a deadline; a missing peer fails the test.
 */
#ifndef ADAPTER_RIG_H
#define ADAPTER_RIG_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/json.h"
#include "../daemon/util.h"
#include "rig_dir.h"

#define PEERS "build/peers/usr/"
#define PYTHON "/usr/bin/python3"
/* Some Debian libraries still lie in /lib. */
#define LIBRARIES(cpu) PEERS "lib/" cpu "-linux-gnu:" PEERS "../lib/" cpu "-linux-gnu:"

enum { RIG_DEADLINE_MS = 20000, RIG_STEP_MS = 5 };

struct rig_peer {
    pid_t pid;
    int port;
    int talk; /* write end of its standard input */
};

static inline void rig_pause(void)
{
    poll(NULL, 0, RIG_STEP_MS);
}

static inline bool rig_connects(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool up = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return up;
}

/* From below the ephemeral range, where no outgoing connection takes it before its server binds. */
static inline int rig_port(void)
{
    for (;;) {
        int port = 12000 + (int)digest_random_below(19000);
        struct sockaddr_in at = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool free_now = bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
        close(fd);
        if (free_now)
            return port;
    }
}

static inline void rig_need(const char *program)
{
    if (access(program, X_OK) != 0)
        fail_msg("the peer %s is missing; run contrib/install-deps test", program);
}

/* Peers that a failed test left running end with the test program. A server that changes its user
 * loses the signal of PR_SET_PDEATHSIG, so their ids are kept. */
static pid_t rig_running[64];

static inline void rig_end_all(void)
{
    for (size_t i = 0; i < COUNT_OF(rig_running); i++)
        if (rig_running[i] > 0)
            kill(rig_running[i], SIGKILL);
}

static inline void rig_remember(pid_t old, pid_t new)
{
    static bool registered;
    if (!registered)
        atexit(rig_end_all);
    registered = true;
    for (size_t i = 0; i < COUNT_OF(rig_running); i++)
        if (rig_running[i] == old) {
            rig_running[i] = new;
            return;
        }
}

static inline void rig_stop(struct rig_peer *peer)
{
    rig_remember(peer->pid, 0);
    close(peer->talk);
    kill(peer->pid, SIGTERM);
    for (int ms = 0; waitpid(peer->pid, NULL, WNOHANG) == 0; ms += RIG_STEP_MS) {
        if (ms > RIG_DEADLINE_MS)
            kill(peer->pid, SIGKILL);
        rig_pause();
    }
}

/* Starts a peer with unpacked libraries at hand, and waits until it listens. */
static inline struct rig_peer rig_start(int port, const char *const *argv)
{
    int pipe_fd[2];
    rig_need(argv[0]);
    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        fail_msg("no pipe");
    struct rig_peer peer = {.port = port, .talk = pipe_fd[1], .pid = fork()};
    if (peer.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(pipe_fd[0], STDIN_FILENO);
        setenv("LD_LIBRARY_PATH", LIBRARIES("x86_64") LIBRARIES("aarch64") PEERS "lib/postfix", 1);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    rig_remember(0, peer.pid);
    close(pipe_fd[0]);
    for (int ms = 0; !rig_connects(port); ms += RIG_STEP_MS) {
        if (ms > RIG_DEADLINE_MS || waitpid(peer.pid, NULL, WNOHANG) == peer.pid)
            fail_msg("%s does not listen on port %d", argv[0], port);
        rig_pause();
    }
    return peer;
}

/* Reads transports from a text; *report gets the faults. NULL when there are errors. */
static inline struct transports *rig_try(const char *text, struct buf *report)
{
    struct conf_faults faults = {.text = report};
    struct conf_node *root = conf_read_text("test.conf", text, strlen(text), &faults);
    struct transports *all = transports_load(root, &faults);
    conf_free(root);
    return all;
}

static inline struct transports *rig_transports(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static inline struct transports *rig_transports(const char *fmt, ...)
{
    struct buf text = BUF_INIT, report = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    struct transports *all = rig_try(buf_str(&text), &report);
    if (!all)
        fail_msg("transports refused: %s", buf_str(&report));
    buf_release(&text);
    buf_release(&report);
    return all;
}

static inline struct job *rig_job(const struct transport *t, const char *address, const char *body)
{
    struct job *job = job_new();
    job->delivery_id = 42;
    job->transport = t;
    job->message = (struct message){
        .address = xstrdup(address),
        .subject = xstrdup("Übergabe: Rückmeldung nötig"),
        .body = xstrdup(body),
        .message_id = xstrdup("<d42@gateway.test>"),
        .thread_id = xstrdup("<i7@gateway.test>"),
        .reference = xstrdup("42"),
        .envelope_from = xstrdup("bounce+42-ab@gateway.test"),
        .date_ms = 1795160043000,
    };
    return job;
}

/* Fails with the label unless the job ended as wanted. */
static inline void rig_expect(const char *label, const struct job *job, enum attempt_end end,
                              enum error_class class)
{
    if (!job->ended || job->result.end != end || job->result.class != class)
        fail_msg("%s: %s %s, code %d, \"%s\"; wanted %s %s", label,
                 attempt_end_name(job->result.end), error_class_name(job->result.class),
                 job->result.code, job->result.text, attempt_end_name(end),
                 error_class_name(class));
}

#endif
