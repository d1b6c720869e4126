/*
 * stafetted: reads the configuration, opens the parts, runs the loop.
 *
 * Exit status (sysexits): 0 stopped by a signal, 64 wrong usage, 70 broken world (restart me),
 * 78 the configuration is refused (do not restart me).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf.h"
#include "config.h"
#include "digest.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "ledger_run.h"
#include "log.h"
#include "loop.h"
#include "meeting_check.h"
#include "open_units.h"
#include "peers.h"
#include "protect.h"
#include "route.h"
#include "settings.h"
#include "store.h"
#include "timekeeper.h"
#include "util.h"

struct arguments {
    const char *config;
    const char *test_clock;
    bool check;
    bool ledger;
};

static void usage(FILE *out)
{
    fputs("usage: stafetted -c FILE|DIRECTORY [--check] [--test-clock FILE]\n"
          "       stafetted --print-settings | --version | --help\n"
          "\n"
          "  -c, --config PATH    the configuration: a file, or a directory of *.conf files\n"
          "      --check          load it, report every fault as file:line, and end\n"
          "      --print-settings print every setting with its default and its meaning\n"
          "      --test-clock F   take the wall time from file F (refused unless every peer is on\n"
          "                       this machine)\n"
          "\n"
          "Signals: TERM, INT stop; HUP loads the configuration anew, all or nothing.\n",
          out);
}

static void print_settings(void)
{
    struct buf text = BUF_INIT;
    settings_print(&text);
    fputs(buf_str(&text), stdout);
    buf_release(&text);
}

/* Ends the process for the options that only print. */
static void read_arguments(struct arguments *args, int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check", no_argument, NULL, 'k'},
                                            {"test-clock", required_argument, NULL, 't'},
                                            {"print-settings", no_argument, NULL, 'p'},
                                            {"ledger", no_argument, NULL, 'l'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            args->config = optarg;
            break;
        case 'k':
            args->check = true;
            break;
        case 't':
            args->test_clock = optarg;
            break;
        case 'l':
            args->ledger = true;
            return;
        case 'p':
            print_settings();
            exit(0);
        case 'V':
            puts("stafetted " STAFETTE_VERSION);
            exit(0);
        case 'h':
            usage(stdout);
            exit(0);
        default:
            usage(stderr);
            exit(EX_USAGE);
        }
    }
    if (!args->config || optind < argc) {
        usage(stderr);
        exit(EX_USAGE);
    }
}

/* A store that is there is asked whether its open items would lose a unit. */
static int report_lost_units(const struct config *config)
{
    struct buf report = BUF_INIT;
    if (access(config->settings.store, F_OK) < 0)
        return 0;
    struct store *store = store_open_reader(config->settings.store, &report);
    size_t lost = store ? open_units_lost(store, config->directory, &report) : 0;
    fprintf(stderr, "%s%s", buf_str(&report), store ? "" : ": open items are not checked\n");
    store_close(store);
    buf_release(&report);
    return lost ? EX_CONFIG : 0;
}

/* What may be wanted, but seldom is. */
static void report_warnings(const struct config *config, int64_t now_ms)
{
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    meeting_check(config, now_ms, &faults);
    protect_check(config, now_ms, &faults);
    fputs(buf_str(&text), stderr);
    buf_release(&text);
}

static int report_check(const struct config *config)
{
    struct buf gaps = BUF_INIT;
    int64_t now_ms = util_wall_ms();
    if (report_lost_units(config))
        return EX_CONFIG;
    if (routing_incomplete(config->routing, config->directory, now_ms, &gaps)) {
        fputs(buf_str(&gaps), stderr);
        buf_release(&gaps);
        return EX_CONFIG;
    }
    report_warnings(config, now_ms);
    size_t n = routing_gaps(config->routing, config->directory, now_ms, &gaps);
    fputs(buf_str(&gaps), stdout);
    printf("%s: good: %zu places, %zu units, %zu sources, %zu rules, %zu cells without a rule of "
           "their own, version %s\n",
           config->path, config->directory->places, config->directory->units,
           config->directory->sources, routing_rules(config->routing), n, config->version);
    buf_release(&gaps);
    return 0;
}

/* Sozialdaten pass through memory: no core dumps, no other process may look, no group access to
 * what we create (DOMAIN R24). */
static void harden(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    umask(077);
}

static int run(struct stafette *g, const struct arguments *args, struct buf *err)
{
    if (args->test_clock &&
        (peers_all_local(g->config, err) < 0 || timekeeper_use_file(g, args->test_clock, err) < 0))
        return EX_USAGE;
    int status = loop_open(g, err) < 0 ? EX_UNAVAILABLE : loop_run(g);
    loop_close(g);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments args = {NULL, NULL, false, false};
    struct stafette g;
    struct buf report = BUF_INIT, err = BUF_INIT;
    memset(&g, 0, sizeof g);
    read_arguments(&args, argc, argv);
    digest_start();
    json_start();
    if (args.ledger) {
        harden();
        return ledger_run_child();
    }
    g.config = config_load(args.config, &report);
    fputs(buf_str(&report), stderr);
    buf_release(&report);
    if (!g.config)
        return EX_CONFIG;
    if (args.check) {
        int status = report_check(g.config);
        config_drop(g.config);
        return status;
    }
    harden();
    log_level_parse(g.config->settings.log_level, &log_level);
    int status = run(&g, &args, &err);
    if (err.len)
        fprintf(stderr, "stafetted: %s\n", buf_str(&err));
    buf_release(&err);
    config_drop(g.config);
    return status;
}
