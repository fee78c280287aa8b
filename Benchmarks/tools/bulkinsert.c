// The reference for the store: puts rows into a database that lambda-outbox made, through SQLite's C interface, with the
// same statements and settings, and takes them out again. Only the time inside transactions and checkpoints counts.
//
//   bulkinsert DATABASE (accept | handover) ROWS COMMANDS_A_COMMIT BYTES
//
// accept: rows in; afterwards they are taken out, which doesn't count. handover: half a commit are rows in, half are those
// of the commit before: their heads read, a line of history written, the row deleted. One JSON object is printed.
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "body.h"

static const int walPagesMax = (8 << 20) / 4096;

static sqlite3 *database;
static sqlite3_stmt *insert, *head, *history, *delete, *countFunction, *countAll;
static int walPages;
static int64_t spent, processor, sequence, queued, queuedBytes, lines;
static size_t bytes;

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void check(int code, const char *what) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "bulkinsert: %s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

static void run(const char *sql) { check(sqlite3_exec(database, sql, NULL, NULL, NULL), sql); }

static sqlite3_stmt *prepared(const char *sql) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), sql);
    return statement;
}

static int64_t number(const char *sql) {
    sqlite3_stmt *statement = prepared(sql);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return value;
}

static void stepped(sqlite3_stmt *statement, const char *what) {
    check(sqlite3_step(statement), what);
    sqlite3_reset(statement);
}

static int countPages(void *user, sqlite3 *db, const char *name, int pages) {
    (void)user, (void)db, (void)name;
    walPages = pages;
    return SQLITE_OK;
}

static void prepare(const char *path) {
    check(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL), path);
    run("PRAGMA journal_mode = wal; PRAGMA synchronous = 2; PRAGMA secure_delete = fast; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA temp_store = 2; PRAGMA cache_size = -16384");
    sqlite3_wal_hook(database, countPages, NULL);
    run("INSERT OR IGNORE INTO functions (id, partition, account, region, name, qualifier)"
        " VALUES (1, 'aws', '-', 'eu-central-1', 'orders', '-')");
    insert = prepared(
        "INSERT INTO events (seq, function_id, due_at, accepted_at, age_from, expires_at, id_tail, charged_attempts,"
        " unknown_attempts, route_failures, attempts, uncertain, redriven, producer_id, key_kind, key_until, key_text,"
        " durable_name, tenant_id, trace_id, client_context, payload_digest, payload, row_check)"
        " VALUES (?1, 1, NULL, ?2, ?2, NULL, ?3, 0, 0, 0, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ?4, ?5,"
        " ?6)");
    head = prepared("SELECT function_id, producer_id, accepted_at, id_tail, charged_attempts, attempts, redriven,"
                    " uncertain, key_until, length(payload) FROM events WHERE seq = ?1");
    history = prepared(
        "INSERT INTO history (seq, function_id, accepted_at, handed_over_at, attempt_at, attempt_duration,"
        " attempt_status, id_tail, charged_attempts, attempts, uncertain, redriven, producer_id, payload_bytes,"
        " request_id) VALUES (?1, ?2, ?3, ?4, ?4, 12, 202, ?5, 0, ?6, 0, 0, ?7, ?8, ?9)");
    delete = prepared("DELETE FROM events WHERE seq = ?1");
    countFunction = prepared("UPDATE functions SET queued = queued + ?1, bytes = bytes + ?2 WHERE id = 1");
    countAll = prepared("UPDATE meta SET last_sequence = ?1, queued = ?2, queued_bytes = ?3, history = ?4");
    sequence = number("SELECT last_sequence FROM meta");
    queued = number("SELECT queued FROM meta");
    queuedBytes = number("SELECT queued_bytes FROM meta");
    lines = number("SELECT history FROM meta");
}

static void accept1(const char *body, size_t length, int64_t wall, const void *digest) {
    sqlite3_bind_int64(insert, 1, ++sequence);
    sqlite3_bind_int64(insert, 2, wall);
    sqlite3_bind_int64(insert, 3, sequence * 2654435761 & 0xFFFFFFFF);
    sqlite3_bind_blob(insert, 4, digest, 32, SQLITE_STATIC);
    sqlite3_bind_blob(insert, 5, body, (int)length, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 6, sequence * 0x5851F42D4C957F2D);
    stepped(insert, "insert");
    queued++;
    queuedBytes += (int64_t)length;
}

static void handOver1(int64_t seq, int64_t wall) {
    sqlite3_bind_int64(head, 1, seq);
    if (sqlite3_step(head) != SQLITE_ROW) check(SQLITE_CORRUPT, "a row is missing");
    int64_t length = sqlite3_column_int64(head, 9);
    sqlite3_bind_int64(history, 1, seq);
    sqlite3_bind_int64(history, 2, sqlite3_column_int64(head, 0));
    sqlite3_bind_int64(history, 3, sqlite3_column_int64(head, 2));
    sqlite3_bind_int64(history, 4, wall);
    sqlite3_bind_int64(history, 5, sqlite3_column_int64(head, 3));
    sqlite3_bind_int64(history, 6, sqlite3_column_int64(head, 5) + 1);
    sqlite3_bind_int64(history, 7, sqlite3_column_int64(head, 1));
    sqlite3_bind_int64(history, 8, length);
    sqlite3_bind_text(history, 9, "0192f0c1-7e9a-7000-8000-000000000000", -1, SQLITE_STATIC);
    sqlite3_reset(head);
    stepped(history, "history");
    sqlite3_bind_int64(delete, 1, seq);
    stepped(delete, "delete");
    queued--;
    queuedBytes -= length;
    lines++;
}

/// One transaction: rows in, and the rows from `first` through `last` out; a checkpoint where the log has grown.
static void commit(long rows, int64_t first, int64_t last, char *bodies, bool counts) {
    int64_t wall = now(CLOCK_REALTIME) / 1000000;
    size_t *lengths = calloc((size_t)rows + 1, sizeof *lengths);
    uint64_t (*digests)[4] = calloc((size_t)rows + 1, sizeof *digests);
    for (long i = 0; i < rows; i++) {
        lengths[i] = body_write(bodies + (size_t)i * (bytes + 1), sequence + 1 + i, bytes);
        for (int w = 0; w < 4; w++) digests[i][w] = (uint64_t)(sequence + 1 + i) * (0x9E3779B97F4A7C15u + (uint64_t)w);
    }
    int64_t start = now(CLOCK_MONOTONIC), used = now(CLOCK_THREAD_CPUTIME_ID);
    int64_t before = queued, beforeBytes = queuedBytes;
    run("BEGIN IMMEDIATE");
    for (int64_t seq = first; seq <= last; seq++) handOver1(seq, wall);
    for (long i = 0; i < rows; i++) accept1(bodies + (size_t)i * (bytes + 1), lengths[i], wall, digests[i]);
    sqlite3_bind_int64(countFunction, 1, queued - before);
    sqlite3_bind_int64(countFunction, 2, queuedBytes - beforeBytes);
    stepped(countFunction, "count");
    sqlite3_bind_int64(countAll, 1, sequence);
    sqlite3_bind_int64(countAll, 2, queued);
    sqlite3_bind_int64(countAll, 3, queuedBytes);
    sqlite3_bind_int64(countAll, 4, lines);
    stepped(countAll, "count");
    run("COMMIT");
    if (walPages > walPagesMax) {
        check(sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), "checkpoint");
        walPages = 0;
    }
    if (counts) {
        spent += now(CLOCK_MONOTONIC) - start;
        processor += now(CLOCK_THREAD_CPUTIME_ID) - used;
    }
    free(lengths);
    free(digests);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "bulkinsert DATABASE (accept | handover) ROWS COMMANDS_A_COMMIT BYTES\n");
        return 2;
    }
    long rows = atol(argv[3]), batch = atol(argv[4]);
    bool handsOver = !strcmp(argv[2], "handover");
    bytes = strtoul(argv[5], NULL, 10);
    if ((!handsOver && strcmp(argv[2], "accept")) || rows < 1 || batch < 2 || bytes < 48) return 2;
    prepare(argv[1]);
    char *bodies = malloc((size_t)batch * (bytes + 1));
    int64_t start = sequence, out = sequence;
    while (sequence < start + rows || (handsOver && out < sequence)) {
        int64_t last = handsOver ? sequence : out;
        long left = (long)(start + rows - sequence), most = handsOver ? batch / 2 : batch;
        commit(left < most ? left : most, out + 1, last, bodies, true);
        out = last;
    }
    while (out < sequence) {
        int64_t last = out + batch < sequence ? out + batch : sequence;
        commit(0, out + 1, last, bodies, false);
        out = last;
    }
    run("DELETE FROM history; UPDATE meta SET history = 0");
    check(sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), "checkpoint");
    printf("{\"rows\":%ld,\"seconds\":%.6f,\"rate\":%.1f,\"processor_us\":%.3f}\n", rows, (double)spent / 1e9,
           (double)rows * 1e9 / (double)spent, (double)processor / 1e3 / (double)rows);
    return 0;
}
