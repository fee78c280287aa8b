import NIOCore
import Testing

@testable import Door

/// The decisions alone, without connections.
@Suite struct `Body memory` {
    final class Owner {}

    static let start = NIODeadline.uptimeNanoseconds(0)

    static func memory(total: Int = 1000, bodyMax: Int = 100, smallBody: Int = 10) -> BodyMemory {
        BodyMemory(shares: .init(total: total, bodyMax: bodyMax, smallBody: smallBody), bodyMax: bodyMax)
    }

    @Test func `the shares make up the whole (P7)`() {
        let shares = BodyMemory.Shares(total: 32 << 20, bodyMax: 1 << 20, smallBody: 64 << 10)
        #expect(shares.large == 16 << 20)
        #expect(shares.small == 8 << 20)
        #expect(shares.waiting == 8 << 20)
    }

    @Test func `as many large bodies are granted as fit, whole, and the next waits`() {
        var memory = Self.memory()
        let owners = (0..<6).map { _ in Owner() }
        let decisions = owners.map {
            memory.arrived(ObjectIdentifier($0), received: 1, declared: 100, producer: "a", now: Self.start)
        }
        #expect(decisions == Array(repeating: .readOn, count: 5) + [.wait])
        #expect(memory.bytesHeld == 501)
        #expect(memory.wake(Self.start).isEmpty)
        memory.end(ObjectIdentifier(owners[0]))
        #expect(memory.wake(Self.start) == [ObjectIdentifier(owners[5])])
        for owner in owners { memory.end(ObjectIdentifier(owner)) }
        #expect(memory.bytesHeld == 0)
        #expect(memory.isEmpty)
    }

    @Test func `the producer that holds least is next, and within one the first that came`() {
        var memory = Self.memory(total: 200)
        let owners = (0..<5).map { _ in Owner() }
        let names = owners.map { ObjectIdentifier($0) }
        for (name, producer) in zip(names, ["a", "a", "a", "b", "b"]) {
            _ = memory.arrived(name, received: 1, declared: 100, producer: producer, now: Self.start)
        }
        var order: [ObjectIdentifier] = []
        var ending = names[0]
        for _ in 0..<4 {
            memory.end(ending)
            guard let next = memory.wake(Self.start).first else { break }
            order.append(next)
            ending = next
        }
        #expect(order.count == 4)
        #expect(order.firstIndex(of: names[3])! < order.firstIndex(of: names[4])!)
        #expect(order.firstIndex(of: names[1])! < order.firstIndex(of: names[2])!)
        memory.end(ending)
        #expect(memory.bytesHeld == 0)
        withExtendedLifetime(owners) {}
    }

    @Test func `a producer with one body waits for one slot, however many another has in line`() {
        var memory = Self.memory(total: 200)
        let hogs = (0..<20).map { _ in Owner() }
        for hog in hogs {
            _ = memory.arrived(ObjectIdentifier(hog), received: 1, declared: 100, producer: "hog", now: Self.start)
        }
        let honest = Owner()
        let decision = memory.arrived(
            ObjectIdentifier(honest),
            received: 1,
            declared: 100,
            producer: "honest",
            now: Self.start
        )
        #expect(decision == .wait)
        memory.end(ObjectIdentifier(hogs[0]))
        #expect(memory.wake(Self.start) == [ObjectIdentifier(honest)])
    }

    @Test func `who is slow has to go only where others wait for the same share`() {
        var memory = Self.memory(total: 200_000, bodyMax: 100_000, smallBody: 10)
        let slow = Owner()
        let next = Owner()
        func arrive(_ owner: Owner, _ received: Int, _ milliseconds: Int64) -> BodyMemory.Decision {
            memory.arrived(
                ObjectIdentifier(owner),
                received: received,
                declared: 100_000,
                producer: "a",
                now: Self.start + .milliseconds(milliseconds)
            )
        }
        func slowOnes(_ milliseconds: Int64) -> [ObjectIdentifier] {
            memory.slow(Self.start + .milliseconds(milliseconds))
        }
        #expect(arrive(slow, 1, 0) == .readOn)
        #expect(slowOnes(5000).isEmpty)
        #expect(arrive(next, 1, 0) == .wait)
        #expect(slowOnes(999).isEmpty)
        #expect(slowOnes(1000) == [ObjectIdentifier(slow)])
        #expect(arrive(slow, 70_000, 1000) == .readOn)
        #expect(slowOnes(1000).isEmpty)
        #expect(slowOnes(1200) == [ObjectIdentifier(slow)])
        memory.end(ObjectIdentifier(slow))
        #expect(memory.wake(Self.start + .milliseconds(1200)) == [ObjectIdentifier(next)])
        #expect(slowOnes(9000).isEmpty)
    }

    @Test func `what one body costs doesn't grow with those that wait (P7)`() {
        let count = 4000
        // Room for so many that are granted, and for so many that wait.
        var memory = Self.memory(total: 4 * count, bodyMax: 2, smallBody: 1)
        let owners = (0..<2 * count + count / 4).map { _ in Owner() }
        let names = owners.map { ObjectIdentifier($0) }
        var calls = 0
        func arrive(_ index: Int, _ producer: String) -> BodyMemory.Decision {
            calls += 1
            return memory.arrived(names[index], received: 1, declared: 2, producer: producer, now: Self.start)
        }
        func end(_ name: ObjectIdentifier) -> [ObjectIdentifier] {
            calls += 1
            memory.end(name)
            return memory.wake(Self.start)
        }
        #expect((0..<count).allSatisfy { arrive($0, $0.isMultiple(of: 2) ? "a" : "b") == .readOn })
        #expect((count..<2 * count).allSatisfy { arrive($0, "a") == .wait })
        // Each of another producer pushes one of those out.
        for index in 2 * count..<names.count {
            guard case .makeWay(let other) = arrive(index, "c") else {
                Issue.record("nobody had to make way")
                return
            }
            #expect(end(other).isEmpty)
            #expect(arrive(index, "c") == .wait)
        }
        var granted = Array(names[..<count])
        while let name = granted.popLast() { granted += end(name) }
        #expect(memory.isEmpty)
        #expect(memory.work < 40 * calls)
        withExtendedLifetime(owners) {}
    }

    @Test func `a pace is looked at anew once the door reads on`() {
        var memory = Self.memory(total: 200_000, bodyMax: 100_000, smallBody: 10)
        let held = Owner()
        let next = Owner()
        for owner in [held, next] {
            let name = ObjectIdentifier(owner)
            _ = memory.arrived(name, received: 1, declared: 100_000, producer: "a", now: Self.start)
        }
        #expect(memory.slow(Self.start + .seconds(5)) == [ObjectIdentifier(held)])
        memory.resumed(ObjectIdentifier(held), now: Self.start + .seconds(5))
        #expect(memory.slow(Self.start + .milliseconds(5900)).isEmpty)
        #expect(memory.slow(Self.start + .seconds(6)) == [ObjectIdentifier(held)])
        withExtendedLifetime((held, next)) {}
    }

    /// Whatever comes in whatever order: never more than the sum of the shares, all of it given back, nobody forgotten.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `it stays within its bounds (P7)`(seed: UInt64) {
        var random = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(_ below: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % below
        }
        var memory = Self.memory()
        let bound = memory.shares.small + memory.shares.large + memory.shares.waiting
        var received: [ObjectIdentifier: Int] = [:]
        var reading: Set<ObjectIdentifier> = []
        let owners = (0..<60).map { _ in Owner() }
        let names = owners.map { ObjectIdentifier($0) }
        for _ in 0..<2000 {
            let place = draw(names.count)
            let name = names[place]
            let length = place % 3 == 0 ? nil : place % 3 == 1 ? 8 : 90
            if received[name] == nil || reading.contains(name) {
                received[name, default: 0] += 1 + draw(12)
                reading.remove(name)
                var decision = BodyMemory.Decision.refuse
                let limit = length ?? 100
                if received[name]! < limit {
                    repeat {
                        decision = memory.arrived(
                            name,
                            received: received[name]!,
                            declared: length,
                            producer: "p\(place % 4)",
                            now: Self.start
                        )
                        if case .makeWay(let other) = decision {
                            memory.end(other)
                            received[other] = nil
                        }
                    } while decision != .readOn && decision != .wait && decision != .refuse
                }
                switch decision {
                case .readOn: reading.insert(name)
                case .wait: break
                case .refuse, .makeWay:
                    memory.end(name)
                    received[name] = nil
                }
                reading.formUnion(memory.wake(Self.start))
            }
            #expect(memory.bytesHeld <= bound)
        }
        while let name = reading.popFirst() {
            memory.end(name)
            received[name] = nil
            reading.formUnion(memory.wake(Self.start))
        }
        #expect(received.isEmpty)
        #expect(memory.bytesHeld == 0)
        #expect(memory.isEmpty)
        withExtendedLifetime(owners) {}
    }
}
