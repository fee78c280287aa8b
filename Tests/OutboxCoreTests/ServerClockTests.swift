import OutboxCore
import Testing

struct ServerClockTests {
    private static let start = Moment(
        wall: WallTime(milliseconds: 1_800_000_000_000),
        monotonic: MonotonicTime(nanoseconds: 77_000_000_000)
    )

    private func later(_ span: Span, wallStep: Span = .zero) -> Moment {
        Moment(
            wall: Self.start.wall.advanced(by: span).advanced(by: wallStep),
            monotonic: Self.start.monotonic.advanced(by: span)
        )
    }

    private func clock(off span: Span) -> ServerClock {
        var clock = ServerClock()
        clock.saw(Self.start.wall.advanced(by: span), now: Self.start)
        return clock
    }

    @Test func `nobody told a time: the wall clock signs`() {
        let clock = ServerClock()
        #expect(clock.signingTime(Self.start) == Self.start.wall)
        #expect(clock.skew(Self.start) == nil)
        #expect(clock.agrees(Self.start) == nil)
    }

    @Test(arguments: [-299, -10, 0, 10, 299])
    func `within 300 s the wall clock signs`(seconds: Int64) {
        let clock = clock(off: .seconds(seconds))
        #expect(clock.signingTime(Self.start) == Self.start.wall)
        #expect(clock.agrees(Self.start) == true)
    }

    @Test(arguments: [-31_536_000, -1200, -301, 301, 1200, 31_536_000])
    func `beyond 300 s AWS's clock signs, and goes on`(seconds: Int64) {
        let clock = clock(off: .seconds(seconds))
        let now = later(.hours(7))
        #expect(clock.signingTime(now) == now.wall.advanced(by: .milliseconds(seconds * 1000 + 500)))
        #expect(clock.agrees(now) == false)
    }

    @Test(arguments: [-86_400, -3600, 3600, 31_536_000])
    func `a step of the wall clock changes nothing`(step: Int64) {
        for off in [Int64(0), 1200] {
            let clock = clock(off: .seconds(off))
            let now = later(.minutes(5), wallStep: .seconds(step))
            let right = later(.minutes(5)).wall.advanced(by: .seconds(off))
            #expect(abs(clock.signingTime(now).since(right).milliseconds) <= 500)
            #expect(clock.agrees(now) == false)
        }
    }

    @Test func `a request signed with the wrong time is worth signing again, one signed with the right time isn't`() {
        let clock = clock(off: .minutes(20))
        let now = later(.seconds(30))
        #expect(clock.signsAnew(Self.start.wall, signedAt: Self.start.monotonic, now: now))
        #expect(!clock.signsAnew(clock.signingTime(Self.start), signedAt: Self.start.monotonic, now: now))
        #expect(!ServerClock().signsAnew(Self.start.wall, signedAt: Self.start.monotonic, now: now))
    }

    @Test(arguments: [
        ("https", "lambda.eu-central-1.amazonaws.com", true), ("http", "127.0.0.1", true), ("http", "[::1]", true),
        ("http", "localhost", true), ("http", "lambda.example", false), ("http", "10.0.0.7", false),
        ("http", "127.example.com", false),
    ])
    func `only a verified answer tells the time`(scheme: String, host: String, isProven: Bool) {
        #expect(RouteTarget(scheme: scheme, host: host, port: 1, region: "eu-central-1").isProven == isProven)
    }
}
