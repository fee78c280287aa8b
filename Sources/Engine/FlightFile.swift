internal import Glibc
package import OutboxCore

/// What an earlier process left in its flight file.
package struct FlightRecord: Hashable, Sendable {
    /// In no order.
    package var inFlight: [EventID] = []
    /// Suspects of earlier crashes that were not answered (`CrashSuspects.crashes`).
    package var suspects: [EventID: Int] = [:]
    /// The process ended in order, whatever it left in flight.
    package var endedInOrder = true
    /// It ran in this boot of the machine.
    package var isSameBoot = true

    package init() {}
}

/// Which events are in flight: a shared mapping with one slot of 16 bytes an attempt, set before the request, cleared
/// after the outcome's commit, never synced. It must outlive the process, not the power.
///
/// Units of 16 bytes: a header (magic, number of slots), the process (hash of the kernel's boot id, 1 once it has ended in
/// order), the slots, and two for each suspect of earlier crashes (id, count). It says all that `CrashSuspects` asks: a
/// start that fails leaves it as it is. Owned by the delivery thread.
///
/// Older versions' files, which don't know the process (magic 2) or have no header, count as those of one that ended in
/// order: they were left by the stop of an upgrade.
package struct FlightFile: ~Copyable {
    private static let magic: UInt64 = 0x4F55_5442_4F58_0003
    private static let magicWithoutProcess: UInt64 = 0x4F55_5442_4F58_0002
    private static let firstSlot = 2
    private static let nobody = EventID(high: 0, low: 0)

    private let units: UnsafeMutablePointer<EventID>
    private let unitCount: Int
    private var free: [Int]
    private var taken: [Int64: Int] = [:]
    /// Where each suspect stands.
    private var suspects: [EventID: Int] = [:]

    /// Whether a file's content begins as this version and the one before write it.
    package static func hasHead(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= MemoryLayout<EventID>.size else { return false }
        let first = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        return first == magic || first == magicWithoutProcess
    }

    /// What an earlier process left. A missing or odd file has nothing to say.
    package static func left(at path: String, bootID: String) -> FlightRecord {
        var record = FlightRecord()
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return record }
        defer { close(descriptor) }
        var units: [EventID] = []
        var unit = nobody
        while units.count < 1 << 20,
            read(descriptor, &unit, MemoryLayout<EventID>.size) == MemoryLayout<EventID>.size
        {
            units.append(unit)
        }
        guard let header = units.first, [magic, magicWithoutProcess].contains(header.high) else {
            record.inFlight = units.filter { $0 != nobody }
            return record
        }
        let slots = Int(clamping: header.low)
        var rest = units.dropFirst()
        if header.high == magic, let process = rest.popFirst() {
            record.isSameBoot = process.high == FNV1a.hash(bootID.utf8)
            record.endedInOrder = process.low == 1
        }
        record.inFlight = rest.prefix(slots).filter { $0 != nobody && !Planted.flightFileForgotten }
        let pairs = Array(rest.dropFirst(slots))
        for place in stride(from: 0, to: pairs.count - 1, by: 2) where pairs[place] != nobody {
            record.suspects[pairs[place]] = Int(clamping: pairs[place + 1].high)
        }
        return record
    }

    /// A new file with `count` free slots, mode 0600, in the place of the old one. - Throws: `FlightFileError`.
    package static func create(
        at path: String,
        bootID: String,
        count: Int,
        suspects: CrashSuspects = CrashSuspects()
    ) throws(FlightFileError) -> FlightFile {
        let unitCount = firstSlot + count + 2 * suspects.crashes.count
        let size = unitCount * MemoryLayout<EventID>.stride
        let fresh = path + ".new"
        let descriptor = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw FlightFileError(path: fresh, call: "open", errno: errno) }
        defer { close(descriptor) }
        // Allocated, not sparse: a full disk must not turn a store into SIGBUS later.
        let error = posix_fallocate(descriptor, 0, off_t(size))
        guard error == 0 else { throw FlightFileError(path: fresh, call: "posix_fallocate", errno: error) }
        let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw FlightFileError(path: fresh, call: "mmap", errno: errno) }
        let units = memory.bindMemory(to: EventID.self, capacity: unitCount)
        let file = FlightFile(units: units, unitCount: unitCount, bootID: bootID, slots: count, suspects: suspects)
        // What the old file says of suspects is lost no sooner than the new one says it.
        guard rename(fresh, path) == 0 else { throw FlightFileError(path: path, call: "rename", errno: errno) }
        return file
    }

    private init(
        units: UnsafeMutablePointer<EventID>,
        unitCount: Int,
        bootID: String,
        slots: Int,
        suspects: CrashSuspects
    ) {
        self.units = units
        self.unitCount = unitCount
        free = Array(Self.firstSlot..<Self.firstSlot + slots)
        units[0] = EventID(high: Self.magic, low: UInt64(slots))
        units[1] = EventID(high: FNV1a.hash(bootID.utf8), low: 0)
        var place = Self.firstSlot + slots
        for (id, crashes) in suspects.crashes {
            units[place] = id
            units[place + 1] = EventID(high: UInt64(crashes), low: 0)
            self.suspects[id] = place
            place += 2
        }
    }

    deinit {
        munmap(units, unitCount * MemoryLayout<EventID>.stride)
    }

    /// What is in flight still was not what ended this process.
    package mutating func endInOrder() {
        units[1].low = 1
    }

    /// A suspect was answered: it is none any more.
    package mutating func answered(_ id: EventID) {
        if suspects.isEmpty { return }
        guard let place = suspects.removeValue(forKey: id) else { return }
        units[place] = Self.nobody
    }

    /// - Precondition: a slot is free; there are as many as attempts may be in flight.
    package mutating func set(_ sequence: Int64, _ id: EventID) {
        let slot = free.removeLast()
        units[slot] = id
        taken[sequence] = slot
    }

    /// The outcome is on disk; unknown sequences are let pass.
    package mutating func clear(_ sequence: Int64) {
        guard let slot = taken.removeValue(forKey: sequence) else { return }
        units[slot] = Self.nobody
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
