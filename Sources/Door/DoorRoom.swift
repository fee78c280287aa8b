import NIOCore

/// Which idle connections have to go where the door is full and others come: the longest idle ones of the producer that
/// holds most, so that nobody keeps all others out with connections that he doesn't use.
///
/// The connections of a loop are looked through at most once in `interval`, however many newcomers there are.
struct DoorRoom {
    /// A connection that was just used may have a request on its way.
    static let idleMin = TimeAmount.seconds(1)
    static let interval = TimeAmount.milliseconds(100)
    /// Chosen by one look.
    static let batchMax = 64

    /// The longest idle one last.
    private var chosen: [ObjectIdentifier] = []
    private var nextLook = NIODeadline.uptimeNanoseconds(0)

    /// A connection that may be closed; nil where there is none.
    mutating func next(of connections: [ObjectIdentifier: DoorConnection], now: NIODeadline) -> DoorConnection? {
        if now >= nextLook {
            nextLook = now + Self.interval
            chosen = Self.look(through: connections, now: now)
        }
        while let name = chosen.popLast() {
            if let connection = connections[name], Self.mayGo(connection, now) { return connection }
        }
        return nil
    }

    private static func mayGo(_ connection: DoorConnection, _ now: NIODeadline) -> Bool {
        connection.idleSince.map { now - $0 >= idleMin } ?? false
    }

    private static func look(
        through connections: [ObjectIdentifier: DoorConnection],
        now: NIODeadline
    ) -> [ObjectIdentifier] {
        var counts: [String: Int] = [:]
        for connection in connections.values { counts[connection.caller.producer, default: 0] += 1 }
        let largest = counts.sorted { ($0.value, $0.key) > ($1.value, $1.key) }.prefix(2)
        guard let (producer, most) = largest.first.map({ ($0.key, $0.value) }) else { return [] }
        // Not below the producer that holds next to most, in one look.
        let surplus = most - (largest.dropFirst().first?.value ?? 0)
        return
            connections
            .filter { $0.value.caller.producer == producer && mayGo($0.value, now) }
            .compactMap { name, connection in connection.idleSince.map { (name, $0) } }
            .sorted { $0.1 < $1.1 }
            .prefix(min(batchMax, max(1, surplus)))
            .map(\.0)
            .reversed()
    }
}
