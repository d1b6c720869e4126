/*
 * Golden files: what a text must be, byte for byte, in tests/golden/. A difference writes what came
 * out to build/golden/ and names both files. GOLDEN_WRITE=1 takes the new text over; look at the
 * difference before committing it.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../daemon/buf.h"

static inline void golden_write(const char *path, const struct buf *got)
{
    FILE *f = fopen(path, "w");
    if (!f || fwrite(buf_str(got), 1, got->len, f) != got->len || fclose(f) != 0)
        fail_msg("cannot write %s: %s", path, strerror(errno));
}

static inline void golden_check(const char *name, const struct buf *got)
{
    char path[256], found[256];
    struct buf want = BUF_INIT, err = BUF_INIT;
    snprintf(path, sizeof path, "tests/golden/%s", name);
    snprintf(found, sizeof found, "build/golden/%s", name);
    if (getenv("GOLDEN_WRITE"))
        golden_write(path, got);
    if (buf_read_file(&want, path, 1024 * 1024, &err) < 0)
        fail_msg("%s", buf_str(&err));
    if (want.len != got->len || memcmp(buf_str(&want), buf_str(got), want.len) != 0) {
        mkdir("build", 0777);
        mkdir("build/golden", 0777);
        golden_write(found, got);
        fail_msg("differs; see: diff %s %s", path, found);
    }
    buf_release(&want);
    buf_release(&err);
}

#endif
