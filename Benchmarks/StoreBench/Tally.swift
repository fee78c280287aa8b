import Glibc

/// What a run cost: the time inside commits and checkpoints, by the clock and of the processor.
struct Tally {
    private(set) var rows = 0
    private var commits: [Int64] = []
    private var checkpoints: [Int64] = []
    private var processor: Int64 = 0

    /// Runs one commit's work and counts its time.
    mutating func commit<Result>(rows: Int, _ work: () throws -> Result) rethrows -> Result {
        let (result, took) = try timed(work)
        self.rows += rows
        commits.append(took)
        return result
    }

    mutating func checkpoint(_ work: () throws -> Void) rethrows {
        checkpoints.append(try timed(work).took)
    }

    private mutating func timed<Result>(_ work: () throws -> Result) rethrows -> (result: Result, took: Int64) {
        let (start, used) = (nanoseconds(CLOCK_MONOTONIC), nanoseconds(CLOCK_THREAD_CPUTIME_ID))
        let result = try work()
        processor += nanoseconds(CLOCK_THREAD_CPUTIME_ID) - used
        return (result, nanoseconds(CLOCK_MONOTONIC) - start)
    }

    /// The members of a JSON object, without braces. Rows a second include the checkpoints; the percentiles are of commits
    /// alone.
    var members: String {
        let spent = commits.reduce(0, +) + checkpoints.reduce(0, +)
        let sorted = commits.sorted()
        func milliseconds(_ share: Double) -> Double {
            sorted.isEmpty ? 0 : Double(sorted[Int(Double(sorted.count - 1) * share)]) / 1e6
        }
        return """
            "rows":\(rows),"seconds":\(Double(spent) / 1e9),"rate":\(spent > 0 ? Double(rows) * 1e9 / Double(spent) : 0),\
            "processor_us":\(rows > 0 ? Double(processor) / 1e3 / Double(rows) : 0),"commits":\(commits.count),\
            "p50_ms":\(milliseconds(0.5)),"p99_ms":\(milliseconds(0.99)),"max_ms":\(milliseconds(1)),\
            "checkpoints":\(checkpoints.count),"checkpoint_max_ms":\(Double(checkpoints.max() ?? 0) / 1e6)
            """
    }
}

func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Resident memory of this process.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
}
