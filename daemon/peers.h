/*
 * Who we talk to, as far as it matters that it is this machine: a test clock must never steer a
 * gateway that reaches real people.
 */
#ifndef PEERS_H
#define PEERS_H

struct buf;
struct config;

/* 0 when the broker and every transport are loopback addresses or files; -1 with a sentence that
 * names the first other one in err. */
int peers_all_local(const struct config *config, struct buf *err);

#endif
