import Glibc

/// A line of output, at once: a run may take minutes.
func show(_ line: String) {
    print(line)
    fflush(nil)
}

func printError(_ text: String) {
    var bytes = Array(text.utf8)
    write(2, &bytes, bytes.count)
}

func run(_ options: Options) throws {
    if options.mode == .sign {
        for _ in 0..<options.runs { show("{\"mode\":\"sign\",\"us\":\(signing(options))}") }
        return
    }
    if options.mode == .deliver {
        for _ in 0..<options.runs { show("{\"mode\":\"deliver\",\"rate\":\(try deliveries(options))}") }
        return
    }
    var runner = try Runner.open(options)
    let opened = runner.openMilliseconds
    func report(_ mode: String, _ tally: Tally, queued: Int, _ more: String = "") {
        show("{\"mode\":\"\(mode)\",\(tally.members),\"queued\":\(queued),\"resident\":\(residentBytes())\(more)}")
    }
    switch options.mode {
    case .create, .sign, .deliver:
        break
    case .fill:
        report("fill", try runner.fill(), queued: runner.queued)
    case .accept, .handover:
        show("{\"mode\":\"open\",\"ms\":\(opened),\"queued\":\(runner.queued)}")
        for _ in 0..<options.runs {
            let tally = options.mode == .accept ? try runner.accept() : try runner.handOverEach()
            report(options.mode.rawValue, tally, queued: runner.queued)
        }
    case .keys:
        let before = residentBytes()
        let (first, count, tally) = try runner.remember()
        report("remember", tally, queued: runner.queued, ",\"grown\":\(residentBytes() - before)")
        for number in 0..<options.runs * 2 {
            // The first of a pair changes.
            if (number + 1) / 2 % 2 == 0 {
                report("plain", try runner.accept(), queued: runner.queued)
            } else {
                let (tally, repeats) = try runner.acceptKeyed((first, count))
                report("keyed", tally, queued: runner.queued, ",\"repeats\":\(repeats)")
            }
        }
    }
    try runner.close()
}

do {
    if CommandLine.arguments.dropFirst() == ["--help"] {
        show(Options.usage)
        exit(0)
    }
    try run(Options(Array(CommandLine.arguments.dropFirst())))
} catch let problem as Problem {
    printError("storebench: \(problem.text)\n\n\(Options.usage)\n")
    exit(64)
} catch {
    printError("storebench: \(error)\n")
    exit(70)
}
