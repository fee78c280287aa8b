import OutboxCore
import Testing

@Suite struct `Function names` {
    static let naming = FunctionNaming(region: "eu-central-1", furtherRegions: ["us-gov-west-1", "eusc-de-east-1"])

    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var qualifier: String?
        /// partition account region name qualifier
        var identity: String

        init(_ text: String, _ qualifier: String? = nil, is identity: String) {
            self.text = text
            self.qualifier = qualifier
            self.identity = identity
        }
        var testDescription: String { text + (qualifier.map { "?\($0)" } ?? "") }
    }

    @Test(arguments: [
        Row("orders", is: "aws - eu-central-1 orders -"),
        Row("my_fn.x", is: "aws - eu-central-1 my_fn.x -"),
        Row("orders:live", is: "aws - eu-central-1 orders live"),
        Row("orders:$LATEST", is: "aws - eu-central-1 orders $LATEST"),
        Row("orders:$LATEST.PUBLISHED", is: "aws - eu-central-1 orders $LATEST.PUBLISHED"),
        Row("orders:17", is: "aws - eu-central-1 orders 17"),
        Row("orders", "live", is: "aws - eu-central-1 orders live"),
        Row("orders", "$LATEST", is: "aws - eu-central-1 orders $LATEST"),
        Row("orders:live", "live", is: "aws - eu-central-1 orders live"),
        Row("function", is: "aws - eu-central-1 function -"),
        Row("function:", is: "aws - eu-central-1 function -"),
        Row("function:orders", is: "aws - eu-central-1 orders -"),
        Row("function:orders:live", is: "aws - eu-central-1 orders live"),
        Row("123456789012:function:orders", is: "aws 123456789012 eu-central-1 orders -"),
        Row("123456789012:function:orders:live", is: "aws 123456789012 eu-central-1 orders live"),
        Row("123456789012:orders", is: "aws 123456789012 eu-central-1 orders -"),
        Row("123456789012", is: "aws - eu-central-1 123456789012 -"),
        Row("eu-central-1:123456789012:function:orders", is: "aws 123456789012 eu-central-1 orders -"),
        Row("eu-central-1:orders", is: "aws - eu-central-1 orders -"),
        Row("blue-green-1:live", is: "aws - eu-central-1 blue-green-1 live"),
        Row("arn:aws:lambda:eu-central-1:123456789012:function:orders", is: "aws 123456789012 eu-central-1 orders -"),
        Row(
            "arn:aws:lambda:eu-central-1:123456789012:function:orders:live",
            is: "aws 123456789012 eu-central-1 orders live"
        ),
        Row(
            "arn:aws:lambda:eu-central-1:123456789012:function:orders",
            "7",
            is: "aws 123456789012 eu-central-1 orders 7"
        ),
        Row(
            "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:o",
            is: "aws-us-gov 123456789012 us-gov-west-1 o -"
        ),
        Row(
            "arn:aws-eusc:lambda:eusc-de-east-1:123456789012:function:o",
            is: "aws-eusc 123456789012 eusc-de-east-1 o -"
        ),
        Row("us-gov-west-1:123456789012:function:o", is: "aws-us-gov 123456789012 us-gov-west-1 o -"),
        Row("arn:aws:lambda:orders", is: "aws - eu-central-1 orders -"),
        Row("arn::lambda:function:orders", is: "aws - eu-central-1 orders -"),
        Row("arn:live", is: "aws - eu-central-1 arn live"),
        Row("arn", is: "aws - eu-central-1 arn -"),
        Row(String(repeating: "a", count: 256), is: "aws - eu-central-1 \(String(repeating: "a", count: 256)) -"),
        Row(
            "a:\(String(repeating: "b", count: 128))",
            is: "aws - eu-central-1 a \(String(repeating: "b", count: 128))"
        ),
        Row("o", "$weird$", is: "aws - eu-central-1 o $weird$"),
    ])
    func `are read in every form that AWS takes`(row: Row) throws {
        let read = try FunctionName.parse(row.text, qualifier: row.qualifier, naming: Self.naming)
        #expect("\(read.partition) \(read.account) \(read.region) \(read.name) \(read.qualifier)" == row.identity)
    }

    @Test(
        arguments: [
            ("", nil, .validation), ("a b", nil, .validation), ("a/b", nil, .validation), ("ä", nil, .validation),
            (":live", nil, .validation), ("orders:", nil, .validation), ("orders:a:b", nil, .validation),
            ("..", nil, .validation), (".", nil, .validation), ("$LATEST", nil, .validation),
            ("a:b c", nil, .validation),
            ("orders", "", .validation), ("orders", "a b", .validation), ("orders", "a/b", .validation),
            ("orders", "-", .validation),
            ("orders:-", nil, .validation), (String(repeating: "a", count: 513), nil, .validation),
            ("orders:live", "test", .invalidParameterValue),
            ("arn:gcp:lambda:eu-central-1:123456789012:function:orders", nil, .validation),
            ("arn:aws:sqs:eu-central-1:123456789012:orders", nil, .validation),
            ("arn:aws:lambda:eu-west-1:123456789012:function:orders", nil, .invalidParameterValue),
            ("arn:aws:lambda:EU-WEST-1:123456789012:function:orders", nil, .invalidParameterValue),
            ("arn:aws:lambda:evil.example.com:123456789012:function:orders", nil, .invalidParameterValue),
            ("arn:aws:lambda::123456789012:function:orders", nil, .invalidParameterValue),
            ("eu-west-1:123456789012:function:orders", nil, .invalidParameterValue),
            ("arn:aws:lambda:eu-central-1:123:function:orders", nil, .validation),
            ("arn:aws:lambda:eu-central-1:123456789012:function:orders:live:x", nil, .validation),
        ] as [(String, String?, Refusal.Code)]
    )
    func `are refused where they are out of form`(text: String, qualifier: String?, code: Refusal.Code) {
        let refusal = #expect(throws: Refusal.self) {
            try FunctionName.parse(text, qualifier: qualifier, naming: Self.naming)
        }
        #expect(refusal?.code == code)
    }

    @Test func `a region that isn't configured is named, with what to do`() {
        let refusal = #expect(throws: Refusal.self) {
            try FunctionName.parse("arn:aws:lambda:eu-west-1:123456789012:function:o", naming: Self.naming)
        }
        #expect(refusal?.message.contains("eu-west-1") == true)
        #expect(refusal?.message.contains("aws.regions") == true)
    }

    @Test(arguments: [
        ("eu-central-1", true), ("us-gov-west-1", true), ("eusc-de-east-1", true), ("ap-southeast-12", true),
        ("eu", false),
        ("eu-1", false), ("e-central-1", false), ("abcdef-central-1", false), ("eu-central-", false),
        ("eu-central-123", false),
        ("eu--1", false), ("EU-central-1", false), ("eu-central-1.evil", false), ("", false), ("eu-c3ntral-1", false),
    ])
    func `a region must look like one`(text: String, isRegion: Bool) {
        #expect(AWSRegion.looksLikeRegion(text) == isRegion)
    }

    @Test(arguments: [
        ("eu-central-1", "aws"), ("us-east-1", "aws"), ("mx-central-1", "aws"), ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"), ("us-isof-south-1", "aws-iso-f"), ("eusc-de-east-1", "aws-eusc"),
        ("xx-new-1", "aws"),
    ])
    func `the region tells the partition`(region: String, partition: String) {
        #expect(AWSRegion.partition(of: region) == partition)
    }

    @Test(
        arguments: [
            ("orders%3Alive", "orders:live"), ("%24LATEST", "$LATEST"), ("a+b", "a+b"), ("%6f", "o"), ("", ""),
            ("%", nil),
            ("%4", nil), ("%zz", nil), ("a%2", nil),
        ] as [(String, String?)]
    )
    func `percent signs are decoded once`(text: String, decoded: String?) {
        #expect(PercentDecoding.decode(text.utf8).map { String(decoding: $0, as: UTF8.self) } == decoded)
    }
}
