import OutboxCore
import Testing

@testable import AWSCredentials

@Suite("Times with a zone")
struct TimestampTests {
    @Test(
        "read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-01-02T03:04:05Z", 1_767_323_045_000),
            ("2026-01-02T03:04:05.25Z", 1_767_323_045_250), ("2026-01-02T04:04:05+01:00", 1_767_323_045_000),
            ("2026-01-01T22:34:05-04:30", 1_767_323_045_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
            ("2026-01-02T03:04:05.123456Z", 1_767_323_045_123),
        ] as [(String, Int64)]
    )
    func read(text: String, milliseconds: Int64) {
        #expect(parseTimestamp(text) == WallTime(milliseconds: milliseconds))
    }

    @Test(
        "refused",
        arguments: [
            "", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z",
            "2025-02-29T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05Zx",
            "+026-01-02T03:04:05Z",
        ]
    )
    func refused(text: String) {
        #expect(parseTimestamp(text) == nil)
    }
}
