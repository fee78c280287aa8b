import Testing

@Suite("Package.swift as the tidy tests read it")
struct ManifestTests {
    private let manifest = """
        let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
        func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target { fatal }
        let package = Package(
            targets: [
                module("Plain"),
                module("Door", ["Plain", nioCore]),
                .target(
                    name: "Store",
                    dependencies: ["Plain", .product(name: "Log", package: "swift-log")],
                    resources: [.embedInCode("migrations")]
                ),
                .executableTarget(name: "tool", dependencies: ["Door", "Store"]),
                .target(name: "Support", dependencies: ["Door"], path: "Tests/Support"),
            ]
        )
        """

    @Test("dependencies of every kind of target are read")
    func dependencies() {
        let found = Manifest.dependencies(manifest)
        #expect(found["Plain"] == [])
        #expect(found["Door"] == ["Plain", "NIOCore"])
        #expect(found["Store"] == ["Plain", "Log"])
        #expect(found["tool"] == ["Door", "Store"])
        #expect(found["Support"] == nil)
    }

    @Test("a dependency more is seen")
    func oneMore() {
        let changed = manifest.replacing("module(\"Plain\")", with: "module(\"Plain\", [\"Door\"])")
        #expect(Manifest.dependencies(changed)["Plain"] == ["Door"])
    }
}
