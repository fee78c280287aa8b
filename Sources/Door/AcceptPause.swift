import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Stands in a listener's pipeline: where the process or the machine is out of descriptors or memory, it stops
/// accepting for a while instead of asking the kernel again at once, and goes on by itself.
final class AcceptPause: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    private let length: TimeAmount
    private let began: (_ errno: Int32) -> Void
    private var pausedUntil: NIODeadline?
    private var next: Scheduled<Void>?

    /// - Parameter began: told of each pause, with the error that began it. Called on the listener's loop.
    init(length: TimeAmount = .seconds(1), began: @escaping (_ errno: Int32) -> Void) {
        self.length = length
        self.began = began
    }

    /// What accept(2) says when something has run out. Other errors concern one connection, or the listener for good.
    static let shortages: [Int32] = [EMFILE, ENFILE, ENOMEM, ENOBUFS]

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let number = (error as? IOError)?.errnoCode, Self.shortages.contains(number) else {
            return context.fireErrorCaught(error)
        }
        pausedUntil = context.eventLoop.now + length
        began(number)
    }

    func read(context: ChannelHandlerContext) {
        guard let until = pausedUntil, context.eventLoop.now < until else {
            pausedUntil = nil
            return context.read()
        }
        guard next == nil else { return }
        let held = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        next = context.eventLoop.scheduleTask(deadline: until) {
            let (handler, context) = held.value
            handler.next = nil
            handler.pausedUntil = nil
            context.read()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func stop() {
        next?.cancel()
        next = nil
    }
}

/// Lets one of many equal lines into the log: the first, and then one a minute at most.
struct LogThrottle {
    private var last: NIODeadline?
    private static let interval = TimeAmount.minutes(1)

    /// Whether a line may be written now.
    mutating func allows(_ now: NIODeadline) -> Bool {
        if let last, now < last + Self.interval { return false }
        last = now
        return true
    }
}
