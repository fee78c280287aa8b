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

    /// What is known of one producer that has bodies here. Looking for a producer costs as much as there are producers,
    /// not as there are bodies.
    private struct Producer {
        /// Bytes granted, and bytes of those that wait.
        var held = 0
        var bodies = 0
        /// Bodies in line.
        var waiting: [Share: Int] = [.small: 0, .large: 0]
        /// In order of arrival.
        var lines: [Share: RankedBodies] = [.small: RankedBodies(), .large: RankedBodies()]
        /// The largest first.
        var largest = RankedBodies()
        /// Whose turn it is among producers that hold alike: the lowest.
        var turn = 0

        var waitingInAll: Int { waiting.values.reduce(0, +) }
    }

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
        /// In the line of its share; nil: not in line. No two bodies ever have the same.
        var place: Int?
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
    /// Bodies in line.
    private var inLine: [Share: Int] = [.small: 0, .large: 0]
    private var waitingBytes = 0
    private var producers: [String: Producer] = [:]
    private var places = 0
    /// Bodies and producers looked at so far to decide who is next and who has to go.
    private(set) var work = 0

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
        var body = bodies[name] ?? begin(producer, received: received, needed: needed, share: share, now)
        body.received = received
        if body.isGranted, body.needed == needed {
            bodies[name] = body
            return .readOn
        }
        release(&body)
        body.needed = needed
        if body.share != share { leaveLine(&body) }
        body.share = share
        if body.place == nil, inLine[share] == 0, fits(body) {
            grant(&body, now)
            bodies[name] = body
            return .readOn
        }
        guard waitingBytes + received <= shares.waiting else {
            bodies[name] = body
            return overflow(body)
        }
        wait(&body, name)
        return .wait
    }

    /// Gives back all that a body holds; one that holds nothing may be named too.
    mutating func end(_ name: Name) {
        guard var body = bodies.removeValue(forKey: name) else { return }
        release(&body)
        leaveLine(&body)
        producers[body.producer]!.bodies -= 1
        if producers[body.producer]!.bodies == 0 { producers[body.producer] = nil }
    }

    /// Grants what can be granted, and names those that read on.
    mutating func wake(_ now: NIODeadline) -> [Name] {
        var woken: [Name] = []
        for share in Share.allCases {
            while let name = next(of: share), var body = bodies[name], fits(body) {
                leaveLine(&body)
                release(&body)
                grant(&body, now)
                bodies[name] = body
                woken.append(name)
            }
        }
        return woken
    }

    /// Begins to look at a body's pace anew: until now the door itself has kept it from coming.
    mutating func resumed(_ name: Name, now: NIODeadline) {
        guard let received = bodies[name]?.received else { return }
        bodies[name]!.paceFrom = now
        bodies[name]!.paceBytes = received
    }

    /// The bodies that come too slowly while others wait for their share.
    func slow(_ now: NIODeadline) -> [Name] {
        bodies.filter { _, body in
            body.isGranted && inLine[body.share]! > 0 && body.isSlow(now)
        }.map(\.key)
    }

    // MARK: Accounts

    private func fits(_ body: Body) -> Bool {
        let held = granted[body.share] ?? 0
        return held == 0 || held + body.needed <= (body.share == .small ? shares.small : shares.large)
    }

    private mutating func begin(
        _ producer: String,
        received: Int,
        needed: Int,
        share: Share,
        _ now: NIODeadline
    ) -> Body {
        producers[producer, default: Producer()].bodies += 1
        return Body(
            producer: producer,
            received: 0,
            needed: needed,
            share: share,
            paceFrom: now,
            paceBytes: received
        )
    }

    private mutating func grant(_ body: inout Body, _ now: NIODeadline) {
        body.isGranted = true
        body.paceFrom = now
        body.paceBytes = body.received
        granted[body.share, default: 0] += body.needed
        producers[body.producer]!.held += body.needed
        // Behind the others that hold as much.
        places += 1
        producers[body.producer]!.turn = places
    }

    private mutating func release(_ body: inout Body) {
        let held = body.isGranted ? body.needed : body.waiting
        if body.isGranted { granted[body.share, default: 0] -= held } else { waitingBytes -= held }
        body.isGranted = false
        body.waiting = 0
        producers[body.producer]!.held -= held
    }

    /// Puts a body in line, if it isn't there, with the bytes that have come of it.
    private mutating func wait(_ body: inout Body, _ name: Name) {
        body.waiting = body.received
        waitingBytes += body.waiting
        producers[body.producer]!.held += body.waiting
        let isNew = body.place == nil
        if isNew {
            places += 1
            body.place = places
            if producers[body.producer]!.waitingInAll == 0 { producers[body.producer]!.turn = places }
            inLine[body.share]! += 1
            producers[body.producer]!.waiting[body.share]! += 1
        }
        bodies[name] = body
        guard let place = body.place else { return }
        if isNew {
            let entry = RankedBodies.Entry(rank: -place, name: name, place: place)
            producers[body.producer]!.lines[body.share]!.insert(entry, work: &work)
        }
        let entry = RankedBodies.Entry(rank: body.waiting, name: name, place: place)
        producers[body.producer]!.largest.insert(entry, work: &work)
        forgetStale(body.producer)
    }

    private mutating func leaveLine(_ body: inout Body) {
        guard body.place != nil else { return }
        body.place = nil
        inLine[body.share]! -= 1
        producers[body.producer]!.waiting[body.share]! -= 1
    }

    /// Entries of bodies that have left a line don't outnumber those that are in it by much.
    private mutating func forgetStale(_ producer: String) {
        let bodies = bodies
        let isInLine = { (entry: RankedBodies.Entry) in bodies[entry.name]?.place == entry.place }
        for share in Share.allCases
        where producers[producer]!.lines[share]!.count > 64 + 2 * producers[producer]!.waiting[share]! {
            producers[producer]!.lines[share]!.keepOnly(
                { isInLine($0) && bodies[$0.name]?.share == share },
                work: &work
            )
        }
        if producers[producer]!.largest.count > 64 + 2 * producers[producer]!.waitingInAll {
            producers[producer]!.largest.keepOnly(
                { isInLine($0) && bodies[$0.name]?.waiting == $0.rank },
                work: &work
            )
        }
    }

    /// The first in line of the producer that holds least.
    private mutating func next(of share: Share) -> Name? {
        guard inLine[share]! > 0 else { return nil }
        work += producers.count
        let waiting = producers.lazy.filter { $0.value.waiting[share]! > 0 }
        guard let producer = waiting.min(by: { ($0.value.held, $0.value.turn) < ($1.value.held, $1.value.turn) })?.key
        else { return nil }
        let bodies = bodies
        return producers[producer]!.lines[share]!.first(
            where: { bodies[$0.name]?.place == $0.place && bodies[$0.name]?.share == share },
            work: &work
        )?.name
    }

    /// There is no room for another that waits: the largest of the producer that holds most has to go.
    private mutating func overflow(_ body: Body) -> Decision {
        let own = (producers[body.producer]!.held + body.received, body.received)
        work += producers.count
        let others = producers.lazy.filter { $0.key != body.producer && $0.value.waitingInAll > 0 }
        guard let (producer, most) = others.max(by: { $0.value.held < $1.value.held }).map({ ($0.key, $0.value.held) })
        else { return .refuse }
        let bodies = bodies
        let largest = producers[producer]!.largest.first(
            where: { bodies[$0.name]?.place == $0.place && bodies[$0.name]?.waiting == $0.rank },
            work: &work
        )
        guard let largest, (most, largest.rank) > own else { return .refuse }
        return .makeWay(largest.name)
    }
}
