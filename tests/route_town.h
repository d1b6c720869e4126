/*
 * A small town for the tests of routing: places, areas, services, units, policies; the routes are
 * the test's own.
 */
#ifndef ROUTE_TOWN_H
#define ROUTE_TOWN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/directory.h"
#include "../daemon/route.h"
#include "../daemon/util.h"

#define IN_ROOT(text)                                                                              \
    "routes = { policy = \"standard\"; to = [\"koordination\"]; rules = (\n" text " ); };"

/* A town of three districts; every unit has a mailbox. */
static const char town_text[] =
    "places = ( { id = \"stadt\"; name = \"Stadt\"; },"
    " { id = \"nord\"; name = \"Nord\"; parent = \"stadt\"; },"
    " { id = \"hafen\"; name = \"Hafen\"; parent = \"nord\"; },"
    " { id = \"sued\"; name = \"Süd\"; parent = \"stadt\"; } );\n"
    "areas = ( { id = \"sgb8\"; code = \"SGB_VIII\"; name = \"SGB VIII\"; },"
    " { id = \"sgb9\"; code = \"SGB_IX\"; name = \"SGB IX\"; } );\n"
    "services = ( { id = \"wjh\"; name = \"Wirtschaftliche Jugendhilfe\"; area = \"sgb8\"; },"
    " { id = \"egh\"; name = \"Eingliederungshilfe\"; area = \"sgb9\"; } );\n"
    "catch_all = \"koordination\"; on_call = \"bereitschaft\";\n"
    "policies = ( { id = \"standard\"; %s }, { id = \"eilig\"; %s } );\n"
    "units = ( %s );\n"
    "%s";

static const char town_policy[] =
    "ack = { routine = \"3 staffed days\"; prompt = \"1 staffed day\"; urgent = \"2 office hours\";"
    " emergency = \"10m\"; }; escalate = { routine = \"3 staffed days\"; prompt = \"1 staffed "
    "day\"; urgent = \"2 office hours\"; emergency = \"10m\"; }; repeat = \"1 staffed day\"; "
    "expire "
    "= { routine = \"3d\"; prompt = \"2d\"; urgent = \"1d\"; emergency = \"2h\"; }; sms = [];";

static const char *const town_units[] = {"koordination", "bereitschaft", "nord", "nord-wjh",
                                         "hafen",        "sued",         "egh",  "leitung",
                                         "meldestelle",  "zentrale"};

struct town {
    struct conf_node *root;
    struct directory *dir;
    struct routing *routing;
    struct buf report;
    struct conf_faults faults;
};

static inline void town_put_units(struct buf *out)
{
    for (size_t i = 0; i < COUNT_OF(town_units); i++)
        buf_printf(out,
                   "%s{ id = \"%s\"; name = \"Stelle %s\"; kind = \"team\"; restricted_ok = %s; "
                   "contacts = ( { channel = \"email\"; address = \"%s@amt.example\"; } ); }",
                   i ? ", " : "", town_units[i], town_units[i],
                   str_eq(town_units[i], "leitung") ? "true" : "false", town_units[i]);
}

/* The town with these routes; the report holds only what the routes are faulted for. */
static inline void town_open(struct town *t, const char *routes)
{
    struct buf text = BUF_INIT, units = BUF_INIT;
    memset(t, 0, sizeof *t);
    t->faults.text = &t->report;
    town_put_units(&units);
    buf_printf(&text, town_text, town_policy, town_policy, buf_str(&units), routes);
    t->root = conf_read_text("f", buf_str(&text), text.len, &t->faults);
    t->dir = directory_load(t->root, &t->faults);
    if (t->faults.errors || !t->dir)
        fail_msg("the town is wrong: %s", buf_str(&t->report));
    buf_reset(&t->report);
    t->faults.warnings = 0;
    t->routing = routing_load(t->root, t->dir, &t->faults);
    conf_free(t->root); /* nothing may point into it */
    buf_release(&text);
    buf_release(&units);
}

static inline void town_close(struct town *t)
{
    routing_free(t->routing);
    directory_free(t->dir);
    buf_release(&t->report);
}

#endif
