import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@Suite("The event store port")
struct ConformanceTests {
    enum Subject: String, CaseIterable, CustomTestStringConvertible {
        case model, sqlite
        case reopened = "sqlite, closed and opened after every commit"
        var testDescription: String { rawValue }
    }

    @Test(arguments: EventStoreConformance.behaviours, Subject.allCases)
    func `every store behaves as the port says`(
        _ behaviour: EventStoreConformance.Behaviour,
        _ subject: Subject
    ) throws {
        let folder = try TemporaryDirectory()
        let store = subject == .model ? try ModelStore.underTest() : try sqliteUnderTest(folder)
        try behaviour.run(StoreBench(store, reopensAlways: subject == .reopened))
    }
}
