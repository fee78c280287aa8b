internal import Glibc
package import OutboxCore

/// Which events are in flight: a shared mapping with one slot of 16 bytes an attempt, set before the request, cleared
/// after the outcome's commit, never synced. It must outlive the process, not the power.
///
/// Owned by the delivery thread.
package struct FlightFile: ~Copyable {
    private let slots: UnsafeMutablePointer<EventID>
    private let count: Int
    private var free: [Int]
    private var taken: [Int64: Int] = [:]

    /// What an earlier process left in flight, in no order. A missing or odd file has nothing to say.
    package static func left(at path: String) -> [EventID] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var ids: [EventID] = []
        var slot = EventID(high: 0, low: 0)
        while read(descriptor, &slot, MemoryLayout<EventID>.size) == MemoryLayout<EventID>.size {
            if slot != EventID(high: 0, low: 0) { ids.append(slot) }
        }
        return ids
    }

    /// A new, empty file with `count` slots, mode 0600. - Throws: `FlightFileError`.
    package static func create(at path: String, count: Int) throws(FlightFileError) -> FlightFile {
        let size = count * MemoryLayout<EventID>.stride
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw FlightFileError(path: path, call: "open", errno: errno) }
        defer { close(descriptor) }
        // Allocated, not sparse: a full disk must not turn a store into SIGBUS later.
        let error = posix_fallocate(descriptor, 0, off_t(size))
        guard error == 0 else { throw FlightFileError(path: path, call: "posix_fallocate", errno: error) }
        let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw FlightFileError(path: path, call: "mmap", errno: errno) }
        return FlightFile(slots: memory.bindMemory(to: EventID.self, capacity: count), count: count)
    }

    private init(slots: UnsafeMutablePointer<EventID>, count: Int) {
        self.slots = slots
        self.count = count
        free = Array(0..<count)
    }

    deinit {
        munmap(slots, count * MemoryLayout<EventID>.stride)
    }

    /// - Precondition: a slot is free; there are as many as attempts may be in flight.
    package mutating func set(_ sequence: Int64, _ id: EventID) {
        let slot = free.removeLast()
        slots[slot] = id
        taken[sequence] = slot
    }

    /// The outcome is on disk; unknown sequences are let pass.
    package mutating func clear(_ sequence: Int64) {
        guard let slot = taken.removeValue(forKey: sequence) else { return }
        slots[slot] = EventID(high: 0, low: 0)
        free.append(slot)
    }
}

/// The flight file could not be made; the state directory is not usable.
package struct FlightFileError: Error, CustomStringConvertible {
    package var path: String
    package var call: String
    package var errno: Int32

    package var description: String { "\(path): \(call): \(String(cString: strerror(errno)))" }
}
