/*
 * Moving the log: see store_mover.h. A passive checkpoint waits for nobody and makes nobody wait.
 * A crash in the middle leaves the log as it was, and the next checkpoint begins anew.
 */
#include "store_mover.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "buf.h"
#include "util.h"

struct store_mover {
    sqlite3 *db;
};

struct store_mover *store_mover_open(const char *path, struct buf *err)
{
    struct store_mover *m = xcalloc(1, sizeof *m);
    /* Only who has read something knows that there is a log. */
    if (sqlite3_open_v2(path, &m->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(m->db,
                     "pragma synchronous = full; pragma wal_autocheckpoint = 0;"
                     "pragma cache_size = 0; select count(*) from meta;",
                     NULL, NULL, NULL) == SQLITE_OK)
        return m;
    buf_printf(err, "%s: cannot open a second time: %s", path, sqlite3_errmsg(m->db));
    store_mover_close(m);
    return NULL;
}

void store_mover_close(struct store_mover *m)
{
    if (!m)
        return;
    sqlite3_close(m->db);
    free(m);
}

bool store_mover_run(struct store_mover *m)
{
    return sqlite3_wal_checkpoint_v2(m->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) ==
           SQLITE_OK;
}
