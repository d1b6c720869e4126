/*
 * A file that is either whole and on disk, or not there: shared by the adapters that write files.
 */
#ifndef FILE_DROP_H
#define FILE_DROP_H

#include <sys/types.h>

struct buf;
struct conf_faults;
struct conf_node;
struct job;
struct transport;

/* Writes the bytes to stage, flushes them, renames stage to path and flushes the directory of
 * path. Both are paths on one file system. Returns 0, or -1 with one sentence in err, which holds
 * no path; then stage is gone. An existing path is replaced: a repeated attempt leaves one file. */
int file_drop(const char *stage, const char *path, const struct buf *bytes, struct buf *err);

/* The same with other rights than 0600, whatever the umask is. */
int file_drop_mode(const char *stage, const char *path, mode_t mode, const struct buf *bytes,
                   struct buf *err);

/* Makes a directory of mode 0700, and those above it that are missing. */
int file_make_dir(const char *path, struct buf *err);

/* Appends the name of a job's file: its client reference, the same at every repeat, made safe as a
 * file name (never hidden, never a path). */
void file_name(struct buf *out, const struct job *job);

/* Where a job's file goes: <dir>/<final><name><suffix>, written as <dir>/<stage><name><suffix>. */
struct file_place {
    const char *dir, *stage, *final, *suffix;
};

/* Writes job->bytes as a file and ends the job: sent, or put off as our own fault, also when err
 * holds a fault already. */
void file_deliver(struct job *job, const struct file_place *place, struct buf *err);

/* Load time: the option "path" is empty, or a directory, or to be made later. */
int file_check(const struct transport *transport, struct conf_node *node,
               struct conf_faults *faults);

#endif
