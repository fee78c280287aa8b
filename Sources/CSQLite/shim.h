#ifndef OUTBOX_CSQLITE_SHIM_H
#define OUTBOX_CSQLITE_SHIM_H

#include <sqlite3.h>
#include <sys/file.h>

/// `SQLITE_TRANSIENT` is a cast macro, which Swift can't see: binds a text that SQLite copies. Never NULL: no bytes are
/// the empty text, wherever they are.
static inline int outbox_bind_text_copy(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text ? text : "", length, SQLITE_TRANSIENT);
}

/// `sqlite3_db_config` is variadic: switches an option that is an int on or off.
static inline int outbox_db_config(sqlite3 *connection, int option, int value) {
    return sqlite3_db_config(connection, option, value, (int *)0);
}

/// In Swift the name `flock` is the struct of fcntl locks.
static inline int outbox_flock(int descriptor, int operation) {
    return flock(descriptor, operation);
}

#endif
