import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// What keeps the hot paths fast whatever the backlog: no scan of a table that grows, no index on fresh rows.
@Suite("Query plans")
struct QueryPlanTests {
    private func plan(_ sql: String) throws -> String {
        let folder = try TemporaryDirectory()
        try openStore(folder.file("queue.db")).close(clean: true)
        return try PlainDatabase(folder.file("queue.db")).rows("EXPLAIN QUERY PLAN \(sql)").joined(separator: "; ")
    }

    @Test func `the fresh lane walks the table by sequence`() throws {
        #expect(try plan(StoreQueries.fresh).contains("SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"))
    }

    @Test func `the due lane walks the due index alone`() throws {
        let plan = try plan(StoreQueries.due)
        #expect(plan.contains("USING COVERING INDEX events_by_due"))
        #expect(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"))
    }

    @Test func `the next due time is one look-up`() throws {
        let plan = try plan(StoreQueries.nextDue)
        #expect(plan.contains("SEARCH events USING COVERING INDEX events_by_due (due_at>?)"))
        #expect(!plan.contains("TEMP B-TREE"))
    }

    @Test func `later retries are walked in the due index`() throws {
        let plan = try plan(StoreQueries.laterRetries)
        #expect(plan.contains("SEARCH events USING INDEX events_by_due"))
        #expect(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"))
    }

    @Test func `expired events come from their index`() throws {
        let plan = try plan(StoreQueries.passed)
        #expect(plan.contains("SEARCH events USING INDEX events_by_expiry"))
        #expect(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"))
    }

    @Test func `ages are looked at in accept order`() throws {
        #expect(try plan(StoreQueries.ages).hasSuffix("SEARCH events USING INTEGER PRIMARY KEY (rowid>?)"))
    }

    @Test(arguments: StoreQueries.walks)
    func `a walk goes by number, and looks up in indexes alone`(query: String) throws {
        let plan = try plan(query)
        #expect(plan.contains("SEARCH e USING INTEGER PRIMARY KEY (rowid>?)"))
        #expect(plan.contains("SEARCH k USING INTEGER PRIMARY KEY (rowid=?)"))
        #expect(!query.contains("due_at") || plan.contains("INDEX events_by_due (due_at=? AND seq=?)"))
        #expect(!plan.contains("SCAN e") && !plan.contains("SCAN k") && !plan.contains("TEMP B-TREE"))
    }

    @Test func `fresh rows are in no index of the queue`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        _ = try store.commit((1...100).map { _ in .accept(StoreBench.event()) }, now: startOfTest)
        let database = try PlainDatabase(folder.file("queue.db"))
        #expect(
            try database.rows("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'events'").count == 2
        )
        for index in ["events_by_due", "events_by_expiry"] {
            let column = index == "events_by_due" ? "due_at" : "expires_at"
            let sql = "SELECT count(*) FROM events INDEXED BY \(index) WHERE \(column) IS NOT NULL"
            #expect(try database.rows(sql) == ["0"])
        }
        try store.close(clean: true)
    }
}
