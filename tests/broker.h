/*
 * A real mosquitto for tests: started on a free port of 127.0.0.1 with a configuration that keeps
 * what it took, ended by its process id. STAFETTE_MOSQUITTO names another program; without a
 * broker the test fails, it is never skipped.
 */
#ifndef TESTS_BROKER_H
#define TESTS_BROKER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct broker {
    pid_t pid;
    int port;
    char dir[128];
    char extra[512]; /* further lines of the configuration, set by the test before the start */
};

static int broker_listen(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, 8) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) < 0)
        fail_msg("cannot listen on 127.0.0.1");
    *port = ntohs(at.sin_port);
    return fd;
}

static void broker_write_config(struct broker *b)
{
    char path[160];
    snprintf(path, sizeof path, "%s/mosquitto.conf", b->dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "user root\nmax_inflight_messages 0\nmax_queued_messages 0\nallow_anonymous true\n");
    fprintf(f, "log_dest file %s/log\nlistener %d 127.0.0.1\n%s\n", b->dir, b->port, b->extra);
    fclose(f);
}

/* So that a test that fails leaves no process behind. */
static inline void broker_die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void broker_exec(const struct broker *b)
{
    char path[160];
    const char *program = getenv("STAFETTE_MOSQUITTO");
    broker_die_with_parent();
    snprintf(path, sizeof path, "%s/mosquitto.conf", b->dir);
    if (program)
        execlp(program, program, "-c", path, (char *)NULL);
    else
        execl("build/peers/run", "run", "usr/sbin/mosquitto", "-c", path, (char *)NULL);
    _exit(127);
}

/* Waits until the port answers, at most 5 s. */
static void broker_wait(struct broker *b)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)b->port)};
    for (int i = 0; i < 500; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int rc = connect(fd, (struct sockaddr *)&at, sizeof at);
        close(fd);
        if (rc == 0)
            return;
        if (waitpid(b->pid, NULL, WNOHANG) == b->pid)
            break;
        poll(NULL, 0, 10);
    }
    b->pid = 0;
    fail_msg("no MQTT broker: run contrib/install-deps demo, or set STAFETTE_MOSQUITTO");
}

static void broker_start(struct broker *b)
{
    const char *tmp = getenv("TMPDIR");
    if (!b->dir[0]) {
        snprintf(b->dir, sizeof b->dir, "%s/stafette-broker-XXXXXX", tmp ? tmp : "/tmp");
        assert_non_null(mkdtemp(b->dir));
        close(broker_listen(&b->port));
    }
    broker_write_config(b);
    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0)
        broker_exec(b);
    broker_wait(b);
}

static void broker_kill(struct broker *b)
{
    if (b->pid <= 0)
        return;
    kill(b->pid, SIGCONT);
    kill(b->pid, SIGKILL);
    waitpid(b->pid, NULL, 0);
    b->pid = 0;
}

static void broker_remove(struct broker *b)
{
    static const char *const file[] = {"mosquitto.conf", "log", "ca.pem", "key.pem"};
    char path[160];
    broker_kill(b);
    for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", b->dir, file[i]);
        unlink(path);
    }
    rmdir(b->dir);
}

#endif
