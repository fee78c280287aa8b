import OutboxCore

extension Model {
    func expiring(_ query: ExpiringQuery, limit: Int) -> ExpiringPage {
        var page = ExpiringPage(query: query, rows: [], next: nil)
        switch query {
        case .passed(let place, let until):
            let places = events.values.compactMap { event in
                event.expiresAt.map { DuePlace(dueAt: $0, sequence: event.sequence) }
            }
            let passed = places.filter { $0.dueAt <= until && (place == nil || $0 > place!) }.sorted().prefix(limit)
            page.rows = passed.map { row(events[$0.sequence]!) }
            if passed.count == limit { page.next = .passed(behind: passed.last, until: until) }
        case .aged(let behind, let limits, let ahead):
            let youngest = limits.values.map(\.agedFrom).max()!
            let firstImported = EventID.firstImportedRow
            for (looked, event) in events.values.filter({ $0.sequence > behind })
                .sorted(by: { $0.sequence < $1.sequence }).prefix(limit).enumerated()
            {
                if event.acceptedAt > youngest, event.acceptedAt <= ahead, event.sequence < firstImported {
                    let hasImported = events.values.contains { $0.sequence >= firstImported }
                    page.next = hasImported ? .aged(behind: firstImported - 1, limits, ahead: ahead) : nil
                    break
                }
                if looked == limit - 1 { page.next = .aged(behind: event.sequence, limits, ahead: ahead) }
                if let rule = limits[event.functionKey], isTooOld(event, rule, ahead) { page.rows.append(row(event)) }
            }
        }
        return page
    }

    private func isTooOld(_ event: Event, _ rule: AgeLimit, _ ahead: WallTime) -> Bool {
        let isFromAhead = event.acceptedAt > ahead && event.ageFrom > ahead
        guard event.ageFrom <= rule.agedFrom || isFromAhead else { return false }
        guard let since = rule.attemptedSince, isFromAhead || event.ageFrom <= since else { return true }
        return event.lines.last.map { $0.lastAt > since } ?? false
    }

    private func row(_ event: Event) -> ExpiringPage.Row {
        ExpiringPage.Row(sequence: event.sequence, functionKey: event.functionKey, function: event.new.function)
    }
}
