-- Schema version 2: what operators order.

-- Functions that are not to be used: the pattern as it was given, the operator's words, and since when.
CREATE TABLE pauses (
    pattern TEXT PRIMARY KEY,
    reason TEXT,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- 1: the line is of an event that an operator cancelled at `handed_over_at`; no attempt handed it over.
ALTER TABLE history ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
