import Foundation
import Yams

/// `docs/openapi.yaml`, as far as tests hold answers against it: `type`, `properties`, `required`, `items`, `enum`,
/// `additionalProperties` and `$ref`. Members that a schema doesn't name are objected to.
// A parsed document that nobody changes: any thread may read it.
struct OpenAPIDocument: @unchecked Sendable {
    private let root: [String: Any]

    init(_ path: String) throws {
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        guard let root = try Yams.load(yaml: text) as? [String: Any] else { throw CocoaError(.fileReadCorruptFile) }
        self.root = root
    }

    /// By `GET /path`.
    var operations: [String: [String: Any]] {
        var operations: [String: [String: Any]] = [:]
        for (path, item) in root["paths"] as? [String: [String: Any]] ?? [:] {
            for (method, operation) in item {
                operations["\(method.uppercased()) \(path)"] = operation as? [String: Any]
            }
        }
        return operations
    }

    var schemas: [String: [String: Any]] {
        (root["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]] ?? [:]
    }

    func schema(of operation: [String: Any], status: String, type: String) -> [String: Any]? {
        guard let response = (operation["responses"] as? [String: Any])?[status] as? [String: Any] else { return nil }
        let content = resolved(response)["content"] as? [String: Any]
        return (content?[type] as? [String: Any])?["schema"] as? [String: Any]
    }

    /// The `enum` of a schema, or of one of its properties.
    func words(_ schema: String, _ property: String? = nil) -> [String] {
        var found = schemas[schema] ?? [:]
        if let property { found = (found["properties"] as? [String: [String: Any]])?[property] ?? [:] }
        return found["enum"] as? [String] ?? []
    }

    /// Objections to a value with all its members set; also members of the schema that it never has.
    func difference(_ value: some Encodable, _ name: String) throws -> [String] {
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
        guard let schema = schemas[name] else { return ["no schema \(name)"] }
        return objections(to: json, schema, at: name) + missing(from: json, schema, at: name)
    }

    func objections(to json: Any, _ schema: [String: Any], at place: String) -> [String] {
        let schema = resolved(schema)
        var objections: [String] = []
        if let words = schema["enum"] as? [String], !words.contains("\(json)") {
            objections.append("\(place): \(json) is none of \(words)")
        }
        switch schema["type"] as? String {
        case "object":
            guard let object = json as? [String: Any] else { return ["\(place): no object"] }
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            for name in schema["required"] as? [String] ?? [] where object[name] == nil {
                objections.append("\(place): no \(name)")
            }
            for (name, member) in object {
                guard let own = properties[name] ?? schema["additionalProperties"] as? [String: Any] else {
                    objections.append("\(place).\(name) is not described")
                    continue
                }
                objections += self.objections(to: member, own, at: "\(place).\(name)")
            }
        case "array":
            guard let array = json as? [Any], let items = schema["items"] as? [String: Any] else {
                return ["\(place): no array"]
            }
            for (index, item) in array.enumerated() {
                objections += self.objections(to: item, items, at: "\(place)[\(index)]")
            }
        case "string": if !(json is String) { objections.append("\(place): no string") }
        case "boolean": if !isBoolean(json) { objections.append("\(place): no boolean") }
        case "integer":
            if isBoolean(json) || !(json is Int) { objections.append("\(place): no integer") }
        case "number": if isBoolean(json) || !(json is Double) { objections.append("\(place): no number") }
        default: objections.append("\(place): no type is described")
        }
        return objections
    }

    private func missing(from json: Any, _ schema: [String: Any], at place: String) -> [String] {
        let schema = resolved(schema)
        if let object = json as? [String: Any], let properties = schema["properties"] as? [String: [String: Any]] {
            return properties.flatMap { name, own in
                object[name].map { missing(from: $0, own, at: "\(place).\(name)") } ?? ["\(place).\(name) never comes"]
            }
        }
        if let first = (json as? [Any])?.first, let items = schema["items"] as? [String: Any] {
            return missing(from: first, items, at: "\(place)[0]")
        }
        return []
    }

    private func resolved(_ schema: [String: Any]) -> [String: Any] {
        guard let reference = schema["$ref"] as? String else { return schema }
        var place: Any? = root
        for name in reference.split(separator: "/").dropFirst() { place = (place as? [String: Any])?[String(name)] }
        return place as? [String: Any] ?? [:]
    }

    private func isBoolean(_ json: Any) -> Bool {
        guard let number = json as? NSNumber else { return false }
        return String(cString: number.objCType) == "c" || json is Bool && "\(type(of: json))".contains("Bool")
    }
}
