import Foundation
import Testing

@testable import Daemon

@Suite("The configuration file as a file")
struct ConfigurationFileTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    private func answer(_ path: String) throws -> String {
        let errors = try #require(throws: ConfigurationErrors.self) {
            try Configuration.load(path: path, environment: [:])
        }
        return errors.description.replacingOccurrences(of: folder.path, with: "D")
    }

    @Test("a file that isn't there, a folder, a pipe and a circle of links are refused")
    func kinds() throws {
        #expect(try answer("\(folder.path)/x.yaml") == "D/x.yaml: no such file; create it, or correct the path")
        #expect(try answer(folder.path) == "D: a folder; name the YAML file in it")
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        #expect(try answer("\(folder.path)/pipe") == "D/pipe: not a regular file; name a YAML file")
        #expect(symlink("circle", "\(folder.path)/circle") == 0)
        #expect(try answer("\(folder.path)/circle").hasPrefix("D/circle: Too many levels of symbolic links"))
    }

    @Test("a file that everybody may write is refused")
    func writable() throws {
        let file = try folder.write("queue: {}")
        #expect(chmod(file, 0o666) == 0)
        #expect(
            try answer(file)
                == "D/config.yaml: everybody on this machine may write it, and so send events elsewhere; "
                + "run chmod o-w D/config.yaml"
        )
        #expect(chmod(file, 0o664) == 0)
        #expect(throws: Never.self) { try Configuration.load(path: file, environment: [:]) }
    }

    @Test(
        "a file that isn't UTF-8 is refused at its first strange byte",
        arguments: [
            ([0x23, 0xE9, 0x0A], "1:2"), ([0x23, 0x0A, 0x23, 0x20, 0xC3, 0xA9, 0xFF], "2:5"),
            ([0xFF, 0xFE, 0x61, 0x00], "1:1"), ([0x23, 0xEF, 0xBF, 0xBD, 0xC3], "1:5"),
        ] as [([UInt8], String)]
    )
    func encoding(bytes: [UInt8], place: String) throws {
        let file = "\(folder.path)/latin1.yaml"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        #expect(
            try answer(file)
                == "D/latin1.yaml:\(place): a byte that is no part of UTF-8; save the file as UTF-8"
        )
    }

    @Test("what may be right is taken with a warning, at its place")
    func warnings() throws {
        let bundle = "\(folder.path)/ca.pem"
        let keys = "\(folder.path)/keys"
        try "[default]\naws_secret_access_key = x\n".write(toFile: keys, atomically: true, encoding: .utf8)
        #expect(chmod(keys, 0o644) == 0)
        let text = """
            listen: { unix: { group: no-such-group } }
            aws:
              region: eu-centrall-1
              regions: [eu-west-1, xx-moon-7]
              proxy: "http://u:PASSWORD@h:1"
              ca_bundle: \(bundle)
              credentials_file: \(keys)
            """
        let file = try folder.write(text)
        #expect(chmod(file, 0o644) == 0)
        let warnings = try Configuration.load(path: file, environment: [:]).warnings
        #expect(
            warnings.map { $0.replacingOccurrences(of: folder.path, with: "D") } == [
                "D/config.yaml:3:11: aws.region: \"eu-centrall-1\" is no region that this version knows; "
                    + "did you mean eu-central-1?",
                "D/config.yaml:5:10: aws.proxy: it holds a password, but everybody may read D/config.yaml; "
                    + "run chmod o-r D/config.yaml",
                "D/keys holds secrets, but group or others may read it; chmod 600 D/keys",
                "D/config.yaml:6:14: aws.ca_bundle: D/ca.pem: no such file; create it, or correct the path",
                "D/config.yaml:1:26: listen.unix.group: this machine has no group \"no-such-group\"; "
                    + "add it, or correct the name",
            ]
        )
        #expect(!"\(warnings)".contains("PASSWORD"))
    }

    @Test("a region of the environment is doubted there; one that only looks new is not")
    func regions() throws {
        #expect(
            try folder.load("", environment: ["AWS_REGION": "us-esat-1"]).warnings == [
                "environment AWS_REGION: aws.region: \"us-esat-1\" is no region that this version knows; "
                    + "did you mean us-east-1?"
            ]
        )
        #expect(try folder.load("aws: { region: eu-central-9, regions: [zz-moon-1] }").warnings.isEmpty)
    }
}
