import Testing

@testable import Receiver

struct AnswerRulesTests {
    static func choices(
        _ rules: String,
        _ functions: [String],
        seed: UInt64 = 1
    ) throws -> [AnswerPlanner.Choice] {
        var planner = AnswerPlanner(try AnswerRules(parsing: rules))
        var generator = SeededGenerator(seed: seed)
        return functions.map { function in
            let parts = function.split(separator: ":").map(String.init)
            return planner.choose(
                function: parts[0],
                qualifier: parts.count > 1 ? parts[1] : nil,
                using: &generator
            )
        }
    }

    static func names(_ rules: String, _ functions: [String]) throws -> [String] {
        try choices(rules, functions).map(\.kind.name)
    }

    @Test func `without rules everything is accepted`() throws {
        #expect(try Self.names("", ["orders", "orders:live"]) == ["202", "202"])
    }

    @Test(arguments: [
        ("500", "ServiceException"), ("404", "ResourceNotFoundException"), ("429", "TooManyRequestsException"),
        ("403", "AccessDeniedException"), ("503", "ServiceUnavailableException"), ("202", "202"), ("418", "418"),
        ("200", "200"), ("301", "301"), ("KMSDisabledException", "KMSDisabledException"),
        ("KMSDisabled", "KMSDisabledException"), ("cut", "cut"), ("half", "half"), ("hang", "hang"),
        ("202-no-id", "202-no-id"), ("html", "html"), ("429/7", "TooManyRequestsException"),
    ])
    func `an answer is a status, a code or a word`(text: String, name: String) throws {
        #expect(try Self.names("orders=\(text)", ["orders"]) == [name])
    }

    @Test func `a throttle takes a reason and seconds, in any order`() throws {
        let error = try #require(LambdaError.named("TooManyRequestsException"))
        for text in ["429/CallerRateLimitExceeded/3", "TooManyRequests/3/CallerRateLimitExceeded"] {
            #expect(
                try Self.choices("a=\(text)", ["a"])[0].kind
                    == .error(error, reason: "CallerRateLimitExceeded", retryAfterSeconds: 3)
            )
        }
        #expect(
            try Self.choices("a=429", ["a"])[0].kind
                == .error(error, reason: "FunctionInvocationRateLimitExceeded", retryAfterSeconds: nil)
        )
    }

    @Test func `a rate lets a tenth of a second's worth through at once, and refuses what comes above it`() throws {
        var planner = AnswerPlanner(try AnswerRules(parsing: "*=429>50"))
        var generator = SeededGenerator(seed: 1)
        func taken(of count: Int, everyMilliseconds interval: Int64, from start: Int64) -> Int {
            (0..<count).count { index in
                let at = start + Int64(index) * interval
                let function = index % 2 == 0 ? "a" : "b"
                return planner.choose(function: function, qualifier: nil, at: at, using: &generator).kind == .accepted
            }
        }
        #expect(taken(of: 20, everyMilliseconds: 0, from: 1000) == 5)
        #expect(taken(of: 1000, everyMilliseconds: 10, from: 1010) == 500)
        #expect(taken(of: 100, everyMilliseconds: 20, from: 60_000) == 100)
        #expect(throws: AnswerSyntaxError.self) { try AnswerRules(parsing: "a=429>0") }
        #expect(throws: AnswerSyntaxError.self) { try AnswerRules(parsing: "a=429>fast") }
    }

    @Test func `names are patterns over the name and the qualified name`() throws {
        let rules = "orders:live=500, bill?ng=404, *-slow=409, exact=410"
        #expect(
            try Self.names(
                rules,
                ["orders:live", "orders", "orders:test", "billing", "very-slow:x", "exactly", "exact:1"]
            )
                == [
                    "ServiceException", "202", "202", "ResourceNotFoundException", "ResourceConflictException", "202",
                    "EFSIOException",
                ]
        )
    }

    @Test func `a counted rule holds for the first requests of each function`() throws {
        #expect(
            try Self.names("*=500*2", ["a", "a", "b", "a", "b", "b"])
                == ["ServiceException", "ServiceException", "ServiceException", "202", "ServiceException", "202"]
        )
    }

    @Test func `where a rule doesn't hold the next one is asked`() throws {
        #expect(
            try Self.names("a=500*1,a=404*1,a=cut", ["a", "a", "a"])
                == ["ServiceException", "ResourceNotFoundException", "cut"]
        )
    }

    @Test func `a probability holds for about that part`() throws {
        let names = try Self.names("a=429:0.3", Array(repeating: "a", count: 10_000))
        #expect((2_800...3_200).contains(names.count { $0 != "202" }))
        #expect(try Self.names("a=429:0", ["a"]) == ["202"])
        #expect(try Self.names("a=429:1", ["a"]) == ["TooManyRequestsException"])
    }

    @Test func `the same seed gives the same run`() throws {
        let functions = Array(repeating: "a", count: 200)
        #expect(try Self.choices("a=429:0.5", functions) == Self.choices("a=429:0.5", functions))
        #expect(try Self.choices("a=429:0.5", functions) != Self.choices("a=429:0.5", functions, seed: 2))
    }

    @Test(arguments: [("50ms", 50), ("2s", 2000), ("0.5s", 500), ("1m", 60_000), ("0ms", 0)])
    func `a latency has a unit`(text: String, milliseconds: Int64) throws {
        #expect(try Self.choices("a=202@\(text)", ["a"])[0].latencyMilliseconds == milliseconds)
    }

    @Test func `count, probability and latency stand together in any order`() throws {
        let choices = try Self.choices("a=500 *1 :1 @2s, b=500@2s:1*1", ["a", "a", "b", "b"])
        #expect(choices[0] == choices[2] && choices[1] == choices[3] && choices[0] != choices[1])
        #expect(choices[0].latencyMilliseconds == 2000)
    }

    @Test(arguments: [
        ("orders", "NAME=ANSWER"), ("=500", "NAME=ANSWER"), ("orders=", "no answer"), ("orders=banana", "banana"),
        ("orders=99", "99"), ("orders=600", "600"), ("a=500:2", "probability"), ("a=500:-1", "probability"),
        ("a=500:x", "probability"), ("a=500*x", "number of requests"), ("a=500*-1", "number of requests"),
        ("a=202@2", "time"), ("a=202@s", "time"), ("a=202@-1s", "time"), ("a=202@99999m", "time"),
        ("a=202@infs", "time"), ("a=202@nans", "time"), ("a=500:nan", "probability"),
        ("a=429/x", "Retry-After"), ("a=cut/3", "slash"), ("a=418/3", "slash"), ("ok=202,bad=huh", "bad=huh"),
    ])
    func `a mistake is named, with an example of how it should be`(text: String, told: String) {
        let error = #expect(throws: AnswerSyntaxError.self) { try AnswerRules(parsing: text) }
        #expect(error?.description.contains(told) == true, Comment(rawValue: error?.description ?? ""))
        #expect(error?.description.contains("Example: orders=500") == true)
    }

    @Test func `empty parts and line ends are forgiven`() throws {
        #expect(
            try Self.names(" a=500 ,,\n b=404,\n", ["a", "b"]) == ["ServiceException", "ResourceNotFoundException"]
        )
    }

    @Test func `every known error has a name, a status and a text`() {
        for code in LambdaError.allCodes {
            let error = LambdaError.named(code)
            #expect(error.map { (400...599).contains($0.status) && !$0.message(function: "f").isEmpty } == true)
        }
        #expect(LambdaError.allCodes.count == 50)
    }
}

struct InvokeTargetTests {
    static func target(_ label: String, query: String = "") throws(InvokeTarget.Problem) -> InvokeTarget {
        try InvokeTarget(path: "/2015-03-31/functions/\(label)/invocations", query: query[...])
    }

    @Test(arguments: [
        ("orders", "", "orders", nil), ("orders%3Alive", "", "orders", "live"),
        ("orders%3A%24LATEST", "", "orders", "$LATEST"), ("orders", "Qualifier=%24LATEST", "orders", "$LATEST"),
        ("orders%3Alive", "Qualifier=live", "orders", "live"), ("orders:live", "", "orders", "live"),
        ("arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Aorders", "", "orders", nil),
        ("arn%3Aaws-cn%3Alambda%3Acn-north-1%3A123456789012%3Afunction%3Aorders%3A7", "", "orders", "7"),
        ("123456789012%3Afunction%3Amy_fn.x", "", "my_fn.x", nil), ("function%3Aorders%3Alive", "", "orders", "live"),
        ("orders", "x=1&Qualifier=3", "orders", "3"), ("orders", "qualifier=3", "orders", nil),
    ])
    func `function and qualifier come from name and query`(
        label: String,
        query: String,
        name: String,
        qualifier: String?
    ) throws {
        let target = try Self.target(label, query: query)
        #expect(target.name == name)
        #expect(target.qualifier == qualifier)
    }

    @Test(arguments: ["a%20b", "a%3Ab%3Ac", "%3A", "a%3A", "ü", "a%2Fb", "arn%3Aaws%3As3%3A%3A%3Abucket"])
    func `what Lambda would not take for a name is invalid`(label: String) {
        let problem = #expect(throws: InvokeTarget.Problem.self) { try Self.target(label) }
        guard case .invalid(member: "functionName", _) = problem else {
            Issue.record("\(String(describing: problem))")
            return
        }
    }

    @Test func `name and query must not contradict each other`() {
        #expect(throws: InvokeTarget.Problem.contradiction) {
            try Self.target("orders%3Alive", query: "Qualifier=test")
        }
        #expect(throws: InvokeTarget.Problem.invalid(member: "qualifier", value: "a b")) {
            try Self.target("orders", query: "Qualifier=a%20b")
        }
    }

    @Test(arguments: [
        "/", "/2015-03-31/functions//invocations", "/2015-03-31/functions/a/b/invocations",
        "/2014-11-13/functions/orders/invoke-async", "/2015-03-31/functions/orders",
        "/2015-03-31/functions/invocations",
    ])
    func `other paths are no invocations`(path: String) {
        #expect(throws: InvokeTarget.Problem.noInvocation) { try InvokeTarget(path: path[...], query: "") }
    }
}
