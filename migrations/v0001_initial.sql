-- Schema version 1.
--
-- How a change to the schema is made: add the next file v000N_name.sql here and one line in Migrator.swift; never edit
-- a file that was released. Each file runs once, in one transaction together with its `PRAGMA user_version = N`, on the
-- connection that owns the database, before the door opens: so no statement that can't run in a transaction, and on the
-- tables that grow (events, dead_letters, history, idempotency_keys) no work in proportion to their rows. A database of
-- every older version must still open: keep a small one of each as a fixture of SQLiteStoreTests.
--
-- Times are milliseconds since 1970 UTC, spans are milliseconds. What must be set before the first table (page_size,
-- auto_vacuum, application_id) is set by the code that creates the file.

-- One row. Counters change in the transactions of the rows that they count.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    instance_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    clean INTEGER NOT NULL,
    -- Highest sequence number ever given: SQLite would give the highest rows' numbers again once they are deleted.
    last_sequence INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    queued_bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    dead_bytes INTEGER NOT NULL,
    history INTEGER NOT NULL
) STRICT;

CREATE TABLE functions (
    id INTEGER PRIMARY KEY,
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    qualifier TEXT NOT NULL,
    queued INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    state_reason TEXT,
    state_since INTEGER,
    state_failed_probes INTEGER,
    UNIQUE (partition, account, region, name, qualifier)
) STRICT;

CREATE TABLE producers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE routes (
    name TEXT PRIMARY KEY,
    state_reason TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    state_failed_probes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The queue, in accept order; the payload inline and last, so that looking at a row does not read it.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    function_id INTEGER NOT NULL,
    -- NULL: fresh.
    due_at INTEGER,
    accepted_at INTEGER NOT NULL,
    age_from INTEGER NOT NULL,
    expires_at INTEGER,
    -- The end of the event id: store generation and random, 16 bits each.
    id_tail INTEGER NOT NULL,
    charged_attempts INTEGER NOT NULL,
    unknown_attempts INTEGER NOT NULL,
    route_failures INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    uncertain INTEGER NOT NULL,
    redriven INTEGER NOT NULL,
    producer_id INTEGER NOT NULL,
    key_kind INTEGER,
    key_until INTEGER,
    key_text TEXT,
    durable_name TEXT,
    tenant_id TEXT,
    trace_id TEXT,
    client_context TEXT,
    payload_digest BLOB NOT NULL,
    payload BLOB NOT NULL
) STRICT;

-- Fresh rows without an expiry are in neither: their insert touches no index.
CREATE INDEX events_by_due ON events (due_at, seq, function_id) WHERE due_at IS NOT NULL;
CREATE INDEX events_by_expiry ON events (expires_at, seq) WHERE expires_at IS NOT NULL;

CREATE TABLE dead_letters (
    seq INTEGER PRIMARY KEY,
    function_id INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    age_from INTEGER NOT NULL,
    expires_at INTEGER,
    id_tail INTEGER NOT NULL,
    charged_attempts INTEGER NOT NULL,
    unknown_attempts INTEGER NOT NULL,
    route_failures INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    uncertain INTEGER NOT NULL,
    redriven INTEGER NOT NULL,
    producer_id INTEGER NOT NULL,
    key_kind INTEGER,
    key_until INTEGER,
    key_text TEXT,
    died_at INTEGER NOT NULL,
    condition TEXT NOT NULL,
    reason TEXT NOT NULL,
    error_code TEXT,
    fingerprint TEXT NOT NULL,
    durable_name TEXT,
    tenant_id TEXT,
    trace_id TEXT,
    client_context TEXT,
    payload_digest BLOB NOT NULL,
    payload BLOB NOT NULL
) STRICT;

CREATE INDEX dead_letters_by_time ON dead_letters (died_at, seq);
CREATE INDEX dead_letters_by_group ON dead_letters (function_id, condition, died_at, seq);

-- How many dead letters each (function, condition) has.
CREATE TABLE dead_groups (
    function_id INTEGER NOT NULL,
    condition TEXT NOT NULL,
    letters INTEGER NOT NULL,
    PRIMARY KEY (function_id, condition)
) STRICT, WITHOUT ROWID;

-- Lines of the attempt history, as AttemptHistory keeps them. The attempt that handed an event over is in `history`.
CREATE TABLE attempts (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    blame TEXT,
    status INTEGER,
    code TEXT,
    message TEXT,
    request_id TEXT,
    charged INTEGER NOT NULL,
    uncertain INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;

-- Events that were handed over, for a while.
CREATE TABLE history (
    seq INTEGER PRIMARY KEY,
    function_id INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    handed_over_at INTEGER NOT NULL,
    attempt_at INTEGER NOT NULL,
    attempt_duration INTEGER NOT NULL,
    attempt_status INTEGER,
    id_tail INTEGER NOT NULL,
    charged_attempts INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    uncertain INTEGER NOT NULL,
    redriven INTEGER NOT NULL,
    producer_id INTEGER NOT NULL,
    payload_bytes INTEGER NOT NULL,
    request_id TEXT
) STRICT;

CREATE INDEX history_by_time ON history (handed_over_at);

CREATE TABLE idempotency_keys (
    producer_id INTEGER NOT NULL,
    function_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    key_text TEXT NOT NULL,
    content_digest BLOB NOT NULL,
    -- The first event: its sequence, and what its id is made of.
    event_seq INTEGER NOT NULL,
    event_accepted_at INTEGER NOT NULL,
    event_id_tail INTEGER NOT NULL,
    -- NULL: the window has passed, the event has not: whoever removes the event removes the key.
    remembered_until INTEGER,
    PRIMARY KEY (producer_id, function_id, kind, key_text)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (remembered_until) WHERE remembered_until IS NOT NULL;
