import Foundation
import Testing

@testable import Daemon

/// What operators really get wrong, and every word of the answer.
@Suite("Typical mistakes in a configuration file")
struct TypicalMistakeTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    static let table: [(text: String, answer: String)] = [
        (
            "queue:\n\tmax_bytes: 1GiB\n",
            "2:1: a tab; indent with spaces; YAML takes no tabs there"
        ),
        (
            "queue:\nmax_bytes: 1GiB\n",
            "2:1: unknown key \"max_bytes\"; did you mean queue.max_bytes? Write it under queue:, indented"
        ),
        (
            "queue:\n  max_bytes: 1GiB\n   max_events: 5\n",
            "3:4: indented deeper than line 2, which has a value of its own; indent it like line 2: by 2 spaces"
        ),
        (
            "queue:\n    max_bytes: 1GiB\n  max_events: 5\n",
            "3:3: indented by 2 spaces, which fits nothing above it; indent it like its neighbours (0, 4)"
        ),
        (
            "queue:\n  max_bytes:1GiB\n",
            "2:3: queue: a single value instead of a mapping; write a colon and a space behind max_bytes, as in max_bytes: VALUE"
        ),
        (
            "queue: max_bytes: 1GiB\n",
            "1:17: a second colon in one line; write the inner key in a line of its own, indented, or quote a value that holds a colon and a space"
        ),
        (
            "queue: { max_byte: 1GiB }",
            "1:10: unknown key \"max_byte\" in queue; did you mean \"max_bytes\"?"
        ),
        (
            "queue.max_bytes: 1GiB",
            "1:1: unknown key \"queue.max_bytes\"; write queue: and, below it, max_bytes, indented"
        ),
        (
            "admin: { path: /x }",
            "1:10: unknown key \"path\" in admin; did you mean admin.unix.path? Write it under unix:, indented"
        ),
        (
            "region: eu-central-1",
            "1:1: unknown key \"region\"; did you mean aws.region? Write it under aws:, indented"
        ),
        (
            "defaults: { max_retries: 5 }",
            "1:13: unknown key \"max_retries\" in defaults; did you mean \"max_attempts\"?"
        ),
        (
            "queue: { maxBytes: 1GiB }",
            "1:10: unknown key \"maxBytes\" in queue; did you mean \"max_bytes\"?"
        ),
        (
            "door: { wait: 5 }",
            "1:15: door.wait: \"5\" has no unit; write it with its unit, such as 500ms, 30s, 15m, 72h or 7d"
        ),
        (
            "queue: { max_bytes: 10G }",
            "1:21: queue.max_bytes: \"10G\" has a unit that is not known; did you mean 10GiB? (units: B kB KiB MB MiB GB GiB TB TiB)"
        ),
        (
            "door: { wait: 5 min }",
            "1:15: door.wait: \"5 min\" has a unit that is not known; did you mean 5m? (units: ms s m h d)"
        ),
        (
            "door: { wait: 1.5m }",
            "1:15: door.wait: \"1.5m\" has a unit that is not known; did you mean 90s? (units: ms s m h d)"
        ),
        (
            "queue: { max_events: 1,000,000 }",
            "1:24: duplicate key \"000\"; write a large number without commas"
        ),
        (
            "queue:\n  max_events: 10k",
            "2:15: queue.max_events: \"10k\" is no whole number; did you mean 10000?"
        ),
        (
            "queue: { max_events: \"5\" }",
            "1:22: queue.max_events: \"5\" is a text, not a number; remove the quotes"
        ),
        (
            "listen: { unix: { mode: 660 } }",
            "1:25: listen.unix.mode: \"660\" is no file mode; did you mean \"0660\"?"
        ),
        (
            "listen: { unix: { mode: rw-rw---- } }",
            "1:25: listen.unix.mode: \"rw-rw----\" is no file mode; write four octal digits in quotes, such as \"0660\""
        ),
        (
            "defaults: { soft: yes }",
            "1:19: defaults.soft: \"yes\" is neither true nor false; write true, unquoted and in small letters"
        ),
        (
            "defaults: { share: 150% }",
            "1:20: defaults.share: \"150%\" is out of range; write 1% to 100%"
        ),
        (
            "defaults: { share: 0.5 }",
            "1:20: defaults.share: \"0.5\" has no % sign; did you mean 50%?"
        ),
        (
            "aws: { regions: eu-west-1 }",
            "1:17: aws.regions: a single value instead of a list; write [A, B], or [] for none"
        ),
        (
            "aws: { region: [eu-west-1] }",
            "1:16: aws.region: a list instead of a single value; write the name of a region, such as eu-central-1"
        ),
        (
            "queue:\n  - max_bytes: 1GiB",
            "2:3: queue: a list instead of a mapping; remove the - before its keys, or the brackets around them"
        ),
        (
            "functions:\n  match: a\n",
            "2:3: functions: a mapping instead of a list; begin each rule with - match: PATTERN, and write its keys below it, without a -"
        ),
        (
            "functions:\n  - match: a\n  max_age: 1h\n",
            "3:3: indented by 2 spaces, which fits nothing above it; indent it like its neighbours (0, 4)"
        ),
        (
            "functions:\n  - match: a\n    max_age: 1h\n - match: b\n",
            "4:2: indented by 1 space, which fits nothing above it; indent it like its neighbours (2)"
        ),
        (
            "functions: - match: a\n",
            "1:12: a - in the line of its key; begin the list in the next line, or write [A, B]"
        ),
        (
            "functions:\n- match: a\n- max_age: 1h\n",
            "3:3: functions[1] has no match; add match:, or remove the - if its keys belong to the rule above"
        ),
        (
            "queue: { max_events: 5 }\nqueue: { max_bytes: 1GiB }",
            "1:1: duplicate key \"queue\"; it stands here and again further down in the same mapping: keep one"
        ),
        (
            "queue:\n  max_bytes:\n  max_events: 5\n",
            "2:13: queue.max_bytes: nothing instead of a single value; write it with its unit, such as 64KiB, 1MiB or 10GiB"
        ),
        (
            "aws: { endpoint_url: \"http://10.0.0.1:4566\" }",
            "1:22: aws.endpoint_url: plain http to another machine; write https, or a loopback host (127.0.0.1, ::1, localhost) for a stand-in"
        ),
        (
            "listen: { tcp: { address: 127.0.0.1:9100, authentication: none } }\naws: { endpoint_url: \"http://localhost:9100\" }",
            "2:22: the endpoint is this daemon's own listener (listen.tcp); unset it for the daemon: it is for the programs that send"
        ),
        (
            "admin: { tcp: { address: 127.0.0.1:9101 } }\naws: { endpoint_url: \"http://127.0.0.1:9101\" }",
            "2:22: the endpoint is this daemon's own listener (admin.tcp); unset it for the daemon: it is for the programs that send"
        ),
        (
            "aws: { region: eu-central1 }",
            "1:16: aws.region: \"eu-central1\" is no region; did you mean eu-central-1?"
        ),
        (
            "aws: { region: Frankfurt }",
            "1:16: aws.region: \"Frankfurt\" is no region; did you mean eu-central-1?"
        ),
        (
            "functions: [{ match: \"arn:aws:lambda:eu-central-1:1234:function:orders\" }]",
            "1:22: functions[0].match: \"arn:aws:lambda:eu-central-1:1234:function:orders\": \"1234\" is no account; write its twelve digits, or *"
        ),
        (
            "functions: [{ match: \"arn:aws:lambda:eu-central-1:123456789012:orders\" }]",
            "1:22: functions[0].match: \"arn:aws:lambda:eu-central-1:123456789012:orders\": \"orders\" is not the word function; write function"
        ),
        (
            "functions: [{ match: \"123456789012:function:orders\" }]",
            "1:22: functions[0].match: \"123456789012:function:orders\" has too many colons; write name:qualifier, or the full ARN"
        ),
        (
            "functions: [{ match: \"orders-.*\" }]",
            "1:22: functions[0].match: \"orders-.*\" is no pattern, but looks like a regular expression; write * for any characters and ? for one, as in \"orders-*\""
        ),
        (
            "functions: [{ match: \"^orders$\" }]",
            "1:22: functions[0].match: \"^orders$\" is no pattern, but looks like a regular expression; write * for any characters and ? for one, as in \"orders-*\""
        ),
        (
            "functions: [{ match: \"a, b\" }]",
            "1:22: functions[0].match: \"a, b\" is more than one pattern; write a rule for each"
        ),
        (
            "functions:\n  - match: *-dev",
            "2:12: an alias that no anchor (&…) stands for; a value that begins with * must be quoted, as in \"*-dev\""
        ),
        (
            "defaults: { base_delay: 1h }",
            "1:25: defaults: max_delay (15m) is shorter than base_delay (1h); make max_delay at least as long as base_delay"
        ),
        (
            "store: { path: outbox.db }",
            "1:16: store.path: \"outbox.db\" is not an absolute path; write one that begins with /"
        ),
        (
            "store: { path: ~/outbox.db }",
            "1:16: store.path: \"~/outbox.db\" is not an absolute path; write one that begins with /"
        ),
        (
            "store: { path: /var/lib/ }",
            "1:16: store.path: \"/var/lib/\" is a folder; write the path of a file"
        ),
        (
            "listen: { tcp: { address: 127.0.0.1:9100 } }",
            "1:27: listen.tcp has no authentication; add authentication: none if every program here may send"
        ),
        (
            "listen: { tcp: { address: 0.0.0.0:9100, authentication: none } }",
            "1:27: listen.tcp.address: \"0.0.0.0:9100\" is not an address of the loopback interface; write 127.0.0.1:9100: other machines can't be let in, since nothing is encrypted there"
        ),
        (
            "listen: { tcp: { address: 9100, authentication: none } }",
            "1:27: listen.tcp.address: \"9100\" has no port from 1 to 65535; write a loopback address and a port, such as 127.0.0.1:9100 or [::1]:9100"
        ),
        (
            "aws: { region: ${AWS_REGION} }",
            "1:16: a placeholder (${…}); write the value itself: nothing is replaced in this file"
        ),
        (
            "aws:\n  region: ${AWS_REGION}",
            "2:11: aws.region: \"${AWS_REGION}\" is a placeholder; write the value itself: nothing is replaced in this file"
        ),
        (
            "aws: { profile: $PROFILE }",
            "1:17: aws.profile: \"$PROFILE\" is a placeholder; write the value itself: nothing is replaced in this file"
        ),
        (
            "aws: { region: {{ region }} }",
            "1:17: a key that is no name; write NAME: VALUE; a template's {{ … }} isn't replaced in this file"
        ),
        (
            "queue:\r\n  max_event: 5\r\n",
            "2:3: unknown key \"max_event\" in queue; did you mean \"max_events\"?"
        ),
        (
            "\u{FEFF}queues: {}",
            "1:1: unknown key \"queues\"; did you mean \"queue\"?"
        ),
        (
            "queue: &q { max_events: 5 }\ndoor:\n  <<: *q\n",
            "3:3: a merge key (<<); write the values out"
        ),
        (
            "queue: {}\n---\ndoor: {}\n",
            "2:1: a second document; keep one: remove the line ---, and join what stands below it"
        ),
        (
            "queue: {}\nfoo\n",
            "2:1: a line that is no KEY: VALUE; write a colon and a space after the key, or remove it"
        ),
        (
            "queue: { max_events: 5 };\n",
            "1:25: text behind the end of a value; remove it, or quote the whole value"
        ),
        (
            "queue: {}\n}\n",
            "2:1: a } that nothing has opened; remove it"
        ),
        (
            "queue: { max_events: 5\ndoor: {}\n",
            "1:8: a { that is opened here and not closed; close it with }, and put commas between what is in it"
        ),
        (
            "aws: { profile: \"abc }\ndoor: {}\n",
            "1:17: a quote that is opened here and never closed; close it, or remove it"
        ),
        (
            "[queue]\nmax_bytes = 5\n",
            "2:1: text that belongs to no key; write SECTION:, and below it its keys, indented, as KEY: VALUE"
        ),
        (
            "aws: { profile: @x }",
            "1:17: \"@\" can't begin a value; put the value in quotes"
        ),
        (
            "store: { path: “/x/o.db” }",
            "1:16: store.path: \"“/x/o.db”\" holds a typographic quote or space; write plain ones"
        ),
    ]

    @Test("each is answered in one line with line, column and what was meant", arguments: table)
    func each(text: String, answer: String) throws {
        #expect(try folder.problems(text).map(\.description) == [answer])
    }

    @Test(
        "what looks odd but is right is taken",
        arguments: [
            "\u{FEFF}queue:\r\n  max_events: 5\r\n", "{\"queue\": {\"max_events\": 5}}",
            "queue: { max_events: 5 }\n...\n",
            "%YAML 1.1\n---\nqueue:\n    max_events: 0005\n",
            "queue: { max_events: 5 }\nlisten: { unix: { mode: 0660 } }",
            "queue: &q { max_events: 5 }\n", "functions:\n- match: orders-*:$LATEST\nqueue: { max_events: 5 }",
            "functions:\n- match: arn:aws:lambda:*:function:a\n- match: \"*:function:b\"\nqueue: { max_events: 5 }",
            "functions:\n- match: arn:aws*:lambda:eu-*:????????????:function:a:live\nqueue: { max_events: 5 }",
        ]
    )
    func odd(text: String) throws {
        #expect(try folder.load(text).values.queue.maxEvents == 5)
    }
}
