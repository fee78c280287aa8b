import Glibc
import Simulation
import Testing

/// What goes wrong in one call after the other of an operation: of SQLite's to the disk, of its own to the kernel, or of
/// its memory.
enum Trouble: Hashable, Sendable, CaseIterable, CustomTestStringConvertible {
    case disk(DiskFault.Kind)
    case call(FaultCalls.Kinds, errno: Int32)

    static let allCases: [Trouble] =
        [.read, .write, .sync, .other, .full, .corrupt, .shortRead, .memory].map { .disk($0) } + ofTheProgram
    static let ofTheProgram: [Trouble] = [.call(.all, errno: EIO), .call([.write, .sync, .name, .map], errno: ENOSPC)]

    var testDescription: String {
        switch self {
        case .disk(let kind): kind.rawValue
        case .call(let kinds, let error): "\(String(cString: strerror(error))) from calls \(kinds.rawValue)"
        }
    }

    /// Which call is struck after the `at`-th: the next one; among hundreds of SQLite's, of which many come to the same,
    /// the steps get longer.
    func next(after at: Int) -> Int {
        switch self {
        case .call: at + 1
        case .disk(.memory): at + max(17, at / 3)
        case .disk: at + max(1, at / 6)
        }
    }

    /// The `at`-th such call fails from now on.
    func arm(_ disk: FaultDisk, at: Int) {
        // What an earlier test on this thread had refused is forgotten.
        FaultMemory.arm(at: 0)
        switch self {
        case .disk(let kind): DiskFault(kind, at: at).arm(disk)
        case .call(let kinds, let error): FaultCalls.arm(kinds, at: at, errno: error)
        }
    }

    /// Nothing fails any more. Returns whether something had.
    static func end(_ disk: FaultDisk) -> Bool {
        disk.disarm()
        let memory = FaultMemory.disarm()
        let call = FaultCalls.disarm()
        return disk.struck > 0 || memory || call
    }
}
