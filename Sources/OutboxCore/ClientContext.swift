/// The client context of an Invoke call: base64 of a JSON object. SDKs that can't set headers put options into its
/// member `outbox`; Lambda ignores it all for Event calls.
package enum ClientContext {
    /// AWS's limit on the base64 text.
    package static let textBytesMax = 3583

    /// The options in it; empty where it has no member `outbox`.
    package static func options(in text: String) throws(Refusal) -> OptionTexts {
        guard text.utf8.count <= textBytesMax else {
            throw refusal("The client context is longer than \(textBytesMax) bytes of base64.")
        }
        guard let bytes = Base64.decode(Array(text.utf8)), let object = JSONMembers(bytes) else {
            throw refusal("The client context must be base64 of a JSON object.")
        }
        let values = object.members.filter { $0.name == "outbox" }
        guard let value = values.first?.value else { return OptionTexts() }
        guard values.count == 1, case .object(let range) = value,
            let outbox = JSONMembers(validated: bytes, in: range)
        else {
            throw refusal("`outbox` in the client context must be one object.")
        }
        var texts = OptionTexts()
        var seen: Set<String> = []
        for (name, value) in outbox.members {
            guard let member = members[name] else {
                throw refusal(
                    "`outbox` in the client context has an unknown member. It knows idempotencyKey, delay, deliverAt, "
                        + "expiresIn and expiresAt."
                )
            }
            guard seen.insert(name).inserted else { throw refusal("`\(name)` stands twice in the client context.") }
            switch value {
            case .string(let text):
                texts[keyPath: member.path] = text
            case .number(let text) where member.takesNumber:
                texts[keyPath: member.path] = text
            default:
                throw refusal("`\(name)` in the client context must be a JSON string.")
            }
        }
        return texts
    }

    private typealias Member = (path: any WritableKeyPath<OptionTexts, String?> & Sendable, takesNumber: Bool)

    private static let members: [String: Member] = [
        "idempotencyKey": (\.idempotencyKey, false),
        "delay": (\.delay, false),
        "deliverAt": (\.deliverAt, true),
        "expiresIn": (\.expiresIn, false),
        "expiresAt": (\.expiresAt, true),
    ]

    private static func refusal(_ text: String) -> Refusal { Refusal(.invalidRequestContent, text) }
}
