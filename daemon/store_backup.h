/*
 * Backup and restore of a store file; run by stafettectl in its own process, so the daemon never
 * waits for them.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

struct buf;

/* Copies the store, also while the daemon runs (one consistent snapshot), to a new file with mode
 * 0600; an existing file is not overwritten. Notes the moment in the copy. Returns 0, or -1 with
 * one sentence in err. */
int store_backup(const char *store, const char *file, struct buf *err);

/* Puts a backup in the place of a store whose daemon is stopped (the lock is taken). The old store
 * is kept beside it as <store>.before-restore. The restored store starts held (DESIGN 8): it asks
 * the sources to replay, sends nothing that is older than the backup until `stafettectl release`,
 * and numbers new rows far above the old ones, so that no id is given out twice. */
int store_restore(const char *file, const char *store, struct buf *err);

#endif
