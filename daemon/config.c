/*
 * The whole configuration: see config.h. Runs the parts' loaders one after the other on the same
 * tree, so that one run shows the faults of all of them, then the checks across the parts.
 *
 * Promises: all or nothing; a configuration that exists has no fault. Writes nothing, keeps nothing
 * global. Refuses top-level names that no part reads, because a misspelt "units" would be none.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "../adapters/adapter.h"
#include "buf.h"
#include "conf.h"
#include "config_check.h"
#include "directory.h"
#include "mail_domain.h"
#include "mailbox.h"
#include "protect.h"
#include "route.h"
#include "school.h"
#include "template.h"
#include "util.h"

/* Top-level names besides the groups of settings. */
static const char *const sections[] = {
    "places",     "areas",    "services", "unit_defaults", "units",   "sources", "permissions",
    "agreements", "budgets",  "policies", "catch_all",     "on_call", "routes",  "transports",
    "rosters",    "meetings", "projects", "caseload",      "quotas",  "chains",  "mail_domains",
};

static void check_top(struct conf_node *root, struct conf_faults *faults)
{
    enum { KNOWN_MAX = 60 };
    const char *known[KNOWN_MAX] = {NULL};
    size_t n = 0;
    for (; settings_group(n); n++)
        known[n] = settings_group(n);
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        known[n++] = sections[i];
    assert(n < KNOWN_MAX);
    for (size_t i = 0; i < n; i++)
        conf_get(root, known[i]);
    conf_check_unused(root, known, faults);
}

static void load_parts(struct config *config, struct conf_node *root, struct conf_faults *faults)
{
    settings_load(&config->settings, root, faults);
    config->directory = directory_load(root, faults);
    if (config->directory)
        config->routing = routing_load(root, config->directory, faults);
    config->templates = templates_load(config->settings.templates, faults);
    if (!str_empty(config->settings.school_holidays))
        config->school = school_load(config->settings.school_holidays, faults);
    config->transports = transports_load(root, faults);
    config->mail_domains = mail_domains_load(root, config->transports, faults);
    config->protections = protections_load(config->directory, faults);
    config_check(config, root, faults);
    mailbox_check(&config->settings, root, faults);
    check_top(root, faults);
}

static void config_free(struct config *config)
{
    routing_free(config->routing);
    directory_free(config->directory);
    templates_free(config->templates);
    school_free(config->school);
    protections_free(config->protections);
    mail_domains_free(config->mail_domains);
    transports_free(config->transports);
    settings_release(&config->settings);
    free(config->path);
    free(config);
}

struct config *config_load(const char *path, struct buf *report)
{
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    struct config *config = xcalloc(1, sizeof *config);
    config->users = 1;
    config->path = xstrdup(path);
    struct conf_node *root = conf_read(path, &faults);
    if (root && conf_whole(root)) {
        str_copy(config->version, sizeof config->version, conf_version(root));
        load_parts(config, root, &faults);
    } else if (root) {
        conf_fault(&faults, root, "what the settings mean is checked once all files can be read");
    }
    conf_free(root);
    config_sort_report(&text);
    buf_puts(report, buf_str(&text));
    buf_release(&text);
    if (faults.errors == 0)
        return config;
    config_free(config);
    return NULL;
}

void config_hold(struct config *config)
{
    config->users++;
}

void config_drop(struct config *config)
{
    if (config && --config->users == 0)
        config_free(config);
}
