import OutboxCore
import Testing

@Suite("Fingerprints of dead letters")
struct FingerprintTests {
    @Test(
        "a message keeps its words and loses numbers, ids and quoted parts",
        arguments: [
            ("Task timed out after 3.00 seconds", "Task timed out after # seconds"),
            ("user 'O' is not in \"list\"", "user * is not in *"),
            ("can't find it, don't ask", "can't find it, don't ask"),
            ("RequestId: 6f1d2e3c-aaaa Error", "RequestId: # Error"),
            ("no such key (k=17)", "no such key (k=#)"),
            ("arn:aws:lambda:eu-west-1:123456789012:function:x is gone", "# is gone"),
            ("cut inside a \"quoted par", "cut inside a *"),
            ("the user's 'name' is wrong", "the user's * is wrong"),
            ("", ""),
        ]
    )
    func shapes(_ message: String, _ shape: String) {
        #expect(Fingerprint.shape(of: message) == shape)
    }

    private let function = FunctionIdentity(
        partition: "aws",
        account: "-",
        region: "eu-west-1",
        name: "orders",
        qualifier: "-"
    )

    @Test func `letters that differ in numbers only have one fingerprint`() {
        let one = Fingerprint(condition: .rejected, function: function, code: "E", message: "took 17 ms")
        let other = Fingerprint(condition: .rejected, function: function, code: "E", message: "took 4 ms")
        #expect(one == other)
        #expect(one.description.count == 16)
    }

    @Test func `condition, function, code and words each make another fingerprint`() {
        var live = function
        live.qualifier = "live"
        let prints = [
            Fingerprint(condition: .rejected, function: function, code: "E", message: "slow"),
            Fingerprint(condition: .expired, function: function, code: "E", message: "slow"),
            Fingerprint(condition: .rejected, function: live, code: "E", message: "slow"),
            Fingerprint(condition: .rejected, function: function, code: "F", message: "slow"),
            Fingerprint(condition: .rejected, function: function, code: "E", message: "late"),
            Fingerprint(condition: .rejected, function: function, code: nil, message: "Eslow"),
        ]
        #expect(Set(prints).count == prints.count)
    }
}
