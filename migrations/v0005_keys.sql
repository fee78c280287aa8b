-- Schema version 5: idempotency keys as a journal in segments with an index each (IdempotencyKeys).
--
-- idempotency_keys stays: what it holds is asked for last, and moved over by and by.

CREATE TABLE key_segments (
    segment INTEGER PRIMARY KEY,
    -- Keys of like windows stand together (KeyLane).
    lane INTEGER NOT NULL,
    -- Entries at most: what the sizes of table and filter follow from.
    capacity INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    -- Until when an entry of it may be asked for.
    keep_until INTEGER NOT NULL,
    -- 0 active, 1 closed, 2 closed and indexed, 3 forgotten and on its way out.
    state INTEGER NOT NULL,
    -- Entries; NULL until it is closed.
    keys INTEGER
) STRICT;

-- Appended only. Position: segment << 24 | ordinal of the row's first entry. Form: KeyEntry, KeyRow.
CREATE TABLE key_entries (
    position INTEGER PRIMARY KEY,
    entries BLOB NOT NULL
) STRICT;

-- Written once, after a segment's close. Number: segment << 24 | page; pages of the filter begin at 0x800000.
CREATE TABLE key_pages (
    page INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- Entries of all segments that are remembered.
ALTER TABLE meta ADD COLUMN keys INTEGER NOT NULL DEFAULT 0;
-- What the places of keys in tables and filters depend on; 16 bytes. NULL: drawn at the next open.
ALTER TABLE meta ADD COLUMN key_secret BLOB;
