import NIOCore

/// Memory for the bodies being received on one event loop: decides who may read on, and holds no bytes itself.
///
/// A body that is whole within one read needs none. Of any other, the first bytes must have come before it is given
/// anything; then it is granted whole, so that what has begun can finish, or it waits and isn't read from. Small bodies
/// have a share of their own and never wait behind large ones. Where others wait, the producer that holds least is
/// next, and a granted body that comes too slowly has to go.
struct BodyMemory {
    /// Names a body; its owner's choice.
    typealias Name = ObjectIdentifier

    /// How the memory is divided, in bytes. What is held never exceeds the sum.
    struct Shares: Equatable {
        /// A body of so many bytes at most is small.
        var smallBody: Int
        /// Granted to small bodies.
        var small: Int
        /// Granted to larger ones.
        var large: Int
        /// Holds the first bytes of those that wait.
        var waiting: Int

        /// - Parameter bodyMax: the largest body that is taken; it always fits, even where `total` is less.
        init(total: Int, bodyMax: Int, smallBody: Int) {
            self.smallBody = smallBody
            large = max(total / 2, bodyMax)
            small = max((total - large) / 2, smallBody)
            waiting = small
        }
    }

    enum Decision: Equatable {
        case readOn
        /// Nothing more is read until `wake` names the body.
        case wait
        /// There is no room for what has come: the body has to go.
        case refuse
        /// This other body, whose producer holds more, has to go first. Then ask again.
        case makeWay(Name)
    }

    private enum Share: CaseIterable { case small, large }

    private struct Body {
        var producer: String
        /// Bytes that have come.
        var received: Int
        /// Bytes granted, or asked for.
        var needed: Int
        var share: Share
        var isGranted = false
        /// Bytes that count as waiting.
        var waiting = 0
        /// From when on, and from which byte on, its pace is looked at.
        var paceFrom: NIODeadline
        var paceBytes: Int

        func isSlow(_ now: NIODeadline) -> Bool {
            let milliseconds = (now - paceFrom).nanoseconds / 1_000_000
            return milliseconds >= BodyMemory.graceMilliseconds
                && Int64(received - paceBytes) < milliseconds * BodyMemory.bytesPerMillisecond
        }
    }

    /// The pace that a granted body has to keep while others wait: about 64 KiB a second, looked at after one second.
    private static let bytesPerMillisecond: Int64 = 64
    private static let graceMilliseconds: Int64 = 1000

    let shares: Shares
    private let bodyMax: Int
    private var bodies: [Name: Body] = [:]
    private var granted: [Share: Int] = [.small: 0, .large: 0]
    /// In order of arrival.
    private var queues: [Share: [Name]] = [.small: [], .large: []]
    private var waitingBytes = 0
    private var heldByProducer: [String: Int] = [:]

    init(shares: Shares, bodyMax: Int) {
        self.shares = shares
        self.bodyMax = bodyMax
    }

    /// Bytes granted, and bytes of those that wait.
    var bytesHeld: Int { granted.values.reduce(waitingBytes, +) }
    var isEmpty: Bool { bodies.isEmpty }

    /// After each read that has left a body unfinished.
    ///
    /// - Parameters:
    ///   - received: all its bytes so far; more than none.
    ///   - declared: its length; nil for one in chunks, which counts as small until it is larger.
    mutating func arrived(
        _ name: Name,
        received: Int,
        declared: Int?,
        producer: String,
        now: NIODeadline
    ) -> Decision {
        let needed = declared ?? (received < shares.smallBody ? shares.smallBody : bodyMax)
        let share: Share = needed <= shares.smallBody ? .small : .large
        var body =
            bodies[name]
            ?? Body(
                producer: producer,
                received: 0,
                needed: needed,
                share: share,
                paceFrom: now,
                paceBytes: received
            )
        body.received = received
        if body.isGranted, body.needed == needed {
            bodies[name] = body
            return .readOn
        }
        release(&body)
        body.needed = needed
        if body.share != share { queues[body.share]?.removeAll { $0 == name } }
        body.share = share
        bodies[name] = body
        let isQueued = queues[share]?.contains(name) == true
        if !isQueued, queues[share]?.isEmpty != false, fits(body) {
            grant(name, now)
            return .readOn
        }
        if waitingBytes + received > shares.waiting { return overflow(name) }
        waitingBytes += received
        heldByProducer[producer, default: 0] += received
        bodies[name]?.waiting = received
        if !isQueued { queues[share]?.append(name) }
        return .wait
    }

    /// Gives back all that a body holds; one that holds nothing may be named too.
    mutating func end(_ name: Name) {
        guard var body = bodies.removeValue(forKey: name) else { return }
        release(&body)
        queues[body.share]?.removeAll { $0 == name }
    }

    /// Grants what can be granted, and names those that read on.
    mutating func wake(_ now: NIODeadline) -> [Name] {
        var woken: [Name] = []
        for share in Share.allCases {
            while let name = next(of: share), let body = bodies[name], fits(body) {
                queues[share]?.removeAll { $0 == name }
                grant(name, now)
                woken.append(name)
            }
        }
        return woken
    }

    /// The bodies that come too slowly while others wait for their share.
    func slow(_ now: NIODeadline) -> [Name] {
        bodies.filter { _, body in
            body.isGranted && queues[body.share]?.isEmpty == false && body.isSlow(now)
        }.map(\.key)
    }

    // MARK: Accounts

    private func fits(_ body: Body) -> Bool {
        let held = granted[body.share] ?? 0
        return held == 0 || held + body.needed <= (body.share == .small ? shares.small : shares.large)
    }

    private mutating func grant(_ name: Name, _ now: NIODeadline) {
        guard var body = bodies[name] else { return }
        release(&body)
        body.isGranted = true
        body.paceFrom = now
        body.paceBytes = body.received
        granted[body.share, default: 0] += body.needed
        heldByProducer[body.producer, default: 0] += body.needed
        bodies[name] = body
    }

    private mutating func release(_ body: inout Body) {
        let held = body.isGranted ? body.needed : body.waiting
        if body.isGranted { granted[body.share, default: 0] -= held } else { waitingBytes -= held }
        body.isGranted = false
        body.waiting = 0
        guard held > 0, let total = heldByProducer[body.producer] else { return }
        heldByProducer[body.producer] = total > held ? total - held : nil
    }

    private func next(of share: Share) -> Name? {
        queues[share]?.min { held(by: $0) < held(by: $1) }
    }

    private func held(by name: Name) -> Int { bodies[name].flatMap { heldByProducer[$0.producer] } ?? 0 }

    /// There is no room for another that waits: the largest of the producer that holds most has to go.
    private func overflow(_ name: Name) -> Decision {
        guard let body = bodies[name] else { return .refuse }
        let own = (held(by: name) + body.received, body.received)
        let largest = queues.values.joined().filter { $0 != name }.max { weight($0) < weight($1) }
        guard let largest, weight(largest) > own else { return .refuse }
        return .makeWay(largest)
    }

    private func weight(_ name: Name) -> (Int, Int) { (held(by: name), bodies[name]?.waiting ?? 0) }
}
