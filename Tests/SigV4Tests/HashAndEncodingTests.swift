import Foundation
import SigV4
import Testing

struct HashAndEncodingTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `the NIST examples of SHA-256 agree`(text: String, hash: String) {
        let bytes = Array(text.utf8)
        #expect(SHA256.hex(bytes) == hash)
        #expect(bytes.withUnsafeBytes { SHA256.digest($0) } == SHA256.digest(bytes))
        #expect(hexadecimal(SHA256.digest(bytes)) == hash)
    }

    @Test func `hashes are right on many threads at once`() async {
        let expected = SHA256.hex(Array("abc".utf8))
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<16 {
                group.addTask { (0..<2000).count { _ in SHA256.hex(Array("abc".utf8)) != expected } }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    @Test(arguments: [
        ("orders:$LATEST", "orders%3A%24LATEST"), ("a-b_c.d~e", "a-b_c.d~e"), ("a b+c/d", "a%20b%2Bc%2Fd"),
        ("ሴ", "%E1%88%B4"), ("", ""), ("%", "%25"),
    ])
    func `percent-encoding leaves unreserved bytes alone, and decoding reverses it`(text: String, encoded: String) {
        #expect(percentEncode(text) == encoded)
        #expect(percentDecode(encoded.utf8) == Array(text.utf8))
    }

    @Test(arguments: ["%", "%4", "%zz", "%4z", "100%", "%%41"])
    func `a stray percent sign stands for itself`(text: String) {
        #expect(percentDecode(text.utf8) == Array(text.replacing("%41", with: "A").utf8))
    }
}

struct SigningTimeTests {
    @Test(arguments: [
        (0, "19700101T000000Z"), (951_782_400, "20000229T000000Z"), (1_440_938_160, "20150830T123600Z"),
        (1_772_323_199, "20260228T235959Z"), (4_107_542_400, "21000301T000000Z"), (-1, "19691231T235959Z"),
    ])
    func `known instants are written and read`(seconds: Int64, text: String) {
        #expect(SigningTime(seconds: seconds).description == text)
        #expect(SigningTime(text)?.seconds == seconds)
    }

    @Test func `every day of eight hundred years comes back as itself`() {
        // From 1600 to 2400: two whole cycles of the calendar.
        for day in -135_140..<157_060 {
            let time = SigningTime(seconds: Int64(day) * 86_400 + 3_723)
            if SigningTime(time.description) != time { Issue.record("\(time)") }
        }
    }

    @Test func `parts of a second are cut off, before 1970 too`() {
        #expect(SigningTime(milliseconds: 1_999).seconds == 1)
        #expect(SigningTime(milliseconds: -1).seconds == -1)
    }

    @Test(arguments: [
        "", "20150830T123600", "20150830 123600Z", "2015083XT123600Z", "20150230T000000Z", "20150800T000000Z",
        "20151301T000000Z", "20150830T240000Z", "20150830T126000Z", "20150830T123660Z", "20150830T123600z",
    ])
    func `anything else is no signing time`(text: String) {
        #expect(SigningTime(text) == nil)
    }

    @Test func `the ends of time do not trap`() {
        for seconds in [Int64.min, .max] { #expect(SigningTime(seconds: seconds).description.hasSuffix("Z")) }
        #expect(SigningTime(seconds: .max).advanced(bySeconds: 1).seconds == .max)
    }
}
