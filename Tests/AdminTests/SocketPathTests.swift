import Testing

@testable import Admin

@Suite struct `the admin socket's path` {
    @Test(arguments: [
        ("", "1 to 107 bytes"),
        ("/" + String(repeating: "a", count: 107), "1 to 107 bytes"),
        // Short enough for the socket itself, too long for the folder in which it is made.
        ("/" + String(repeating: "a", count: 97) + "/s", "at most 97 bytes"),
    ])
    func `that is too long is refused in words, before anything is made`(_ path: String, _ words: String) {
        let error = #expect(throws: AdminSocketError.self) { try AdminSocketPath(path).prepare() }
        #expect(error?.description.contains(words) == true)
    }

    @Test func `that is just short enough fails for another reason: there is no such folder`() {
        let path = "/" + String(repeating: "a", count: 96) + "/s"
        let error = #expect(throws: AdminSocketError.self) { try AdminSocketPath(path).prepare() }
        #expect(error?.description.contains("can't write in") == true)
    }
}
