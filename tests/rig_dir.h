/*
 * A test's own directory, and the files in it.
 */
#ifndef RIG_DIR_H
#define RIG_DIR_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/util.h"

/* Below $TMPDIR; to be ended with rig_dir_free(), which removes what is in it. */
static inline char *rig_dir(void)
{
    const char *base = getenv("TMPDIR");
    char path[256];
    snprintf(path, sizeof path, "%s/stafette-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path))
        fail_msg("no directory %s", path);
    return xstrdup(path);
}

static inline int rig_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void rig_dir_free(char *dir)
{
    nftw(dir, rig_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

static inline void rig_write(const char *dir, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f)
        fail_msg("cannot write %s", path);
    chmod(path, 0600);
    fputs(text, f);
    fclose(f);
}

/* The file's content, or "" as long as it is not there; the caller releases it. */
static inline struct buf rig_read(const char *dir, const char *name)
{
    struct buf text = BUF_INIT, err = BUF_INIT;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    buf_read_file(&text, path, 16 << 20, &err);
    buf_release(&err);
    return text;
}

#endif
