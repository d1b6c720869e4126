/*
 * A file that is either whole and on disk, or not there: see file_drop.h.
 *
 * Written beside, flushed, renamed, directory flushed: after file_drop() returned 0 a power cut
 * cannot lose the file, and a reader never sees half of it. A crash before the rename leaves a
 * staged file, which the next attempt of the same delivery replaces. Never says why with a path:
 * the sentence goes into results.
 */
#include "file_drop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/util.h"
#include "adapter.h"

enum { REFERENCE_MAX = 40 };

static int fail(struct buf *err, const char *what)
{
    buf_printf(err, "cannot %s: %s", what, strerror(errno));
    return -1;
}

static int write_all(int fd, const struct buf *bytes, struct buf *err)
{
    for (size_t done = 0; done < bytes->len;) {
        ssize_t n = write(fd, bytes->data + done, bytes->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(err, "write the file");
        done += (size_t)n;
    }
    return 0;
}

static int write_staged(const char *stage, mode_t mode, const struct buf *bytes, struct buf *err)
{
    unlink(stage); /* what a crash left; made anew, so that rights and owner are ours */
    int fd = open(stage, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(err, "create the file");
    int rc = write_all(fd, bytes, err);
    if (rc == 0 && mode != 0600 && fchmod(fd, mode) != 0)
        rc = fail(err, "set the rights of the file");
    if (rc == 0 && fsync(fd) != 0)
        rc = fail(err, "flush the file");
    if (close(fd) != 0 && rc == 0)
        rc = fail(err, "close the file");
    return rc;
}

/* The rename is durable only after its directory is. */
static int flush_directory(const char *path, struct buf *err)
{
    char *dir = xstrdup(path), *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    if (fd < 0)
        return fail(err, "open the directory");
    int rc = fsync(fd) == 0 ? 0 : fail(err, "flush the directory");
    close(fd);
    return rc;
}

int file_drop(const char *stage, const char *path, const struct buf *bytes, struct buf *err)
{
    return file_drop_mode(stage, path, 0600, bytes, err);
}

int file_drop_mode(const char *stage, const char *path, mode_t mode, const struct buf *bytes,
                   struct buf *err)
{
    int rc = write_staged(stage, mode, bytes, err);
    if (rc == 0 && rename(stage, path) != 0)
        rc = fail(err, "rename the file");
    if (rc != 0) {
        unlink(stage);
        return -1;
    }
    return flush_directory(path, err);
}

int file_make_dir(const char *path, struct buf *err)
{
    char *part = xstrdup(path);
    int rc = 0;
    for (char *p = part + (*part != '\0'); rc == 0; p++) {
        if (*p && *p != '/')
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(part, 0700) == 0)
            rc = flush_directory(part, err);
        else if (errno != EEXIST)
            rc = fail(err, "make the directory");
        *p = end;
        if (!end)
            break;
    }
    free(part);
    return rc;
}

void file_name(struct buf *out, const struct job *job)
{
    const char *reference = job->message.reference ? job->message.reference : "";
    if (str_empty(reference))
        buf_printf(out, "%" PRId64, job->delivery_id);
    for (size_t i = 0; reference[i] && i < REFERENCE_MAX; i++) {
        char c = reference[i];
        bool safe = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    c == '-' || c == '_' || (c == '.' && i > 0);
        buf_addc(out, safe ? c : '_');
    }
}

static void file_end(struct job *job, const char *name, const struct buf *err)
{
    if (err->len) {
        job_peer_text(job, buf_str(err));
        job_end(job, ATTEMPT_DEFERRED, CLASS_LOCAL, 0);
        return;
    }
    str_copy(job->result.provider_id, sizeof job->result.provider_id, name);
    job_end(job, ATTEMPT_SENT, CLASS_NONE, 0);
}

void file_deliver(struct job *job, const struct file_place *place, struct buf *err)
{
    struct buf name = BUF_INIT, stage = BUF_INIT, final = BUF_INIT;
    digest_sha256(job->result.bytes_hash, job->bytes.data, job->bytes.len);
    file_name(&name, job);
    buf_puts(&name, place->suffix);
    buf_printf(&stage, "%s/%s%s", place->dir, place->stage, buf_str(&name));
    buf_printf(&final, "%s/%s%s", place->dir, place->final, buf_str(&name));
    if (!err->len)
        file_drop(buf_str(&stage), buf_str(&final), &job->bytes, err);
    file_end(job, buf_str(&name), err);
    buf_release(&name);
    buf_release(&stage);
    buf_release(&final);
}

int file_check(const struct transport *transport, struct conf_node *node,
               struct conf_faults *faults)
{
    const char *path = transport_text(transport, "path");
    struct stat st;
    if (str_empty(path)) {
        conf_fault(faults, node, "transport \"%s\": path is empty; name a directory",
                   transport->name);
        return -1;
    }
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        conf_fault(faults, node, "transport \"%s\": \"%s\" is no directory; name one or remove it",
                   transport->name, path);
        return -1;
    }
    return 0;
}
