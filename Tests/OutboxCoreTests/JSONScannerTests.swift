import Foundation
import OutboxCore
import TestSupport
import Testing

@Suite struct `JSON scanner` {
    @Test(arguments: [
        "{}", "[]", "null", "true", "false", "0", "-0", "\"\"", " \t\r\n[1 , 2]\n", "1e400", "-1.5E-7",
        "123456789012345678901234567890123456789", #"{"a":{"b":[{},[],""]},"c":null}"#, #""\ud800""#,
        #""\"\\\/\b\f\n\r\t\u00e9""#,
        "\"ä€😀\"", "\"0123456701234567\\\"0123456701234567\"", "[[[[[[[[[[]]]]]]]]]]",
    ])
    func `takes JSON texts`(text: String) {
        #expect(JSONScanner.fault(in: Array(text.utf8)) == nil)
    }

    @Test(
        arguments: [
            ("", 0, .endsTooEarly), (" ", 1, .endsTooEarly), ("[1,]", 3, .unexpectedByte), ("{,}", 1, .unexpectedByte),
            (#"{"a"}"#, 4, .unexpectedByte), (#"{"a":1,}"#, 7, .unexpectedByte), ("[}", 1, .unexpectedByte),
            ("{]", 1, .unexpectedByte), ("[1}", 2, .unexpectedByte), ("01", 1, .badNumber), ("-", 1, .endsTooEarly),
            ("1.", 2, .endsTooEarly), ("1.x", 2, .badNumber), ("1e", 2, .endsTooEarly), ("+1", 0, .unexpectedByte),
            ("nul", 3, .endsTooEarly), ("nulL", 0, .badLiteral), ("\"a", 2, .endsTooEarly), ("\"a\\", 3, .endsTooEarly),
            ("\"\\x\"", 1, .badEscape), ("\"\\u12g4\"", 1, .badEscape), ("\"a\nb\"", 2, .controlCharacter),
            ("{} {}", 3, .textBehindValue), ("[", 1, .endsTooEarly), ("ä", 0, .unexpectedByte),
            ("hello", 0, .unexpectedByte),
        ] as [(String, Int, JSONFault.Reason)]
    )
    func `says what is wrong and where`(text: String, offset: Int, reason: JSONFault.Reason) {
        #expect(JSONScanner.fault(in: Array(text.utf8)) == JSONFault(offset: offset, reason: reason))
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
            [0xE2, 0x28, 0xA1],
        ] as [[UInt8]]
    )
    func `refuses what isn't UTF-8, wherever it stands in a string`(bytes: [UInt8]) {
        for lead in 0..<17 {
            let text = [UInt8(ascii: "\"")] + [UInt8](repeating: 0x61, count: lead) + bytes + Array("bcd\"".utf8)
            #expect(JSONScanner.fault(in: text) == JSONFault(offset: 1 + lead, reason: .notUTF8))
        }
    }

    @Test func `takes every code point that UTF-8 can hold`() {
        var text = [UInt8(ascii: "\"")]
        for value in stride(from: UInt32(0x80), through: 0x10FFFF, by: 7) {
            if let scalar = Unicode.Scalar(value) { text.append(contentsOf: UTF8.encode(scalar)!) }
        }
        text.append(UInt8(ascii: "\""))
        #expect(JSONScanner.fault(in: text) == nil)
    }

    @Test func `finds a byte that must be escaped at any place of a long string`() {
        for place in 1..<40 {
            for byte in [0x00, 0x0A, 0x1F] as [UInt8] {
                var text = [UInt8](repeating: 0x7F, count: 41)
                text[0] = UInt8(ascii: "\"")
                text[40] = UInt8(ascii: "\"")
                text[place] = byte
                #expect(JSONScanner.fault(in: text) == JSONFault(offset: place, reason: .controlCharacter))
            }
        }
    }

    @Test func `refuses a byte order mark`() {
        #expect(JSONScanner.fault(in: [0xEF, 0xBB, 0xBF, 0x7B, 0x7D]) == JSONFault(offset: 0, reason: .byteOrderMark))
    }

    @Test func `nesting ends at 512, for arrays and objects alike`() {
        func arrays(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(ascii: "["), count: depth) + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
        }
        func objects(_ depth: Int) -> [UInt8] {
            Array(String(repeating: "{\"a\":", count: depth).utf8) + Array("0".utf8)
                + [UInt8](repeating: UInt8(ascii: "}"), count: depth)
        }
        #expect(JSONScanner.fault(in: arrays(512)) == nil)
        #expect(JSONScanner.fault(in: objects(512)) == nil)
        #expect(JSONScanner.fault(in: arrays(513)) == JSONFault(offset: 512, reason: .nestedTooDeeply))
        #expect(JSONScanner.fault(in: objects(513)) == JSONFault(offset: 2560, reason: .nestedTooDeeply))
        #expect(JSONScanner.fault(in: [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)) != nil)
    }

    @Test func `remembers which bracket is open on each level`() {
        var text = ""
        var closing = ""
        for level in 0..<512 {
            text += level.isMultiple(of: 3) ? "[" : "{\"k\":"
            closing = (level.isMultiple(of: 3) ? "]" : "}") + closing
        }
        #expect(JSONScanner.fault(in: Array((text + "1" + closing).utf8)) == nil)
        for level in 0..<512 {
            var wrong = Array(closing)
            wrong[level] = wrong[level] == "]" ? "}" : "]"
            #expect(JSONScanner.fault(in: Array((text + "1" + String(wrong)).utf8)) != nil)
        }
    }

    @Test func `cutting a text anywhere makes it end too early`() {
        let text = Array(#"{"a":[1.5e3,true,null,"x\u00e9\n"],"b":{"c":"ä"}}"#.utf8)
        for length in 0..<text.count {
            let fault = JSONScanner.fault(in: Array(text[..<length]))
            #expect(fault != nil)
            if let fault, fault.reason != .notUTF8 {
                #expect(fault == JSONFault(offset: length, reason: .endsTooEarly))
            }
        }
    }

    @Test func `reads an object's members`() throws {
        let text = Array(
            #" {"a" : "x\ud83d\ude00\n\"" , "b":-1.5e3,"c":{"d":"}"},"e":[{"]":1}],"f":true,"a":"2"} "#.utf8
        )
        let members = try #require(JSONMembers(text)).members
        #expect(members.map(\.name) == ["a", "b", "c", "e", "f", "a"])
        #expect(members[0].value == .string("x😀\n\""))
        #expect(members[1].value == .number("-1.5e3"))
        guard case .object(let range) = members[2].value else { throw Missing() }
        #expect(String(decoding: text[range], as: UTF8.self) == #"{"d":"}"}"#)
        #expect(try #require(JSONMembers(validated: text, in: range)).members.map(\.value) == [.string("}")])
        #expect(members[3].value == .other)
        #expect(members[4].value == .other)
        #expect(JSONMembers(Array("[]".utf8)) == nil)
        #expect(JSONMembers(Array("{".utf8)) == nil)
        #expect(JSONMembers(Array("{}".utf8))?.members.isEmpty == true)
        #expect(JSONMembers(Array(#"{"a":"\ud83d\u0041"}"#.utf8))?.members.first?.value == .string("\u{FFFD}A"))
    }

    struct Missing: Error {}

    // Without the published suite this test has nothing to read; the project's own texts above still run.
    @Test(.enabled(if: Vectors.has("json/test_parsing"), Comment(rawValue: Vectors.areAbsent)))
    func `agrees with the published suite`() throws {
        var counts: [Character: Int] = [:]
        for file in try Vectors.files(below: "json/test_parsing", ending: ".json") {
            let bytes = try Vectors.read(file)
            let name = file.lastPathComponent
            let fault = JSONScanner.fault(in: bytes)
            let kind = name.first ?? "?"
            counts[kind, default: 0] += 1
            switch kind {
            case "y": #expect(fault == nil, "\(name)")
            case "n": #expect(fault != nil, "\(name)")
            default:
                // Texts that aren't UTF-8, or carry a mark, are refused; numbers and lone escapes of any kind are taken.
                let isText = String(validating: bytes, as: UTF8.self) != nil && !name.contains("BOM")
                #expect((fault == nil) == isText, "\(name)")
            }
        }
        #expect(counts == ["y": 95, "n": 188, "i": 35])
    }
}
