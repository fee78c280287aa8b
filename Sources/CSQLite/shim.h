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

/// Writes the connection's write-ahead log anew in its place, byte for byte, and syncs it. A transaction must have been
/// begun, so that the log is open. After a sync that failed the kernel holds pages for clean that may not be on the disk:
/// only what is written again will be.
static inline int outbox_rewrite_log(sqlite3 *connection) {
    sqlite3_file *log = 0;
    sqlite3_int64 size = 0;
    unsigned char page[4096];
    int code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (code != SQLITE_OK) return code;
    if (!log || !log->pMethods) return SQLITE_OK;
    code = log->pMethods->xFileSize(log, &size);
    for (sqlite3_int64 offset = 0; code == SQLITE_OK && offset < size; offset += (sqlite3_int64)sizeof page) {
        int count = (int)(size - offset < (sqlite3_int64)sizeof page ? size - offset : (sqlite3_int64)sizeof page);
        code = log->pMethods->xRead(log, page, count, offset);
        if (code == SQLITE_OK) code = log->pMethods->xWrite(log, page, count, offset);
    }
    if (code == SQLITE_OK && size > 0) code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    return code;
}

#endif
