import AdminAPI
import Client

/// Walks a list that comes in pages.
enum Paging {
    /// Calls `body` with every event, at most `limit` of them.
    ///
    /// - Returns: whether there are more behind the limit.
    static func walk(
        _ query: AdminClient.ListQuery,
        limit: Int = .max,
        page: (AdminClient.ListQuery) throws -> EventPage,
        _ body: ([Event]) throws -> Void
    ) throws -> Bool {
        var query = query
        var left = limit
        while left > 0 {
            query.limit = min(left, query.limit ?? 500)
            let found = try page(query)
            try body(Array(found.events.prefix(left)))
            left -= min(left, found.events.count)
            guard let next = found.next else { return false }
            query.after = next
        }
        // A full page names a next one also where nothing is behind it.
        query.limit = 1
        return try !page(query).events.isEmpty
    }
}

/// What both lists print.
struct ListOutput {
    let json: Bool
    let limit: Int

    func print(
        _ query: AdminClient.ListQuery,
        page: (AdminClient.ListQuery) throws -> EventPage,
        table: ([Event], Style) -> Table
    ) throws {
        let style = Output.standard.style
        // Columns are aligned over all rows; anything else goes out page by page.
        let isAligned = !json && style.isTerminal
        var shown: [Event] = []
        let more = try Paging.walk(query, limit: limit, page: page) { events in
            if json {
                for event in events { try Output.standard.json(event) }
            } else if isAligned {
                shown += events
            } else {
                table(events, style).print()
            }
        }
        if isAligned { table(shown, style).print() }
        if more { Self.tellOfMore(limit) }
    }

    static func tellOfMore(_ limit: Int) {
        Output.error.line("lambda-outbox: the first \(limit) are shown; --limit shows more")
    }
}
