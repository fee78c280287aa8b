import OutboxCore

/// The event that an idempotency key names.
struct KeyHolder: Hashable {
    var event: EventID
    var content: Digest128
    /// When the window passes; nil: it has.
    var rememberedUntil: WallTime?
}

/// What is known of a key.
struct KeyStanding {
    let digest: Digest128
    /// In the journal: the newest entry, also one that frees it.
    var found: IdempotencyKeys.Found?
    /// In the table of older versions.
    var old: OldKeyTable.Place?
    var holder: KeyHolder?
}

extension SQLiteStore {
    /// Looks a key up.
    func standing(
        of key: DedupeKey,
        producer: String,
        function: FunctionIdentity
    ) throws(SQLiteError) -> KeyStanding {
        let digest = key.digest(producer: producer, function: function, hash: hash)
        var standing = try standing(of: digest)
        guard standing.found == nil, hasOldKeys, let functionKey = functionTable.known(function),
            let producer = producers.known(producer)
        else { return standing }
        let place = OldKeyTable.Place(
            producer: producer,
            function: functionKey,
            kind: Int64(key.kind.rawValue),
            text: key.text
        )
        standing.holder = try oldKeys.holder(of: place)
        if standing.holder != nil { standing.old = place }
        return standing
    }

    /// In the journal alone.
    func standing(of digest: Digest128) throws(SQLiteError) -> KeyStanding {
        var standing = KeyStanding(digest: digest)
        standing.found = try keys.find(digest)
        if let entry = standing.found?.entry, !entry.isFree {
            standing.holder = KeyHolder(
                event: entry.event,
                content: entry.content,
                rememberedUntil: entry.rememberedUntil
            )
        }
        return standing
    }

    /// Lets the key name this event, whomever it named before.
    mutating func take(_ standing: KeyStanding, for holder: KeyHolder, now: WallTime) throws(SQLiteError) {
        keys.add(
            KeyEntry(
                key: standing.digest,
                event: holder.event,
                content: holder.content,
                until: holder.rememberedUntil
            ),
            replacing: standing.found,
            now: now
        )
        if let old = standing.old { try oldKeys.remove(old) }
    }

    /// Forgets the key of an event that is leaving, if it still names that.
    mutating func freeKey(
        _ key: (kind: Int64, text: String)?,
        of head: EventHead,
        _ sequence: Int64,
        now: WallTime
    ) throws(SQLiteError) {
        guard let key, let kind = DedupeKey.Kind(rawValue: Int(clamping: key.kind)),
            let function = functionTable.function(head.function), let producer = producers.name(head.producer)
        else { return }
        let dedupe = DedupeKey(kind: kind, text: key.text, contentDigest: Digest256(words: (0, 0, 0, 0)), window: .zero)
        let standing = try standing(of: dedupe, producer: producer, function: function)
        guard standing.holder?.event == head.id(sequence) else { return }
        if let found = standing.found {
            keys.add(KeyEntry(freeing: standing.digest, until: found.entry.until), replacing: found, now: now)
        } else if let old = standing.old {
            try oldKeys.remove(old)
        }
    }

    /// Whether a key may still make a repeat of something.
    func isRemembered(_ holder: KeyHolder, now: WallTime) throws(SQLiteError) -> Bool {
        if let until = holder.rememberedUntil, now < until { return true }
        return try isAlive(holder.event)
    }

    // MARK: Keys of older versions

    /// Rows of a slice: each is looked for in several tables and deleted from two.
    private static var movedMax: Int { 500 }

    /// Moves some over, or forgets them.
    /// - Returns: whether there may be more.
    mutating func moveOldKeys(limit: Int, now: WallTime) throws(SQLiteError) -> Bool {
        guard hasOldKeys else { return false }
        let limit = min(limit, Self.movedMax)
        let rows = try oldKeys.some(limit: limit)
        for (place, holder) in rows {
            try oldKeys.remove(place)
            guard let kind = DedupeKey.Kind(rawValue: Int(clamping: place.kind)),
                let function = functionTable.function(place.function), let producer = producers.name(place.producer),
                try isRemembered(holder, now: now)
            else { continue }
            let digest = DedupeKey.digest(kind, place.text, producer: producer, function: function, hash: hash)
            let standing = try standing(of: digest)
            // What the journal says is newer.
            if standing.found == nil { try take(standing, for: holder, now: now) }
        }
        hasOldKeys = rows.count == limit
        return hasOldKeys
    }
}
