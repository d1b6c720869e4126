/*
 * Secret keys: see keys.h. A new file is written beside its place and linked in only when whole, so
 * a crash leaves no half key.
 */
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "util.h"

static int make_file(const char *path, struct buf *err)
{
    unsigned char master[DIGEST_KEY];
    struct buf fresh = BUF_INIT;
    buf_printf(&fresh, "%s.new", path);
    digest_random(master, sizeof master);
    int fd = open(buf_str(&fresh), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = -1;
    if (fd >= 0 && write(fd, master, sizeof master) == (ssize_t)sizeof master && fsync(fd) == 0)
        rc = rename(buf_str(&fresh), path);
    if (rc < 0)
        buf_printf(err, "key file %s: cannot create: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    explicit_bzero(master, sizeof master);
    buf_release(&fresh);
    return rc;
}

/* What the file holds: the master key, and the last two blocks, of which the master is the oldest.
 */
struct blocks {
    unsigned char master[DIGEST_KEY];
    unsigned char newest[2][DIGEST_KEY];
    unsigned char links; /* blocks behind the master */
};

static bool read_blocks(struct blocks *b, int fd, off_t size)
{
    off_t last = size - DIGEST_KEY, before = last > 0 ? last - DIGEST_KEY : 0;
    b->links = (unsigned char)(size / DIGEST_KEY - 1);
    return pread(fd, b->master, DIGEST_KEY, 0) == DIGEST_KEY &&
           pread(fd, b->newest[0], DIGEST_KEY, last) == DIGEST_KEY &&
           pread(fd, b->newest[1], DIGEST_KEY, before) == DIGEST_KEY;
}

static int read_file(struct blocks *b, const char *path, struct buf *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = -1;
    if (fd < 0 || fstat(fd, &st) < 0)
        buf_printf(err, "key file %s: cannot read: %s", path, strerror(errno));
    else if (st.st_mode & 077)
        buf_printf(err, "key file %s: others may read it; run chmod 600 on it", path);
    else if (st.st_size < DIGEST_KEY || st.st_size % DIGEST_KEY ||
             st.st_size / DIGEST_KEY > KEYS_LINKS_MAX + 1 || !read_blocks(b, fd, st.st_size))
        buf_printf(err,
                   "key file %s: not 32 bytes, with or without 32 for each further link key; put "
                   "the right one back from its backup",
                   path);
    else
        rc = 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

static void derive(unsigned char key[DIGEST_KEY], const unsigned char master[DIGEST_KEY],
                   const char *purpose)
{
    digest_keyed(key, DIGEST_KEY, master, purpose, strlen(purpose));
}

int keys_load(struct keys *keys, const char *path, struct buf *err)
{
    struct blocks blocks;
    if (access(path, F_OK) < 0 && errno == ENOENT && make_file(path, err) < 0)
        return -1;
    if (read_file(&blocks, path, err) < 0)
        return -1;
    derive(keys->id, blocks.master, "stafette event id");
    derive(keys->case_ref, blocks.master, "stafette case reference");
    derive(keys->code, blocks.master, "stafette item code");
    derive(keys->token, blocks.master, "stafette token");
    derive(keys->link[0], blocks.newest[0], "stafette answer link");
    derive(keys->link[1], blocks.newest[1], "stafette answer link");
    keys->link_id = blocks.links;
    explicit_bzero(&blocks, sizeof blocks);
    return 0;
}
