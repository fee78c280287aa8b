/// What the lock file tells the next owner. Nobody syncs it but for a store that is new to it.
struct OwnerRecord: Hashable {
    enum Mark: String {
        /// An earlier owner of this boot had an error of the disk that no later one has settled.
        case diskError = "disk error"
        /// An earlier owner read what contradicts itself.
        case damage
        /// And so did one that had found nothing wrong at its start.
        case damageAgain = "damage 2"
    }

    /// The database that was opened last: what tells a damaged file of ours from a foreign one.
    struct Store: Hashable {
        var instanceID: String
        var generation: UInt16
        var schema: Int64
        var bootID: String
    }

    var mark: Mark?
    var store: Store?

    // MARK: As text

    /// Behind the owner's process id.
    static let markPlace = 24
    static let storePlace = 36

    static func bytes(_ mark: Mark?) -> [UInt8] {
        let word = Array((mark?.rawValue ?? "").utf8)
        return word + Array(repeating: UInt8(ascii: " "), count: storePlace - markPlace - 1 - word.count) + [10]
    }

    static func bytes(_ store: Store?) -> [UInt8] {
        guard let store else { return [] }
        return Array("store \(store.instanceID) \(store.generation) \(store.schema) \(store.bootID)\n".utf8)
    }

    /// From a whole lock file; what is not in form is not there.
    init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes.dropFirst(Self.markPlace), as: UTF8.self)
        let lines = text.split(separator: "\n")
        let blank: (Character) -> Bool = { $0 == " " }
        for line in lines {
            let words = line.split(whereSeparator: blank)
            if let mark = Mark(rawValue: words.joined(separator: " ")) { self.mark = mark }
            guard words.count >= 4, words[0] == "store", let generation = UInt16(words[2]), let schema = Int64(words[3])
            else { continue }
            store = Store(
                instanceID: String(words[1]),
                generation: generation,
                schema: schema,
                bootID: words.count > 4 ? String(words[4]) : ""
            )
        }
    }
}
