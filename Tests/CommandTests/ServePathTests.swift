import Foundation
import Testing

@testable import lambda_outbox

@Suite("serve --directory")
struct ServePathTests {
    @Test(arguments: ["/var/x", "/", ""])
    func `an absolute folder, and none, stay as they are`(path: String) {
        #expect(Serve.absolute(path) == path)
    }

    @Test(arguments: ["outbox", "./outbox", "../a/outbox"])
    func `any other is taken from the working directory`(path: String) {
        #expect(Serve.absolute(path) == "\(FileManager.default.currentDirectoryPath)/\(path)")
    }
}
