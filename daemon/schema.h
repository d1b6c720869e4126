/*
 * The store's schema as a table of migrations, each tested from the version before.
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <sqlite3.h>

struct buf;

/* Brings the database to the newest version in one transaction per step. Returns 0, or -1 with one
 * sentence in err (also when the store is newer than this program). *created is set when the
 * database was empty. */
int schema_migrate(sqlite3 *db, int *created, struct buf *err);

/* The newest version. */
int schema_version(void);

#endif
