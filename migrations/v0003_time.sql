-- Schema version 3: what is known of the wall clock, and of times in which functions could not be used.

-- One row at most, from one process to the next (ClockRecord).
CREATE TABLE clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    believed_from INTEGER NOT NULL,
    trusted INTEGER NOT NULL,
    -- Wall minus CLOCK_BOOTTIME: holds within the boot of meta.boot_id.
    clock_offset INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    absent_until INTEGER
) STRICT;

-- Ends of pauses (scope 'functions', by pattern) and of outages (scope 'route', by name).
CREATE TABLE cut_offs (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;
