/*
 * What the tests of the outbox share: a gateway with two transports of each channel that write
 * files, which fail by a file where the directory should be; its turns; notices and what became of
 * them. No network.
 */
#ifndef OUTBOX_RIG_H
#define OUTBOX_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <poll.h>

#include "../adapters/adapter.h"
#include "../daemon/incident.h"
#include "../daemon/lane.h"
#include "../daemon/mail_domain.h"
#include "../daemon/outbox_ops.h"
#include "../daemon/outbox_parts.h"
#include "../daemon/store_contact.h"
#include "life_rig.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, ROUNDS = 400, WAIT_MS = 10000, MAX = 16 };

/* clang-format off */
static const char more_units[] =
    " { id = \"nacht\"; kind = \"team\"; name = \"Stelle nacht\"; quiet = \"20:00-07:00\";"
    " contacts = ( { channel = \"sms\"; address = \"+4915100000033\"; } ); },";
static const char more_transports[] =
    ", { name = \"post2\"; adapter = \"email_file\"; path = \"mail2\";"
    " from = \"stafette@amt.example\"; },"
    " { name = \"funk2\"; adapter = \"sms_file\"; path = \"sms2\"; }";
/* clang-format on */

static inline int set_up(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "adapter = \"sms_file\"; path = \"sms\"; }", more_transports);
    rig_insert(rig, "units = (", more_units);
    rig_reload(rig);
    return 0;
}

/* ---- what the gateway does */

static inline void in_dir(const struct gateway_rig *rig, const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", rig->dir, name);
}

/* A file where the transport's directory should be: every attempt fails as our own fault. */
static inline void block(struct gateway_rig *rig, const char *dir, const char *aside)
{
    char path[512], away[512];
    in_dir(rig, dir, path);
    in_dir(rig, aside, away);
    rename(path, away);
    rig_write(rig->dir, dir, "blocked\n");
}

static inline void unblock(struct gateway_rig *rig, const char *dir, const char *aside)
{
    char path[512], away[512];
    in_dir(rig, dir, path);
    in_dir(rig, aside, away);
    assert_int_equal(unlink(path), 0);
    rename(away, path);
}

static inline size_t files(const struct gateway_rig *rig, const char *dir)
{
    char path[512];
    size_t n = 0;
    in_dir(rig, dir, path);
    DIR *d = opendir(path);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static inline void settle(struct gateway_rig *rig)
{
    store_begin(rig->g.store);
    outbox_settle(&rig->g);
    rig_commit(rig);
    outbox_settled(&rig->g);
}

/* Waits until all that was started has come back; nothing of it is settled. */
static inline void await_results(struct gateway_rig *rig)
{
    struct outbox *o = rig->g.outbox;
    struct pollfd fd[] = {{outbox_fd(o), POLLIN, 0}, {transfer_fd(rig->g.transfer), POLLIN, 0}};
    outbox_collect(&rig->g);
    while (o->finished_count < o->flights) {
        if (poll(fd, COUNT_OF(fd), WAIT_MS) < 1)
            fail_msg("no result came");
        outbox_collect(&rig->g);
    }
}

/* No flight is left anywhere. */
static inline void expect_nothing_counted(const struct gateway_rig *rig)
{
    const struct outbox *o = rig->g.outbox;
    assert_int_equal(o->flights + o->urgent_flights + o->hastening, 0);
    for (size_t i = 0; i < o->lanes; i++)
        assert_int_equal(o->lane[i].in_flight, 0);
    for (size_t i = 0; i < o->roads; i++)
        assert_int_equal(o->road[i].in_flight, 0);
}

/* Turns until nothing is due. */
static inline void work(struct gateway_rig *rig)
{
    int rounds = 0;
    for (outbox_start(&rig->g); outbox_in_flight(rig->g.outbox) || outbox_unsettled(rig->g.outbox);
         outbox_start(&rig->g)) {
        await_results(rig);
        settle(rig);
        if (++rounds > ROUNDS)
            fail_msg("it never comes to rest");
    }
    expect_nothing_counted(rig);
}

static inline void pass(struct gateway_rig *rig, int64_t ms)
{
    rig->g.now_ms += ms;
    rig->g.steady_ms += ms;
    rig->g.mono_ms += ms;
}

/* ---- what is sent */

static inline int64_t notify(struct gateway_rig *rig, const char *unit, enum urgency urgency)
{
    struct limits limits;
    limits_of(&limits, directory_policy(rig->g.config->directory, "standard"), urgency);
    rig_request(rig, unit, urgency, &limits, RIG_NO_ANSWER);
    return store_last(rig->g.store, SEQ_DELIVERY);
}

static inline struct delivery delivery(const struct gateway_rig *rig, int64_t seq)
{
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, seq, &d));
    return d;
}

static inline void change(struct gateway_rig *rig, const struct delivery *d)
{
    store_begin(rig->g.store);
    store_delivery_settle(rig->g.store, d);
    rig_commit(rig);
    outbox_wake(&rig->g, d->lane_id);
}

static inline void cancel(struct gateway_rig *rig, int64_t seq)
{
    struct delivery d = delivery(rig, seq);
    d.state = DELIVERY_CANCELLED;
    d.ended_ms = rig->g.now_ms;
    change(rig, &d);
}

/* It failed by its transport and waits until then. */
static inline void put_off(struct gateway_rig *rig, int64_t seq, int64_t next_ms)
{
    struct delivery d = delivery(rig, seq);
    d.class = CLASS_CONNECT;
    d.attempts = 1;
    d.next_ms = next_ms;
    change(rig, &d);
}

static inline void expect_states(const struct gateway_rig *rig, const char *label, int64_t first,
                                 const char *want)
{
    struct buf got = BUF_INIT;
    for (int64_t i = first; i <= store_last(rig->g.store, SEQ_DELIVERY); i++)
        buf_printf(&got, "%s ", delivery_state_name(delivery(rig, i).state));
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: \"%s\", want \"%s\"", label, buf_str(&got), want);
    buf_release(&got);
}

static inline struct road *road(struct gateway_rig *rig, const char *name)
{
    size_t at = road_find(rig->g.outbox, name); /* may move them */
    return &rig->g.outbox->road[at];
}

/* Three failures that operators must mend: an incident, and the road counts as dead. */
static inline void kill_road(struct gateway_rig *rig, const char *name)
{
    const struct result result = {.class = CLASS_AUTH};
    for (int i = 0; i < 3; i++) {
        incident_note(&rig->g, name, &result);
        window_failed(&road(rig, name)->window);
    }
    road(rig, name)->probe_ms = rig->g.steady_ms + MINUTE;
    assert_true(road_is_dead(&rig->g, road(rig, name)));
}

#define OUTBOX(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

#endif
