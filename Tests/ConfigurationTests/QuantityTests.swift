import OutboxCore
import Testing

@testable import Daemon

@Suite("Durations, sizes and spelling")
struct QuantityTests {
    @Test(
        "durations are read and written",
        arguments: [
            ("500ms", 500, "500ms"), ("1000ms", 1000, "1s"), ("90s", 90_000, "90s"), ("60m", 3_600_000, "1h"),
            ("72h", 259_200_000, "72h"), ("7d", 604_800_000, "7d"), ("0s", 0, "0s"),
        ] as [(String, Int64, String)]
    )
    func durations(text: String, milliseconds: Int64, written: String) throws {
        #expect(try Quantity.parse(text, units: Quantity.durationUnits) == milliseconds)
        #expect(Quantity.text(Span(milliseconds: milliseconds)) == written)
    }

    @Test(
        "sizes are read and written",
        arguments: [
            ("0B", 0, "0B"), ("1023B", 1023, "1023B"), ("64KiB", 65_536, "64KiB"), ("1024KiB", 1 << 20, "1MiB"),
            ("1kB", 1000, "1000B"), ("2MB", 2_000_000, "2000000B"), ("10GiB", 10 << 30, "10GiB"),
            ("1TiB", 1 << 40, "1TiB"),
            ("1GB", 1_000_000_000, "1000000000B"),
        ] as [(String, Int64, String)]
    )
    func sizes(text: String, bytes: Int64, written: String) throws {
        #expect(try Quantity.parse(text, units: Quantity.sizeUnits) == bytes)
        #expect(Quantity.text(bytes: bytes) == written)
    }

    @Test(
        "other forms are refused",
        arguments: ["", "5", "s", "5S", "5 s", "+5s", "1e3s", "٣s", "9223372036854775807d", "99999999999999999999s"]
    )
    func refused(text: String) {
        #expect(throws: Quantity.Fault.self) { try Quantity.parse(text, units: Quantity.durationUnits) }
    }

    @Test(
        "the word that was meant",
        arguments: [
            ("max_byte", "max_bytes"), ("MAX_BYTES", "max_bytes"), ("max_btyes", "max_bytes"), ("pth", "path"),
            ("whatever", nil), ("", nil),
        ] as [(String, String?)]
    )
    func spelling(word: String, expected: String?) {
        #expect(Spelling.nearest(to: word, in: ["max_events", "max_bytes", "path"]) == expected)
    }

    @Test("an own listener is found by any loopback address and its port")
    func ownListeners() {
        var configuration = Configuration()
        configuration.listen.tcp.address = LoopbackAddress(host: "127.0.0.1", port: 9100)
        configuration.admin.tcp.address = LoopbackAddress(host: "::1", port: 9101)
        let listeners = OwnListeners(configuration)
        func name(_ host: String, _ port: Int) -> String? {
            listeners.name(of: RouteTarget(scheme: "http", host: host, port: port, region: "eu-central-1"))
        }
        #expect(name("localhost", 9100) == "listen.tcp")
        #expect(name("[::1]", 9100) == "listen.tcp")
        #expect(name("127.3.2.1", 9101) == "admin.tcp")
        #expect(name("127.0.0.1", 9102) == nil)
        #expect(name("10.0.0.1", 9100) == nil)
        #expect(OwnListeners(Configuration()).ports.isEmpty)
    }
}
