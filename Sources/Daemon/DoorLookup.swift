internal import AdminAPI
internal import Door
internal import FoundationEssentials
internal import OutboxCore

/// Tells producers at the door about their own events, from what the admin API shows of them.
struct DoorLookup: EventLookup {
    let service: DaemonService

    func eventJSON(_ id: EventID, producer: String) async throws -> [UInt8]? {
        guard let event = try await service.event(id, where: { $0.producer == producer }) else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(event))
    }
}
