/*
 * What one setting alone cannot tell: checks across settings, and values that follow from others.
 * Internal to settings.c.
 */
#ifndef SETTINGS_CHECK_H
#define SETTINGS_CHECK_H

struct conf_node;
struct conf_faults;
struct settings;

/* Fills what follows from other settings, then reports what does not fit together. */
void settings_check(struct settings *s, struct conf_node *root, struct conf_faults *faults);

#endif
