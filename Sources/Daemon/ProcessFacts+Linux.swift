internal import Admin
internal import Glibc

extension ProcessFacts {
    /// From `/proc/self`; nil where it can't be read. Some file reads: not for a thread that must not block.
    static func current() -> ProcessFacts? {
        guard let stat = text("/proc/self/stat"), let boot = bootTime() else { return nil }
        // The second field is a name in parentheses, which may hold spaces.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        func field(_ number: Int) -> Int64? { fields.indices.contains(number - 3) ? Int64(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let resident = field(24)
        else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return ProcessFacts(
            cpuSeconds: Double(user + system) / ticks,
            residentBytes: resident * Int64(sysconf(Int32(_SC_PAGESIZE))),
            virtualBytes: virtual,
            openDescriptors: openDescriptors(),
            maxDescriptors: Int64(clamping: limit.rlim_cur),
            threads: Int(threads),
            startedAtSeconds: boot + Double(start) / ticks
        )
    }

    private static func bootTime() -> Double? {
        guard let line = text("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }) else {
            return nil
        }
        return Double(line.dropFirst("btime ".count))
    }

    private static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Neither `.` and `..` nor the folder's own.
        return max(0, count - 3)
    }

    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return count == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
            bytes += chunk[..<count]
        }
    }
}
