/*
 * Checks across the parts of a configuration, and the order of the report; internal to config.c.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

struct buf;
struct conf_faults;
struct conf_node;
struct config;

/* Reports what the parts alone cannot know: contacts without a transport, a source desk that does
 * not exist, SMS that nobody on call could receive. Parts that could not be loaded are NULL. */
void config_check(const struct config *config, struct conf_node *root, struct conf_faults *faults);

/* Sorts the lines of a report by file, then by line; lines of the same place keep their order. */
void config_sort_report(struct buf *report);

#endif
