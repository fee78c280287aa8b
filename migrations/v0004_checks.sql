-- Schema version 4: a checksum over what is delivered of a row (RowCheck).

-- NULL: accepted before this version.
ALTER TABLE events ADD COLUMN row_check INTEGER;
ALTER TABLE dead_letters ADD COLUMN row_check INTEGER;
-- From this sequence on every row has one.
ALTER TABLE meta ADD COLUMN checked_from INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET checked_from = last_sequence + 1;
