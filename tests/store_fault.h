/*
 * A file layer below SQLite whose reads or writes fail on demand: for what the store and the turn
 * do when the disk does not answer or is full. store_fault_start() comes before any store is
 * opened.
 */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* SQLite gives files different methods: the database its locks, the log none. */
enum { FAULT_TABLES = 4 };

static struct {
    int read_code, write_code; /* SQLITE_OK: works */
    const sqlite3_io_methods *real[FAULT_TABLES];
    sqlite3_io_methods methods[FAULT_TABLES];
    int tables;
    sqlite3_vfs *below, vfs;
} store_fault;

static const sqlite3_io_methods *store_fault_real(const sqlite3_file *file)
{
    return store_fault.real[file->pMethods - store_fault.methods];
}

static int store_fault_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
    if (store_fault.read_code)
        return store_fault.read_code;
    return store_fault_real(file)->xRead(file, to, len, at);
}

static int store_fault_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
    if (store_fault.write_code)
        return store_fault.write_code;
    return store_fault_real(file)->xWrite(file, from, len, at);
}

static const sqlite3_io_methods *store_fault_wrap(const sqlite3_io_methods *real)
{
    int i = 0;
    while (i < store_fault.tables && store_fault.real[i] != real)
        i++;
    if (i == FAULT_TABLES)
        abort();
    if (i == store_fault.tables) {
        store_fault.tables++;
        store_fault.real[i] = real;
        store_fault.methods[i] = *real;
        store_fault.methods[i].xRead = store_fault_read;
        store_fault.methods[i].xWrite = store_fault_write;
    }
    return &store_fault.methods[i];
}

static int store_fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                            int *out)
{
    (void)vfs;
    int rc = store_fault.below->xOpen(store_fault.below, name, file, flags, out);
    if (rc == SQLITE_OK)
        file->pMethods = store_fault_wrap(file->pMethods);
    return rc;
}

static inline void store_fault_start(void)
{
    store_fault.below = sqlite3_vfs_find(NULL);
    store_fault.vfs = *store_fault.below;
    store_fault.vfs.zName = "fault";
    store_fault.vfs.xOpen = store_fault_open;
    sqlite3_vfs_register(&store_fault.vfs, 1);
}

/* Changes the file from another connection, so that the store's page cache is void and it must
 * read. */
static inline bool store_fault_void_cache(const char *path)
{
    sqlite3 *db = NULL;
    bool done = sqlite3_open(path, &db) == SQLITE_OK &&
                sqlite3_exec(db,
                             "pragma wal_autocheckpoint = 0;"
                             "insert into meta (name, value) values ('probe', '1')"
                             " on conflict (name) do update set value = value + 1",
                             NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(db);
    return done;
}

#endif
