import OutboxCore

/// What goes wrong with a disk, or with SQLite's memory.
package struct DiskFault: Hashable, Sendable, CustomStringConvertible {
    /// Each kind with all the calls that it can strike.
    package enum Kind: String, CaseIterable, Sendable {
        case read = "EIO, read"
        case write = "EIO, write"
        case sync = "EIO, sync"
        case other = "EIO, other call"
        case full = "disk full"
        case short = "short write"
        case readOnly = "read-only"
        case cantOpen = "can't open"
        case shortRead = "short read"
        case garbled = "damaged read"
        case corrupt = "CORRUPT, read"
        case memory = "no memory"
        case diskMemory = "no memory, disk"
        case kill
        case powerCut = "power cut"

        package var calls: FaultDisk.Calls {
            switch self {
            case .read, .shortRead, .garbled, .corrupt: .read
            case .write, .full, .short: .write
            case .readOnly: [.write, .truncate]
            case .cantOpen: [.open, .index, .names]
            case .sync: .sync
            case .other: .all.subtracting([.read, .write, .sync])
            case .memory: []
            case .diskMemory, .kill, .powerCut: .all
            }
        }

        fileprivate var fault: FaultDisk.Fault {
            switch self {
            case .read, .write, .sync, .other, .memory: .failure
            case .full: .full
            case .short, .shortRead: .short
            case .readOnly: .readOnly
            case .cantOpen: .cantOpen
            case .garbled: .garbled
            case .corrupt: .corrupt
            case .diskMemory: .noMemory
            case .kill: .kill
            case .powerCut: .powerCut
            }
        }
    }

    package var kind: Kind
    /// The how-manieth of the kind's calls, from 1.
    package var at: Int
    /// All behind it, too.
    package var stays = false

    package init(_ kind: Kind, at: Int, stays: Bool = false) {
        self.kind = kind
        self.at = at
        self.stays = stays
    }

    package var description: String { "\(kind.rawValue) at call \(at)\(stays ? " and later" : "")" }

    package func arm(_ disk: FaultDisk) {
        if kind == .memory {
            FaultMemory.arm(at: at, stays: stays)
        } else {
            disk.arm(kind.fault, kind.calls, at: at, stays: stays)
        }
    }
}

/// Where a run's faults come from.
enum FaultScript {
    /// Drawn, once in so many operations of the store.
    case drawn(oneIn: Int)
    /// One, in the whole of the run; nil: none.
    case one(DiskFault?)
}

/// The faults of one run.
final class DiskFaults {
    private let disk: FaultDisk
    private let script: FaultScript
    private var random: Seeded
    /// Operations until a disk that stays full has space again.
    private var operationsLeft = 0
    private var struckBefore = 0
    var record: Record?
    private(set) var isCalm = false

    init(_ disk: FaultDisk, script: FaultScript, random: Seeded) {
        self.disk = disk
        self.script = script
        self.random = random
        FaultMemory.disarm()
        if case .one(let fault?) = script { fault.arm(disk) }
    }

    /// An operation of the store begins.
    func disturb() {
        guard case .drawn(let oneIn) = script, !isCalm, !disk.hasEnded, operationsLeft == 0, random.oneIn(oneIn) else {
            return
        }
        let kind = DiskFault.Kind.allCases.randomElement(using: &random)!
        var fault = DiskFault(kind, at: random.int(1...(random.oneIn(2) ? 5 : 50)))
        if kind == .sync { fault.at = random.int(1...3) }
        if kind == .memory, random.oneIn(2) { fault.at = random.int(1...600) }
        if kind == .full || kind == .memory, random.oneIn(2) {
            fault.stays = true
            operationsLeft = random.int(1...40)
        }
        record?.trace?("    disk: \(fault)")
        record?.occurrences.add("disk: \(kind.rawValue)")
        fault.arm(disk)
    }

    /// The operation has ended. What did not come to its call waits for the next ones.
    func settleDown() {
        if disk.struck > struckBefore { record?.trace?("    disk: struck") }
        struckBefore = disk.struck
        guard case .drawn = script else { return }
        if FaultMemory.disarm() { record?.trace?("    disk: an allocation has failed") }
        guard operationsLeft > 0 else { return }
        operationsLeft -= 1
        if operationsLeft == 0, !disk.hasEnded { disk.disarm() }
    }

    /// The process is gone, and what was drawn with it.
    func crashed() {
        guard case .drawn = script else { return }
        FaultMemory.disarm()
        disk.disarm()
        operationsLeft = 0
    }

    /// Nothing more is drawn.
    func calm() {
        isCalm = true
        crashed()
    }
}
