/// What the commit loop needs of a store beside the queue itself: sizes, budgets and due work. Same thread as `EventStore`.
package protocol EventStoreUpkeep: ~Copyable {
    /// The earliest due time later than `time`; nil if none is.
    mutating func nextDue(after time: WallTime) throws(StoreError) -> WallTime?

    /// Queued events that may have to die. Looks at `limit` rows at most: of hard expiries by their index, of ages in
    /// accept order, until the first row that is too young for each of the limits.
    mutating func expiring(_ query: ExpiringQuery, limit: Int) throws(StoreError) -> ExpiringPage

    /// Queued events behind `place`, in order of due time, that were tried before, redriven or sent now by an
    /// operator: a promised time is no retry's. Looks at `limit` rows with a due time at most, the promised ones included.
    mutating func retries(behind place: DuePlace, limit: Int) throws(StoreError) -> RetryPage

    /// What an accept of this event would be answered if its key names an event that is remembered: `.repeated` or
    /// `.conflict`; nil where it would be a new event. Changes nothing.
    mutating func lookUpRepeat(of event: NewEvent, now: WallTime) throws(StoreError) -> StoreReply?

    /// What this function holds now, queued and dead together; zero if it is unknown.
    func usage(of function: FunctionIdentity) -> FunctionUsage

    /// Whether the store has a row for this function.
    func knows(_ function: FunctionIdentity) -> Bool

    /// Whether the store has a row for this producer.
    func knows(producer: String) -> Bool

    /// How many functions and producers have a row: each is an entry in memory, too.
    var names: StoreNames { get }

    /// How many idempotency keys are remembered, roughly: one that was taken over counts more than once, and it counts
    /// for some time after its window. No I/O.
    var keysRemembered: Int { get }

    /// Bytes of the log that are not yet in the file: what a checkpoint would move. No I/O.
    var walBytes: Int { get }

    /// Gives up to `pages` free pages of the file back to the file system, for as long as `goOn`, asked after each, says
    /// so: rows at the end of the file move to the front. The file shrinks at the next checkpoint.
    ///
    /// - Returns: how many; none where no page is free.
    /// - Throws: `.full` and `.busy` as `commit` does.
    mutating func giveBackSpace(pages: Int, goOn: () -> Bool) throws(StoreError) -> Int

    /// Begins a copy of the whole queue in a file of its own, which replaces one that was left over.
    ///
    /// - Returns: its path; the file is the caller's once the copy is done.
    /// - Throws: what keeps the copy from being made; the queue is as it was.
    mutating func beginCopy() throws(StoreError) -> String

    /// Copies some pages more. What is committed between two calls is in the copy.
    ///
    /// - Throws: what ended the copy, its file is gone; the queue is as it was.
    mutating func copy(pages: Int) throws(StoreError) -> CopyProgress

    /// Gives the copy up that is under way, and removes its file.
    mutating func endCopy()

    /// Sizes on disk, cheap enough for every few commits.
    mutating func size() throws(StoreError) -> StoreSize
}

/// A page of retries that are due later.
package struct RetryPage: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        package var place: DuePlace
        package var function: FunctionIdentity
        package init(place: DuePlace, function: FunctionIdentity) {
            self.place = place
            self.function = function
        }
    }
    package var rows: [Row]
    /// Where the next page begins; nil: there are no more rows.
    package var next: DuePlace?

    package init(rows: [Row], next: DuePlace?) {
        self.rows = rows
        self.next = next
    }
}

/// How many names the store keeps.
package struct StoreNames: Hashable, Sendable {
    package var functions: Int
    package var producers: Int
    package init(functions: Int, producers: Int) {
        self.functions = functions
        self.producers = producers
    }
}

/// What one function holds of the queue.
package struct FunctionUsage: Hashable, Sendable {
    package var events: Int
    package var bytes: Int
    package init(events: Int = 0, bytes: Int = 0) {
        self.events = events
        self.bytes = bytes
    }
}

/// Bytes on disk.
package struct StoreSize: Hashable, Sendable {
    /// The database file, free pages left out.
    package var usedBytes: Int
    package var fileBytes: Int
    /// Of the log, not yet moved into the file. (The log's file keeps its greatest size.)
    package var walBytes: Int
    package init(usedBytes: Int = 0, fileBytes: Int = 0, walBytes: Int = 0) {
        self.usedBytes = usedBytes
        self.fileBytes = fileBytes
        self.walBytes = walBytes
    }
}
