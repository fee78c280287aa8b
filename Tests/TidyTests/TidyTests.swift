import Testing

@Suite("The house is tidy")
struct TidyTests {
    @Test("every module imports only what the table allows")
    func imports() {
        #expect(Project.sources.flatMap { Rules.imports($0, table: ModuleTable.sources) } == [])
    }

    @Test("Package.swift lists for each module what the table says")
    func manifest() throws {
        let declared = Manifest.dependencies(try #require(Project.text("Package.swift")))
        for (name, rule) in ModuleTable.sources {
            #expect(declared[name] == rule.declared, "dependencies of \(name)")
        }
        let swiftTargets = Set(Project.sources.map(\.target))
        #expect(swiftTargets == Set(ModuleTable.sources.keys))
    }

    @Test("what the compiler is told not to check says what protects it")
    func uncheckedConcurrency() {
        #expect(Project.swift.flatMap(Rules.uncheckedConcurrency) == [])
    }

    @Test("clocks and randomness are read only where the list says")
    func clocks() {
        #expect(Project.sources.flatMap { Rules.clocks($0, holders: ModuleTable.clockHolders) } == [])
    }

    @Test("every place on the list of clocks exists", arguments: ModuleTable.clockHolders.map(\.path))
    func clockHolderExists(path: String) {
        #expect(Project.sources.contains { $0.path.hasPrefix(path) })
    }

    @Test("nothing is left open")
    func leftOpen() {
        #expect(Project.files.flatMap(Rules.leftOpen) == [])
    }

    @Test("no lock that ThreadSanitizer can't see")
    func mutex() {
        #expect(Project.swift.flatMap(Rules.mutex) == [])
    }

    @Test("no file of code is longer than one can read")
    func length() {
        let code = Project.files.filter { file in
            ["swift", "c", "h", "py"].contains(file.path.split(separator: ".").last) || file.path.hasPrefix("scripts/")
        }
        #expect(code.flatMap(Rules.length) == [])
    }

    @Test("what other modules see has a doc comment")
    func docComments() {
        let requirements = Rules.requirements(Project.sources)
        #expect(Project.sources.flatMap { Rules.docComments($0, requirements: requirements) } == [])
    }

    @Test("no path of one machine")
    func machinePaths() {
        #expect(Project.files.flatMap(Rules.machinePaths) == [])
    }

    @Test("every planted bug has its place, in the program and nowhere else")
    func plantedBugs() {
        let list = Project.sources.filter { $0.path == "Sources/OutboxCore/Planted.swift" }.flatMap(\.code)
        let names = list.filter { $0.hasSuffix("{ isOn() }") }.compactMap { line in
            line.split(separator: " ").first { $0.hasSuffix(":") }.map { String($0.dropLast()) }
        }
        #expect(names.count >= 15)
        let code: [String] = Project.sources.flatMap { $0.code }
        let places = code.filter { $0.contains("Planted.") }
        for name in names {
            #expect(places.contains { $0.contains("Planted.\(name)") }, "\(name) is planted nowhere")
        }
    }

    @Test("the tree was found")
    func treeFound() {
        #expect(Project.sources.count > 20)
        #expect(Project.files.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
    }
}
