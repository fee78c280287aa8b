import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import OutboxCore

@testable import Door

/// An intake that keeps what it is given and answers when the test says so, in any order.
final class FakeIntake: Intake {
    private struct State {
        var batches: [[IntakeItem]] = []
        var automatic: (@Sendable (NewEvent) -> AcceptAnswer)?
        var watchers: [(count: Int, promise: CheckedContinuation<Void, Never>)] = []
    }
    private let state = NIOLockedValueBox(State())

    /// - Parameter automatic: answers at once, from the submitting thread; nil leaves it to `answer`.
    init(automatic: (@Sendable (NewEvent) -> AcceptAnswer)? = nil) {
        state.withLockedValue { $0.automatic = automatic }
    }

    func submit(_ items: [IntakeItem]) {
        let (automatic, ready) = state.withLockedValue { state in
            state.batches.append(items)
            let count = state.batches.reduce(0) { $0 + $1.count }
            let ready = state.watchers.filter { $0.count <= count }
            state.watchers.removeAll { $0.count <= count }
            return (state.automatic, ready)
        }
        for watcher in ready { watcher.promise.resume() }
        guard let automatic, let sink = items.first?.sink else { return }
        sink.deliver(items.map { IntakeResult(ticket: $0.ticket, answer: automatic($0.event)) })
    }

    var batches: [[IntakeItem]] { state.withLockedValue { $0.batches } }
    var items: [IntakeItem] { batches.flatMap { $0 } }
    var events: [NewEvent] { items.map(\.event) }

    /// Answers the items at these places, as one commit.
    func answer(_ answers: [Int: AcceptAnswer]) {
        let items = items
        let results = answers.sorted { $0.key > $1.key }.map {
            IntakeResult(ticket: items[$0.key].ticket, answer: $0.value)
        }
        items.first?.sink.deliver(results)
    }

    /// Returns once so many events have been submitted in all.
    func submitted(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLockedValue { state in
                if state.batches.reduce(0, { $0 + $1.count }) >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

/// A clock that stands still until it is moved.
final class StillClock: TimeSource {
    private let wall = NIOLockedValueBox(WallTime(milliseconds: 1_795_348_800_000))

    func now() -> Moment { Moment(wall: wall.withLockedValue { $0 }, monotonic: MonotonicTime(nanoseconds: 0)) }
}

/// Not SHA-256; it only has to tell inputs apart.
let testHash: HashFunction = { bytes in
    var words: [UInt64] = [1, 2, 3, 4]
    for byte in bytes {
        for index in words.indices { words[index] = (words[index] ^ UInt64(byte)) &* 0x100_0000_01B3 &+ UInt64(index) }
    }
    return Digest256(words: (words[0], words[1], words[2], words[3]))
}

let testInstanceID = "outbox-instance-7f3a"
let testNaming = FunctionNaming(region: "eu-central-1", furtherRegions: ["eu-west-1"])

func eventID(_ number: UInt64) -> EventID { EventID(high: 0x0191_0000_0000_7000, low: 0x8000_0000_0000_0000 | number) }

/// One event loop's part of the door, with time under control and connections that are fed by hand.
final class EmbeddedDoor {
    let eventLoop = EmbeddedEventLoop()
    let intake: FakeIntake
    let loop: DoorLoop
    let sink: DoorSink

    init(
        intake: FakeIntake = FakeIntake(),
        policies: PolicyTable = PolicyTable(),
        lookup: (any EventLookup)? = nil,
        _ change: (inout DoorConfiguration) -> Void = { _ in }
    ) {
        self.intake = intake
        var configuration = DoorConfiguration(naming: testNaming)
        change(&configuration)
        let random = NIOLockedValueBox(UInt64(0))
        loop = DoorLoop(
            eventLoop: eventLoop,
            limits: configuration,
            rules: RequestRules(instanceID: testInstanceID, hash: testHash),
            policies: policies,
            intake: intake,
            lookup: lookup,
            clock: StillClock(),
            random: {
                random.withLockedValue {
                    $0 += 1; return $0
                }
            },
            publish: { _ in }
        )
        sink = DoorSink(loop)
        loop.start(sink: sink)
    }

    func connect(_ caller: Caller = Caller(producer: "uid:1001", tcpPort: nil)) throws -> EmbeddedConnection {
        let channel = EmbeddedChannel(loop: eventLoop)
        let halfClose = HalfClose()
        try channel.pipeline.syncOperations.addHandler(halfClose)
        try DoorPipeline.configure(channel, loop: loop, caller: caller)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).wait()
        return EmbeddedConnection(channel: channel, door: self, halfClose: halfClose)
    }

    func run() { eventLoop.run() }
}

/// A connection as its producer sees it.
final class EmbeddedConnection {
    let channel: EmbeddedChannel
    private let door: EmbeddedDoor
    private let halfClose: HalfClose
    private var buffered: [UInt8] = []

    init(channel: EmbeddedChannel, door: EmbeddedDoor, halfClose: HalfClose) {
        self.channel = channel
        self.door = door
        self.halfClose = halfClose
    }

    /// Sends bytes in one read, and lets the loop's turn end.
    func send(_ bytes: some Collection<UInt8>) throws {
        guard channel.isActive else { return }
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        door.run()
    }

    func send(_ text: some StringProtocol) throws { try send(Array(text.utf8)) }

    func feed(_ text: String, _ feeding: Feeding) throws {
        for piece in feeding.pieces(Array(text.utf8)) { try send(piece) }
    }

    /// Everything that was written since the last call.
    func written() throws -> String {
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { buffered += buffer.readableBytesView }
        defer { buffered = [] }
        return String(decoding: buffered, as: UTF8.self)
    }

    func responses() throws -> [Response] { Response.parse(try written()) }

    var isOpen: Bool { channel.isActive }

    /// The producer sees the end, though the door still reads.
    var outputIsClosed: Bool { halfClose.isDone || !isOpen }
}

/// How a request's bytes arrive.
enum Feeding: CaseIterable, Sendable {
    case whole, pieces, bytes

    func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
        let length =
            switch self {
            case .whole: bytes.count
            case .pieces: max(1, bytes.count / 7)
            case .bytes: 1
            }
        return stride(from: 0, to: bytes.count, by: length).map { Array(bytes[$0..<min($0 + length, bytes.count)]) }
    }
}

struct Response: Equatable {
    var status: Int
    var headers: [String: String]
    var body: String

    /// Reads answers one after the other; an interim 100 is one of its own.
    static func parse(_ text: String) -> [Response] {
        var rest = Array(text.utf8)[...]
        var result: [Response] = []
        while !rest.isEmpty {
            let end = rest.indices.first { rest[$0...].starts(with: Array("\r\n\r\n".utf8)) } ?? rest.endIndex
            let lines = String(decoding: rest[..<end], as: UTF8.self).split(separator: "\r\n")
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let colon = line.firstIndex(of: ":") ?? line.endIndex
                headers[line[..<colon].lowercased()] = String(line[colon...].dropFirst(2))
            }
            rest = rest[end...].dropFirst(4)
            let length = headers["content-length"].flatMap { Int($0) } ?? 0
            result.append(
                Response(
                    status: lines.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0,
                    headers: headers,
                    body: String(decoding: rest.prefix(length), as: UTF8.self)
                )
            )
            rest = rest.dropFirst(length)
        }
        return result
    }
}

let ordersPath = "/2015-03-31/functions/orders/invocations"

/// A request's text; `Content-Length` is made unless `body` is nil.
func request(
    _ method: String = "POST",
    _ path: String = ordersPath,
    headers: [String] = ["X-Amz-Invocation-Type: Event"],
    body: String? = "{}"
) -> String {
    var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"] + headers
    if let body { lines.append("Content-Length: \(body.utf8.count)") }
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
}

func base64(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    var result = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = Array(bytes[start..<min(start + 3, bytes.count)])
        let bits = (0..<3).reduce(UInt32(0)) { $0 << 8 | ($1 < group.count ? UInt32(group[$1]) : 0) }
        for index in 0..<4 {
            result.append(index <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * index)) & 63] : "=")
        }
    }
    return result
}

/// An embedded channel knows no half of a connection: this stands in for it.
final class HalfClose: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var isDone = false

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        isDone = true
        promise?.succeed()
    }
}

/// Counts the reads that reach the channel.
final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}

extension EmbeddedConnection {
    func countsReads() -> ReadCounter {
        let counter = ReadCounter()
        try? channel.pipeline.syncOperations.addHandler(counter, position: .first)
        return counter
    }

    /// The producer closes its side and goes on reading.
    func closeInput() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.embeddedEventLoop.run()
    }
}
