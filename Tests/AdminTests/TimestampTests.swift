import AdminAPI
import Testing

@Suite struct `a timestamp` {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_772_366_400_250, "2026-03-01T12:00:00.250Z"),
        (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
    ])
    func `is written and read as RFC 3339`(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test func `knows zones and fractions of any length`() {
        #expect(Timestamp("1970-01-01T02:00:00+02:00")?.milliseconds == 0)
        #expect(Timestamp("1969-12-31t22:30:00.5-01:30")?.milliseconds == 500)
        #expect(Timestamp("1970-01-01T00:00:00.1234567Z")?.milliseconds == 123)
    }

    @Test(arguments: [
        "", "1970-01-01", "1970-01-01T00:00:00", "1970-02-29T00:00:00Z", "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z",
        "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx",
        "1970-01-01T00:00:00+2:00", "٠970-01-01T00:00:00Z",
    ])
    func `is nothing else`(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `saturates at the years that can be written`() {
        #expect(Timestamp(milliseconds: .max).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).description == "0000-01-01T00:00:00.000Z")
    }
}
