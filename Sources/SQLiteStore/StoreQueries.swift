/// The statements whose plans decide how the store behaves under a large backlog: no scan, no sorting.
package enum StoreQueries {
    /// Rows behind a sequence, in accept order.
    package static let fresh = "SELECT seq, function_id, due_at FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"
    /// Rows behind a place in the due index.
    package static let due = """
        SELECT seq, function_id, due_at FROM events
        WHERE due_at IS NOT NULL AND (due_at, seq) > (?1, ?2) AND due_at <= ?3 ORDER BY due_at, seq
        """
    /// The earliest due time behind another.
    package static let nextDue = "SELECT due_at FROM events WHERE due_at > ?1 ORDER BY due_at LIMIT 1"
    /// Rows behind a place in the due index, and whether their due time is a retry's.
    package static let laterRetries = """
        SELECT due_at, seq, function_id, attempts > 0 OR redriven > 0 OR due_at <> age_from FROM events
        WHERE due_at IS NOT NULL AND (due_at, seq) > (?1, ?2) ORDER BY due_at, seq LIMIT ?3
        """
    /// Rows whose hard expiry has passed, behind a place in their index.
    package static let passed = """
        SELECT expires_at, seq, function_id, length(payload) FROM events
        WHERE expires_at IS NOT NULL AND (expires_at, seq) > (?1, ?2) AND expires_at <= ?3
        ORDER BY expires_at, seq LIMIT ?4
        """
    /// Rows behind a sequence in accept order, as far as their ages need them.
    package static let ages = """
        SELECT seq, function_id, accepted_at, age_from, attempts, length(payload) FROM events WHERE seq > ?1
        ORDER BY seq LIMIT ?2
        """
    /// Rows in order, and of each whether a look-up finds it: by its number, and where it waits for a time also by that.
    package static let walks = [
        """
        SELECT seq, EXISTS (SELECT 1 FROM events k WHERE k.seq = e.seq), due_at IS NULL OR EXISTS
            (SELECT 1 FROM events d INDEXED BY events_by_due WHERE d.due_at = e.due_at AND d.seq = e.seq)
        FROM events e WHERE seq > ?1 ORDER BY seq LIMIT ?2
        """,
        """
        SELECT seq, EXISTS (SELECT 1 FROM dead_letters k WHERE k.seq = e.seq), 1
        FROM dead_letters e WHERE seq > ?1 ORDER BY seq LIMIT ?2
        """,
    ]
}
