import Glibc
import OutboxCore
import Simulation
import TestSupport
import Testing

@testable import Engine

/// The loops' own files, and what they ask of the disk, where a call to the kernel fails.
struct StateFileFaultTests {
    private let folder: TemporaryDirectory
    private let path: String
    private let inFlight = EventID(high: 7, low: 9)
    private let suspect = EventID(high: 8, low: 9)

    init() throws {
        folder = try TemporaryDirectory(inMemory: true)
        path = folder.file("flight")
    }

    private func suspects() -> CrashSuspects {
        CrashSuspects(inFlight: [], carried: [suspect: 2], wasClean: true, isSameBoot: true)
    }

    @Test func `a flight file that can't be made at any of its calls leaves what the last process left (P3)`() throws {
        var failures = 0
        for at in 1... {
            var old = try FlightFile.create(at: path, bootID: "boot", count: 4, suspects: suspects())
            old.set(1, inFlight)
            _ = consume old
            let before = FlightFile.left(at: path, bootID: "boot")
            #expect(before.inFlight == [inFlight] && before.suspects.count == 1)
            FaultCalls.arm(at: at, errno: at % 2 == 0 ? ENOSPC : EIO)
            do throws(FlightFileError) {
                let made = try FlightFile.create(at: path, bootID: "boot", count: 4)
                let isStruck = FaultCalls.disarm()
                _ = consume made
                #expect(!isStruck)
                break
            } catch {
                FaultCalls.disarm()
                failures += 1
                #expect(FlightFile.left(at: path, bootID: "boot") == before, "\(error)")
            }
        }
        #expect(failures >= 4)
        #expect(FlightFile.left(at: path, bootID: "boot").inFlight == [])
    }

    @Test func `a flight file that can't be opened has nothing to say`() throws {
        let file = try FlightFile.create(at: path, bootID: "boot", count: 4, suspects: suspects())
        _ = consume file
        FaultCalls.arm(.open, at: 1, errno: EMFILE)
        let left = FlightFile.left(at: path, bootID: "boot")
        #expect(FaultCalls.disarm())
        #expect(left == FlightRecord())
    }

    @Test(arguments: [FaultCalls.Kinds.open, .map])
    func `ballast that can't be had isn't held, and is had the next time`(kind: FaultCalls.Kinds) {
        var ballast = Ballast(path: path, bytes: 4096)
        FaultCalls.arm(kind, at: 1, errno: ENOSPC)
        ballast.take(freeBytes: 1 << 30, spare: 0)
        #expect(FaultCalls.disarm())
        #expect(!ballast.isHeld)
        ballast.take(freeBytes: 1 << 30, spare: 0)
        #expect(ballast.isHeld)
    }

    @Test func `free space that can't be told is none that anybody counts on`() {
        #expect(DiskSpace.free(at: folder.path) ?? 0 > 0 && DiskSpace.total(at: folder.path) ?? 0 > 0)
        FaultCalls.arm(.look, at: 1, errno: EIO, stays: true)
        #expect(DiskSpace.free(at: folder.path) == nil && DiskSpace.total(at: folder.path) == nil)
        #expect(FaultCalls.disarm())
    }
}
