/*
 * Answers of the control socket as text for people. Pure.
 */
#ifndef CTL_PRINT_H
#define CTL_PRINT_H

struct buf;
struct json;

/* An object becomes "key: value" lines, a list of objects an aligned table, any other list one line
 * each; lists and objects inside an object follow below it under their name. Times are given in
 * the local time of Europe/Berlin. `empty` is said instead of an empty list. */
void ctl_print(struct buf *out, const struct json *value, const char *empty);

#endif
