import NIOCore
import NIOEmbedded
import Testing

@testable import Door

@Suite struct `Accepting when something has run out` {
    final class Listener {
        let channel = EmbeddedChannel()
        let reads = ReadCounter()
        private(set) var pauses: [Int32] = []

        init() throws {
            let pause = AcceptPause { [unowned self] in pauses.append($0) }
            try channel.pipeline.syncOperations.addHandlers([reads, pause])
        }

        /// What NIO does when accept(2) fails and the listener lives on: tells it, and reads again at once.
        func fail(_ errno: Int32) {
            channel.pipeline.fireErrorCaught(IOError(errnoCode: errno, reason: "accept"))
            channel.pipeline.read()
        }
    }

    @Test(arguments: AcceptPause.shortages)
    func `the door accepts nothing for a second, then goes on by itself (P9)`(errno: Int32) throws {
        let listener = try Listener()
        listener.channel.pipeline.read()
        #expect(listener.reads.count == 1)
        listener.fail(errno)
        listener.channel.pipeline.read()
        listener.channel.embeddedEventLoop.advanceTime(by: .milliseconds(900))
        #expect(listener.reads.count == 1)
        listener.channel.embeddedEventLoop.advanceTime(by: .milliseconds(200))
        #expect(listener.reads.count == 2)
        listener.channel.pipeline.read()
        #expect(listener.reads.count == 3)
        #expect(listener.pauses == [errno])
    }

    @Test func `as long as it lasts there is one try a second`() throws {
        let listener = try Listener()
        for _ in 0..<10 {
            listener.fail(AcceptPause.shortages[0])
            listener.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(listener.reads.count == 10)
        #expect(listener.pauses.count == 10)
    }

    @Test func `a connection that was gone before it was accepted pauses nothing`() throws {
        let listener = try Listener()
        #expect(throws: IOError.self) {
            // ECONNABORTED
            listener.fail(103)
            try listener.channel.throwIfErrorCaught()
        }
        #expect(listener.reads.count == 1)
        #expect(listener.pauses.isEmpty)
    }

    @Test func `a listener that closes in its pause reads nothing more`() throws {
        let listener = try Listener()
        try listener.channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).wait()
        listener.fail(AcceptPause.shortages[0])
        let reads = listener.reads.count
        try listener.channel.close().wait()
        listener.channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(listener.reads.count == reads)
    }

    @Test func `the log gets one line a minute`() {
        var throttle = LogThrottle()
        let lines = [0, 59, 60, 61].map { throttle.allows(.uptimeNanoseconds(0) + .seconds($0)) }
        #expect(lines == [true, false, true, false])
    }
}

@Suite struct `Who is calling` {
    @Test func `a TCP connection whose port isn't known passes no check of the Host (P11)`() {
        let caller = Caller.overTCP(port: nil)
        #expect(caller.tcpPort != nil)
        for host in ["localhost", "localhost:0", "127.0.0.1:9100", "localhost:-1", "localhost:65535"] {
            #expect(!LoopbackHost.names(host, port: caller.tcpPort ?? 80))
        }
    }

    @Test func `a peer whose uid the kernel doesn't know is nobody's producer (P11)`() throws {
        #expect(throws: (any Error).self) { try Caller.overUnix(PeerCredentials(pid: 0, uid: .max, gid: .max)) }
        #expect(try Caller.overUnix(PeerCredentials(pid: 1, uid: 0, gid: 0)).producer == "uid:0")
    }
}
