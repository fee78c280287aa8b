package import OutboxCore

/// A store and its reader, opened, closed and opened again. One thread.
package final class OpenedStore<Store, Reader>: StoreUnderTest
where Store: EventStore & EventStoreUpkeep & ~Copyable, Reader: EventReader & ~Copyable {
    private let openStore: () throws -> Store
    private let openReader: () throws -> Reader
    private let closeStore: (consuming Store) throws -> Void
    // nil only while `reopen` runs, or after it failed.
    private var opened: Store?
    private var reader: Reader?

    /// - Parameter openReader: called after `openStore`, and again after each opening.
    package init(
        open openStore: @escaping () throws -> Store,
        reader openReader: @escaping () throws -> Reader,
        close closeStore: @escaping (consuming Store) throws -> Void
    ) throws {
        self.openStore = openStore
        self.openReader = openReader
        self.closeStore = closeStore
        opened = try openStore()
        reader = try openReader()
    }

    package func reopen() throws {
        reader = nil
        if let store = opened.take() { try closeStore(store) }
        opened = try openStore()
        reader = try openReader()
    }

    /// Gives the store and its reader up, without closing in order.
    package func drop() {
        reader = nil
        opened = nil
    }

    package func commit(_ commands: [StoreCommand], now: WallTime) throws(StoreError) -> [StoreReply] {
        try opened!.commit(commands, now: now)
    }

    package func claim(_ request: ClaimRequest) throws(StoreError) -> ClaimPage {
        try opened!.claim(request)
    }

    package func nextDue() throws(StoreError) -> WallTime? {
        try opened!.nextDue()
    }

    package func nextDue(after time: WallTime) throws(StoreError) -> WallTime? {
        try opened!.nextDue(after: time)
    }

    package func expiring(_ query: ExpiringQuery, limit: Int) throws(StoreError) -> ExpiringPage {
        try opened!.expiring(query, limit: limit)
    }

    package func cutOffs() throws(StoreError) -> [CutOff] {
        try opened!.cutOffs()
    }

    package func clockRecord() throws(StoreError) -> ClockRecord? {
        try opened!.clockRecord()
    }

    package func retries(behind place: DuePlace, limit: Int) throws(StoreError) -> RetryPage {
        try opened!.retries(behind: place, limit: limit)
    }

    package func lookUpRepeat(of event: NewEvent, now: WallTime) throws(StoreError) -> StoreReply? {
        try opened!.lookUpRepeat(of: event, now: now)
    }

    package func usage(of function: FunctionIdentity) -> FunctionUsage {
        withStore { $0.usage(of: function) }
    }

    package func knows(_ function: FunctionIdentity) -> Bool {
        withStore { $0.knows(function) }
    }

    package func knows(producer: String) -> Bool {
        withStore { $0.knows(producer: producer) }
    }

    package var names: StoreNames { withStore { $0.names } }
    package var keysRemembered: Int { withStore { $0.keysRemembered } }

    package var totals: StoreTotals { withStore { $0.totals } }

    private func withStore<Result>(_ body: (inout Store) -> Result) -> Result {
        body(&opened!)
    }

    package func functions() throws(StoreError) -> [FunctionRecord] {
        try opened!.functions()
    }

    package func routes() throws(StoreError) -> [RouteRecord] {
        try opened!.routes()
    }

    package func pauses() throws(StoreError) -> [PauseRule] {
        try opened!.pauses()
    }

    package func queued(_ id: EventID) throws(StoreError) -> QueuedEvent? {
        try opened!.queued(id)
    }

    package func event(_ id: EventID) throws(StoreError) -> EventDetail? {
        try reader!.event(id)
    }

    package func payload(_ id: EventID) throws(StoreError) -> [UInt8]? {
        try reader!.payload(id)
    }

    package func queued(_ filter: EventFilter, after: Int64?, limit: Int) throws(StoreError) -> [EventDetail] {
        var events: [EventDetail] = []
        var place = after
        repeat {
            let page = try reader!.queued(filter, after: place, limit: limit - events.count)
            events += page.events
            place = page.next
        } while place != nil && events.count < limit
        return events
    }

    package func deadLetters(
        _ filter: EventFilter,
        after: DeadPlace?,
        limit: Int
    ) throws(StoreError) -> [EventDetail] {
        try reader!.deadLetters(filter, after: after, limit: limit)
    }

    package func oldestQueued() throws(StoreError) -> EventDetail? {
        try reader!.oldestQueued()
    }

    package func deadLetterGroups() throws(StoreError) -> [DeadLetterGroup] {
        try reader!.deadLetterGroups()
    }
}

extension ModelStore {
    /// A fresh model as a store under test; it has nothing to close.
    package static func underTest() throws -> any StoreUnderTest {
        let model = ModelStore()
        return try OpenedStore(open: { model }, reader: { model }, close: { _ in })
    }
}
