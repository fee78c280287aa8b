/// An event on its way in under the id that it was given elsewhere, or here before it left.
package struct ImportedEvent: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        /// It may have reached Lambda meanwhile: it comes in with the mark *uncertain*.
        case queue
        /// A corrupt one must have a digest that its payload doesn't have: it is never delivered.
        case deadLetters(DeadLetterCondition, reason: String, diedAt: WallTime)
    }

    package var id: EventID
    /// Its `dedupe.window` counts for nothing; `deliverAt` is a time that was promised.
    package var event: NewEvent
    package var place: Place
    /// When its key's window passes.
    package var keyUntil: WallTime?
    package var chargedAttempts: Int
    package var uncertain: Bool
    package var redriven: Int
    /// All attempts ever; at least as many as `lines` tell of.
    package var attempts: Int
    package var lines: [AttemptRecord]

    package init(
        id: EventID,
        event: NewEvent,
        place: Place,
        keyUntil: WallTime? = nil,
        chargedAttempts: Int = 0,
        uncertain: Bool = false,
        redriven: Int = 0,
        attempts: Int = 0,
        lines: [AttemptRecord] = []
    ) {
        self.id = id
        self.event = event
        self.place = place
        self.keyUntil = keyUntil
        self.chargedAttempts = chargedAttempts
        self.uncertain = uncertain
        self.redriven = redriven
        self.attempts = attempts
        self.lines = lines
    }

    /// Its key names it from now on. That of a corrupt one may be anybody's: its contents are in doubt.
    package var takesKey: Bool {
        if case .deadLetters(.corrupt, _, _) = place { return false }
        return true
    }
}

/// An idempotency key on its way in: that of an event which may long have left.
package struct ImportedKey: Hashable, Sendable {
    package var digest: Digest128
    /// As in `KeyEntry`.
    package var content: Digest128
    package var event: EventID
    /// When its window passes; nil: it has, and the event holds it.
    package var rememberedUntil: WallTime?

    package init(
        digest: Digest128,
        content: Digest128,
        event: EventID,
        rememberedUntil: WallTime?
    ) {
        self.digest = digest
        self.content = content
        self.event = event
        self.rememberedUntil = rememberedUntil
    }
}

/// What an import brings in, one after the other.
package enum ImportedRecord: Hashable, Sendable {
    case event(ImportedEvent)
    case key(ImportedKey)

    /// nil of a key, which knows it by a digest.
    package var function: FunctionIdentity? {
        switch self {
        case .event(let event): event.event.function
        case .key: nil
        }
    }
}

/// What became of one record of an import.
package enum ImportOutcome: Hashable, Sendable {
    case added
    /// This database has it, in this state; a key: it names that event already.
    case here(EventState)
    /// It was this database's: handed over, cancelled or purged, and forgotten since.
    case gone
    /// Its key names this event here, of the same contents: it would be delivered twice (P4).
    case repeats(EventID)
    /// A key that names another event here.
    case keyTaken(EventID)
    /// A key whose window has passed, and whose event isn't here.
    case keyOver
    /// Another event has the only number that its id leaves for it.
    case clash(EventID)
    /// Over a budget; for people.
    case noRoom(String)
}

/// How much an import may bring in (P7). A value: the commit loop fills it, the store takes from it.
package struct ImportRoom: Hashable, Sendable {
    /// Why nothing at all may come in.
    package var closed: String?
    package var events = Int.max
    package var bytes = Int.max
    /// Idempotency keys, those of events included.
    package var keys = Int.max
    /// Names that nobody knows yet.
    package var functions = Int.max
    package var producers = Int.max
    /// What is left of each function's share; one that isn't here has all of the rest.
    package var shares: [FunctionIdentity: FunctionUsage] = [:]

    package init() {}

    /// nil: it fits, and is counted. Otherwise why not, for people.
    ///
    /// Of an event; `takeKey` is for what comes without one.
    package mutating func take(
        _ function: FunctionIdentity,
        payloadBytes: Int,
        hasKey: Bool,
        isNewFunction: Bool,
        isNewProducer: Bool
    ) -> String? {
        if let closed { return closed }
        if isNewFunction, functions < 1 {
            return "this daemon knows as many functions as it may, and takes no new names"
        }
        if isNewProducer, producers < 1 {
            return "this daemon knows as many producers as it may, and takes no new ones"
        }
        if hasKey, keys < 1 { return Admission.keysReason }
        if events < 1 { return "the queue holds queue.max_events events" }
        if bytes < payloadBytes { return "the queue holds queue.max_bytes bytes" }
        if let share = shares[function], share.events < 1 || share.bytes < payloadBytes {
            return Admission.shareReason
        }
        events -= 1
        bytes -= payloadBytes
        shares[function]?.events -= 1
        shares[function]?.bytes -= payloadBytes
        keys -= hasKey ? 1 : 0
        functions -= isNewFunction ? 1 : 0
        producers -= isNewProducer ? 1 : 0
        return nil
    }

    /// nil: one more key fits, and is counted. Otherwise why not, for people.
    package mutating func takeKey() -> String? {
        if let closed { return closed }
        if keys < 1 { return Admission.keysReason }
        keys -= 1
        return nil
    }
}
