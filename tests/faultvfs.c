/*
 * A disk that runs full, for the daemon of the fault tests (build/points/stafetted).
 *
 * A layer between SQLite and its unix file layer, registered as the default one before main().
 * It does nothing unless STAFETTE_FAULT_FILE names a file; while that file exists, its first word
 * says what fails, and each failure appends a line to <file>.hits: "insert", "commit" or "sync".
 * Only the write-ahead log is touched, because all that a transaction writes goes there first.
 *
 *   full-write   every write of the log: SQLITE_FULL, as unix write() with ENOSPC. A transaction
 *                larger than the page cache writes pages early, so the failure comes out of an
 *                INSERT, and SQLite has rolled back by itself when the daemon looks. Such turns are
 *                made common by a cache of CACHE_PAGES.
 *   full-commit  only writes inside COMMIT: the INSERTs went well, COMMIT says SQLITE_FULL.
 *   full-sync    the log is written, its fsync says ENOSPC: so do file systems that allocate late
 *                and network ones. The commit frame is in the file, and yet not promised.
 *   ioerr        the same with EIO, a dying disk: SQLITE_IOERR_FSYNC.
 *
 * Whether a write is inside COMMIT is known from SQLite's commit hook, which is called first. One
 * connection and one thread use the log (store.h), so plain variables do.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CACHE_PAGES = 64 };

enum place { AT_INSERT, AT_COMMIT, AT_SYNC };

static const struct {
    const char *name;
    bool fails[3]; /* by place */
    int code;
} modes[] = {
    {"full-write", {true, true, false}, SQLITE_FULL},
    {"full-commit", {false, true, false}, SQLITE_FULL},
    {"full-sync", {false, false, true}, SQLITE_FULL},
    {"ioerr", {false, false, true}, SQLITE_IOERR_FSYNC},
};

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* right behind this struct */
};

static const char *control;
static bool committing;
static sqlite3_vfs *unix_vfs, fault_vfs;
static sqlite3_pcache_methods2 cache_methods;
static void (*real_cachesize)(sqlite3_pcache *cache, int pages);

static void note_hit(enum place place)
{
    static const char *const line[] = {"insert\n", "commit\n", "sync\n"};
    char name[512];
    snprintf(name, sizeof name, "%s.hits", control);
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line[place], strlen(line[place])) < 0)
        abort();
    close(fd);
}

/* The result that the control file asks for at this place; SQLITE_OK: go on. */
static int fault(enum place place)
{
    char word[32] = "";
    int fd = open(control, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SQLITE_OK;
    ssize_t n = read(fd, word, sizeof word - 1);
    close(fd);
    word[n > 0 ? strcspn(word, " \n") : 0] = '\0';
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i].name, word) == 0 && modes[i].fails[place]) {
            note_hit(place);
            committing = false;
            errno = modes[i].code == SQLITE_FULL ? ENOSPC : EIO;
            return modes[i].code;
        }
    return SQLITE_OK;
}

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static int x_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int x_read(sqlite3_file *file, void *into, int n, sqlite3_int64 at)
{
    return real(file)->pMethods->xRead(real(file), into, n, at);
}

static int x_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    int rc = fault(committing ? AT_COMMIT : AT_INSERT);
    return rc ? rc : real(file)->pMethods->xWrite(real(file), bytes, n, at);
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int x_sync(sqlite3_file *file, int flags)
{
    int rc = fault(AT_SYNC);
    if (rc)
        return rc;
    committing = false;
    return real(file)->pMethods->xSync(real(file), flags);
}

static int x_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int x_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int x_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int x_reserved(sqlite3_file *file, int *out)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

static int x_control(sqlite3_file *file, int op, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int x_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int x_device(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

/* A log has no shared memory and is never mapped: version 1 is all that is asked of it. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_device,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    if (!(flags & SQLITE_OPEN_WAL))
        return unix_vfs->xOpen(unix_vfs, name, file, flags, out);
    struct fault_file *wrapped = (struct fault_file *)file;
    wrapped->real = (sqlite3_file *)(wrapped + 1);
    int rc = unix_vfs->xOpen(unix_vfs, name, wrapped->real, flags, out);
    file->pMethods = wrapped->real->pMethods ? &methods : NULL;
    return rc;
}

static int note_commit(void *context)
{
    (void)context;
    committing = true;
    return 0;
}

static void note_rollback(void *context)
{
    (void)context;
    committing = false;
}

static int on_connection(sqlite3 *db, char **err, const void *api)
{
    (void)err;
    (void)api;
    sqlite3_commit_hook(db, note_commit, NULL);
    sqlite3_rollback_hook(db, note_rollback, NULL);
    return SQLITE_OK;
}

static void small_cachesize(sqlite3_pcache *cache, int pages)
{
    real_cachesize(cache, pages < CACHE_PAGES ? pages : CACHE_PAGES);
}

/* Before the first use of SQLite: its configuration is fixed from then on. */
__attribute__((constructor)) static void register_faults(void)
{
    control = getenv("STAFETTE_FAULT_FILE");
    if (!control)
        return;
    if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &cache_methods) != SQLITE_OK)
        abort();
    real_cachesize = cache_methods.xCachesize;
    cache_methods.xCachesize = small_cachesize;
    if (sqlite3_config(SQLITE_CONFIG_PCACHE2, &cache_methods) != SQLITE_OK)
        abort();
    unix_vfs = sqlite3_vfs_find(NULL);
    if (!unix_vfs)
        abort();
    fault_vfs = *unix_vfs;
    fault_vfs.pNext = NULL;
    fault_vfs.zName = "fault";
    fault_vfs.szOsFile += (int)sizeof(struct fault_file);
    fault_vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&fault_vfs, 1) != SQLITE_OK ||
        sqlite3_auto_extension((void (*)(void))on_connection) != SQLITE_OK)
        abort();
}
