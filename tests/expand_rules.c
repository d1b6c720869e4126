/*
 * Expands rules for tests/ical_check.py. Reads lines "RULE START FROM TO" (wall seconds as in
 * ical.h), prints for each one line: "refused", or the starts with blanks between them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/ical.h"

static void expand(const char *rule, const int64_t span[3])
{
    static int64_t starts[ICAL_STARTS_MAX];
    struct buf err = BUF_INIT;
    if (ical_rule_check(rule, &err) != 0)
        printf("refused %s", buf_str(&err));
    size_t n = ical_expand(rule, span[0], span[1], span[2], starts, ICAL_STARTS_MAX);
    for (size_t i = 0; i < n; i++)
        printf("%s%" PRId64, i ? " " : "", starts[i]);
    putchar('\n');
    buf_release(&err);
}

int main(void)
{
    char rule[512];
    int64_t span[3];
    while (scanf("%511s %" SCNd64 " %" SCNd64 " %" SCNd64, rule, &span[0], &span[1], &span[2]) == 4)
        expand(rule, span);
    return 0;
}
