/*
 * Backup and restore: see store_backup.h. A restore is made beside the store and renamed into
 * place, so a crash leaves either the old store or the new one.
 */
#include "store_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "schema.h"
#include "store_sql.h"
#include "util.h"

/* Above what a gateway numbers between two backups. */
#define RESTORE_GAP 100000000

/* Seconds of 2026-01-01, and the numbers a gateway gives out in a second, taken over years. */
enum { NUMBERS_SINCE_S = 1767225600, NUMBERS_PER_S = 100 };

static int copy_database(const char *from, const char *to, struct buf *err)
{
    sqlite3 *source = NULL, *target = NULL;
    int rc = sqlite3_open_v2(from, &source, SQLITE_OPEN_READONLY, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_open_v2(to, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(source, 10000);
        /* One step copies all pages under one read snapshot, however much is written meanwhile. */
        sqlite3_backup *copy = sqlite3_backup_init(target, "main", source, "main");
        rc = copy ? sqlite3_backup_step(copy, -1) : sqlite3_errcode(target);
        rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
        if (copy)
            sqlite3_backup_finish(copy);
    }
    if (rc != SQLITE_OK)
        buf_printf(err, "cannot copy %s to %s: %s", from, to, sqlite3_errstr(rc));
    sqlite3_close(source);
    sqlite3_close(target);
    return rc == SQLITE_OK ? 0 : -1;
}

static int run_on(const char *path, const char *sql, struct buf *err)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        buf_printf(err, "%s: %s", path, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
    sqlite3_close(db);
    return rc == SQLITE_OK ? 0 : -1;
}

static bool is_sound(const char *path, struct buf *err)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    bool sound = false;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db,
                           "select (select quick_check from pragma_quick_check limit 1),"
                           " (select user_version from pragma_user_version),"
                           " (select count(*) from meta where name = 'backup_ms')",
                           -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        const char *check = (const char *)sqlite3_column_text(stmt, 0);
        sound = check && str_eq(check, "ok") && sqlite3_column_int(stmt, 1) <= schema_version() &&
                sqlite3_column_int(stmt, 2) == 1;
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    if (!sound)
        buf_printf(err, "%s is not a sound backup made by `stafettectl backup`", path);
    return sound;
}

int store_backup(const char *store, const char *file, struct buf *err)
{
    struct buf sql = BUF_INIT;
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        buf_printf(err, "%s: cannot create: %s", file, strerror(errno));
        return -1;
    }
    close(fd);
    buf_printf(&sql,
               "insert into meta (name, value) values ('backup_ms', '%lld')"
               " on conflict (name) do update set value = excluded.value;"
               "pragma journal_mode = delete;",
               (long long)util_wall_ms());
    int rc = copy_database(store, file, err);
    if (rc == 0)
        rc = run_on(file, buf_str(&sql), err);
    if (rc < 0)
        unlink(file);
    buf_release(&sql);
    return rc;
}

static int put_in_place(const char *fresh, const char *store, struct buf *err)
{
    static const char *const companions[] = {"", "-wal", "-shm"};
    struct buf old = BUF_INIT, kept = BUF_INIT;
    int rc = 0;
    /* The old store's log must move with it: a log beside another database would be replayed. */
    for (size_t i = COUNT_OF(companions); i-- > 0 && rc == 0;) {
        buf_reset(&old);
        buf_reset(&kept);
        buf_printf(&old, "%s%s", store, companions[i]);
        buf_printf(&kept, "%s.before-restore%s", store, companions[i]);
        if (rename(buf_str(&old), buf_str(&kept)) < 0 && errno != ENOENT)
            rc = -1;
    }
    if (rc == 0)
        rc = rename(fresh, store);
    if (rc < 0)
        buf_printf(err, "cannot put %s in place: %s", store, strerror(errno));
    buf_release(&old);
    buf_release(&kept);
    return rc;
}

/* root restores for the daemon's account, which must be able to open what is put in place: the
 * owner of the old store, or of its directory when there is none. */
static int give_to_owner(int fd, const char *store, struct buf *err)
{
    struct buf directory = BUF_INIT;
    struct stat owner;
    const char *slash = strrchr(store, '/');
    if (slash)
        buf_add(&directory, store, (size_t)(slash - store) + 1);
    int rc = stat(store, &owner);
    if (rc < 0)
        rc = stat(slash ? buf_str(&directory) : ".", &owner);
    if (rc == 0 && geteuid() == 0)
        rc = fchown(fd, owner.st_uid, owner.st_gid);
    if (rc < 0)
        buf_printf(err, "cannot give the restored store to its owner: %s", strerror(errno));
    buf_release(&directory);
    return rc;
}

/* Private, and the daemon's own. */
static int finish_file(const char *path, const char *store, struct buf *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0600) < 0) {
        buf_printf(err, "%s: cannot set the mode: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    int rc = give_to_owner(fd, store, err);
    close(fd);
    return rc;
}

static int lock_store(const char *store, struct buf *err)
{
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.lock", store);
    int fd = open(buf_str(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        buf_printf(err, "%s is in use: stop stafetted before a restore", store);
    buf_release(&name);
    return fd;
}

/* The highest row number of a store, 0 when it cannot be read. */
static int64_t highest_number(const char *path)
{
    static const char sql[] =
        "select max(n) from ("
        " select max(event_seq) n from event union all select max(item_seq) from item"
        " union all select max(notice_seq) from notice"
        " union all select max(delivery_seq) from delivery"
        " union all select max(clock_seq) from clock union all select max(out_seq) from out_event"
        " union all select max(audit_seq) from audit"
        " union all select cast(value as integer) from meta"
        " where name = 'seq_floor' or name like '%\\_high' escape '\\')";
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

/* From here on numbers are new: above the backup's and, because a backup may be restored twice,
 * above those of the store that it replaces, or, when that one is lost, above what the time since
 * can have used up. */
static int64_t number_floor(const char *file, const char *store)
{
    int64_t highest = highest_number(file), replaced = highest_number(store);
    int64_t by_time = (util_wall_ms() / 1000 - NUMBERS_SINCE_S) * NUMBERS_PER_S;
    if (highest < replaced)
        highest = replaced;
    if (highest < by_time)
        highest = by_time;
    return highest + RESTORE_GAP;
}

/* Held deliveries are those the backup still had pending: perhaps sent since. */
static int hold(const char *path, int64_t floor, struct buf *err)
{
    struct buf sql = BUF_INIT;
    buf_printf(&sql,
               "begin immediate;"
               "update delivery set state = 4 where state = 0;"
               "insert into meta (name, value)"
               " select 'held_since_ms', value from meta where name = 'backup_ms' and true"
               " on conflict (name) do update set value = excluded.value;"
               "insert into meta (name, value) values ('seq_floor', '%lld')"
               " on conflict (name) do update set value = excluded.value;"
               "delete from meta where name = 'replay_asked';"
               "commit;",
               (long long)floor);
    int rc = run_on(path, buf_str(&sql), err);
    buf_release(&sql);
    return rc;
}

int store_restore(const char *file, const char *store, struct buf *err)
{
    if (access(file, R_OK) < 0) {
        buf_printf(err, "%s: cannot read: %s", file, strerror(errno));
        return -1;
    }
    if (!is_sound(file, err))
        return -1;
    int lock = lock_store(store, err);
    if (lock < 0)
        return -1;
    struct buf fresh = BUF_INIT;
    buf_printf(&fresh, "%s.restoring", store);
    unlink(buf_str(&fresh));
    int rc = copy_database(file, buf_str(&fresh), err);
    if (rc == 0)
        rc = hold(buf_str(&fresh), number_floor(file, store), err);
    if (rc == 0)
        rc = finish_file(buf_str(&fresh), store, err);
    if (rc == 0)
        rc = give_to_owner(lock, store, err);
    if (rc == 0)
        rc = put_in_place(buf_str(&fresh), store, err);
    if (rc < 0)
        unlink(buf_str(&fresh));
    buf_release(&fresh);
    close(lock);
    return rc;
}
