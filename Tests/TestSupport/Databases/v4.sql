-- A small queue as schema version 4 left it, in its own statements: four queued events, a dead letter, a hand-over,
-- a cancelled event, keys, a suspended function and route. Never changed: UpgradeTests opens it with the newest version.
PRAGMA page_size = 4096;
PRAGMA auto_vacuum = 2;
PRAGMA application_id = 0x6F626F78;

CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    instance_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    clean INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    queued_bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    dead_bytes INTEGER NOT NULL,
    history INTEGER NOT NULL,
    checked_from INTEGER NOT NULL DEFAULT 0
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
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    function_id INTEGER NOT NULL,
    due_at INTEGER,
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
    durable_name TEXT,
    tenant_id TEXT,
    trace_id TEXT,
    client_context TEXT,
    payload_digest BLOB NOT NULL,
    payload BLOB NOT NULL,
    row_check INTEGER
) STRICT;
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
    payload BLOB NOT NULL,
    row_check INTEGER
) STRICT;
CREATE INDEX dead_letters_by_time ON dead_letters (died_at, seq);
CREATE INDEX dead_letters_by_group ON dead_letters (function_id, condition, died_at, seq);
CREATE TABLE dead_groups (
    function_id INTEGER NOT NULL,
    condition TEXT NOT NULL,
    letters INTEGER NOT NULL,
    PRIMARY KEY (function_id, condition)
) STRICT, WITHOUT ROWID;
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
, cancelled INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX history_by_time ON history (handed_over_at);
CREATE TABLE idempotency_keys (
    producer_id INTEGER NOT NULL,
    function_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    key_text TEXT NOT NULL,
    content_digest BLOB NOT NULL,
    event_seq INTEGER NOT NULL,
    event_accepted_at INTEGER NOT NULL,
    event_id_tail INTEGER NOT NULL,
    remembered_until INTEGER,
    PRIMARY KEY (producer_id, function_id, kind, key_text)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (remembered_until) WHERE remembered_until IS NOT NULL;
CREATE TABLE pauses (
    pattern TEXT PRIMARY KEY,
    reason TEXT,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    believed_from INTEGER NOT NULL,
    trusted INTEGER NOT NULL,
    clock_offset INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    absent_until INTEGER
) STRICT;
CREATE TABLE cut_offs (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;

INSERT INTO meta (id, instance_id, generation, created_at, boot_id, clean, last_sequence, queued, queued_bytes,
    dead, dead_bytes, history) VALUES (1, '00112233445566778899aabbccddeeff', 4711, 1700000000000, 'boot-1', 1, 9, 4,
    6041, 1, 17, 2);
INSERT INTO functions (id, partition, account, region, name, qualifier, queued, dead, bytes, state_reason,
    state_since, state_failed_probes) VALUES (1, 'aws', '-', 'eu-central-1', 'orders', '-', 3, 1, 6049, NULL, NULL,
    NULL), (2, 'aws', '123456789012', 'eu-west-1', 'billing', 'live', 1, 0, 9,
    'it answered 404 ResourceNotFoundException', 1700000003000, 2);
INSERT INTO producers (id, name) VALUES (1, 'uid:1001'), (2, 'key:AKLOCAL1');
INSERT INTO routes VALUES ('http://127.0.0.1:9 eu-central-1', 'connect: connection refused', 1700000004000, 3);
INSERT INTO events (seq, function_id, due_at, accepted_at, age_from, expires_at, id_tail, charged_attempts,
    unknown_attempts, route_failures, attempts, uncertain, redriven, producer_id, key_kind, key_until, key_text,
    durable_name, tenant_id, trace_id, client_context, payload_digest, payload) VALUES (3, 1, NULL, 1700000000003,
    1700000000003, NULL, 7, 0, 0, 0, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    x'215ddd5567ca2590efd4ea109b4e56cbe591e2676fbf54a9262692c539166da6', CAST('{"n":3}' AS BLOB));
INSERT INTO events (seq, function_id, due_at, accepted_at, age_from, expires_at, id_tail, charged_attempts,
    unknown_attempts, route_failures, attempts, uncertain, redriven, producer_id, key_kind, key_until, key_text,
    durable_name, tenant_id, trace_id, client_context, payload_digest, payload) VALUES (4, 1, 1700000060000,
    1700000000004, 1700000000004, 1700086400000, 305419896, 2, 1, 1, 4, 1, 0, 1, 1, 1700086400000, 'key-4', 'run-4',
    'tenant', 'Root=1-5759e988-bd862e3fe1be46a994272793', 'e30=',
    x'f3e0792e105e2bfe88e7b3bab5097b93a59a8c5b239fe3c6f87a8d0f72ab9032', CAST('{"n":4}' AS BLOB));
INSERT INTO events (seq, function_id, due_at, accepted_at, age_from, expires_at, id_tail, charged_attempts,
    unknown_attempts, route_failures, attempts, uncertain, redriven, producer_id, key_kind, key_until, key_text,
    durable_name, tenant_id, trace_id, client_context, payload_digest, payload) VALUES (7, 2, NULL, 1700000000007,
    1700000000007, NULL, 99, 0, 0, 0, 0, 0, 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    x'e97b57b0faf64aa2bbe647d34aa3cdb8a6a183acf1e2dc8223ee9cb0be3dc247', CAST('{ "n" : 7' AS BLOB));
INSERT INTO events (seq, function_id, due_at, accepted_at, age_from, expires_at, id_tail, charged_attempts,
    unknown_attempts, route_failures, attempts, uncertain, redriven, producer_id, key_kind, key_until, key_text,
    durable_name, tenant_id, trace_id, client_context, payload_digest, payload) VALUES (9, 1, NULL, 1700000000009,
    1700000000009, NULL, 4294967295, 0, 0, 0, 0, 0, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    x'db10c845f2d233e20064d606955dc6a77ed7674d495f4161fbc2bf22be86c49e', CAST('{"big":"' || replace(printf('%6008s',
    ''), ' ', 'x') || '"}' AS BLOB));
INSERT INTO dead_letters (seq, function_id, accepted_at, age_from, expires_at, id_tail, charged_attempts,
    unknown_attempts, route_failures, attempts, uncertain, redriven, producer_id, key_kind, key_until, key_text,
    died_at, condition, reason, error_code, fingerprint, durable_name, tenant_id, trace_id, client_context,
    payload_digest, payload) VALUES (2, 1, 1700000000002, 1700000000002, NULL, 5, 1, 0, 0, 1, 0, 0, 1, 1, NULL, 'key-2',
    1700000005000, 'rejected', 'it is no JSON', 'InvalidRequestContentException', 'f-1', NULL, NULL, NULL, NULL,
    x'f02681c163c91c90451716bd7445cc1c150c80e476789baaa6278ef355face7b', CAST('{"n":2,"bad":tr}!' AS BLOB));
INSERT INTO dead_groups VALUES (1, 'rejected', 1);
INSERT INTO attempts VALUES (2, 1, 1700000004900, 1700000004900, 12, 'answered', 'event', 400,
    'InvalidRequestContentException', 'Could not parse request body', 'req-2', 1, 0, 1), (4, 1, 1700000004000,
    1700000005000, 30, 'timeout', 'route', NULL, NULL, 'no answer', NULL, 0, 1, 3), (4, 2, 1700000006000, 1700000006000,
    8, 'answered', 'function', 500, 'ServiceException', 'x', 'req-4', 1, 0, 1);
INSERT INTO history (seq, function_id, accepted_at, handed_over_at, attempt_at, attempt_duration, attempt_status,
    id_tail, charged_attempts, attempts, uncertain, redriven, producer_id, payload_bytes, request_id, cancelled) VALUES
    (1, 1, 1700000000001, 1700000001000, 1700000000990, 9, 202, 3, 0, 1, 0, 0, 1, 7, 'req-1', 0), (5, 2, 1700000000005,
    1700000002000, 1700000001990, 11, 202, 8, 1, 2, 1, 0, 2, 9, NULL, 1);
INSERT INTO idempotency_keys VALUES (1, 1, 1, 'key-4',
    x'0012a3fa000c5dc26ee658c3c58e12cecd58d6455cec3d5621f0c787675b38aa', 4, 1700000000004, 305419896, 1700086400000),
    (1, 1, 1, 'key-2', x'9c0abe51c6e6655d81de2d044d4fb194931f058c0426c67c7285d8f5657ed64a', 2, 1700000000002, 5, NULL),
    (1, 1, 1, 'key-1', x'd0f631ca1ddba8db3bcfcb9e057cdc98d0379f1bee00e75a545147a27dadd982', 1, 1700000000001, 3,
    1700080000000);
INSERT INTO pauses VALUES ('billing*', 'until Monday', 1700000003500);
INSERT INTO clock VALUES (1, 1700000000000, 1, 1699990000000, 1700000009000, NULL);
INSERT INTO cut_offs VALUES ('functions', 'old*', 1700000002000), ('route', 'http://127.0.0.1:9 eu-central-1',
    1700000002500);
UPDATE events SET row_check = -5590637278661990712 WHERE seq = 3;
UPDATE events SET row_check = 6026969562122138897 WHERE seq = 4;
UPDATE events SET row_check = 8059770689797279772 WHERE seq = 7;
UPDATE events SET row_check = -8880774331250287643 WHERE seq = 9;
UPDATE dead_letters SET row_check = -409280519688631176 WHERE seq = 2;
PRAGMA user_version = 4;
