import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

// A bare NIOHTTP1 server on a Unix socket: request decoder and response encoder, nothing else. It reads each body to
// its end and answers 202. What it does is the least that a door on the same library could do.
//
//     BareServer SOCKET

final class Answers: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let head = HTTPResponseHead(
        version: .http1_1,
        status: .accepted,
        headers: [
            "x-amzn-RequestId": "0192f0c1-7e9a-7000-8000-000000000000",
            "Content-Length": "0",
        ]
    )

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        context.write(wrapOutboundOut(.head(Self.head)), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

guard CommandLine.arguments.count == 2 else {
    print("BareServer SOCKET")
    exit(2)
}
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let server = try await ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 1024)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandlers([
                HTTPResponseEncoder(),
                ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
                Answers(),
            ])
        }
    }
    .bind(unixDomainSocketPath: CommandLine.arguments[1], cleanupExistingSocketFile: true)
    .get()
print("listening")
try await server.closeFuture.get()
