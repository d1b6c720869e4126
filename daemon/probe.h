/*
 * A TCP connection tried out without waiting: is anybody there? mqtt.c asks before it lets
 * libmosquitto connect, so that a dead or black-holed broker costs the deciding thread nothing and
 * the reason can be named in words.
 *
 * Names are looked up by the system's resolver, which may wait: configure an address, or a name
 * that resolves locally (/etc/hosts).
 */
#ifndef PROBE_H
#define PROBE_H

#include <netinet/in.h>

struct buf;

enum probe_state { PROBE_WAITING, PROBE_REACHED, PROBE_FAILED };

struct probe {
    struct addrinfo *all;
    struct addrinfo *current;
    int fd;                         /* to wait on for writability; -1 when not waiting */
    char address[INET6_ADDRSTRLEN]; /* the one that is being tried, or that answered */
    int last_error;                 /* errno of the last address that failed */
};

/* Looks up the host and starts with its first address. Returns 0, or -1 with a sentence in err.
 * End it by probe_stop() in either case. */
int probe_start(struct probe *p, const char *host, int port, struct buf *err);

/* Never waits. Goes on to the next address when one fails. */
enum probe_state probe_check(struct probe *p);

/* Closes the connection; p->address stays readable. */
void probe_stop(struct probe *p);

#endif
