/// A row as it is stored (SQLite's file format, "Record Format"): its values, as far as its bytes go.
struct Record {
    enum Value {
        case null
        case integer(Int64)
        case real
        case text(ArraySlice<UInt8>)
        case blob(ArraySlice<UInt8>)
        /// Its bytes are not there.
        case missing
    }

    let values: [Value]
    /// All bytes of the record are there, and they add up.
    let isWhole: Bool

    /// - Parameters:
    ///   - bytes: the first part of the record, or all of it.
    ///   - length: of the whole record.
    /// - Returns: nil where the header makes no sense.
    init?(_ bytes: [UInt8], length: Int) {
        let view = ByteView(bytes: bytes)
        guard let header = view.varint(0, end: bytes.count), header.value > 0, header.value <= bytes.count else {
            return nil
        }
        let headerEnd = Int(header.value)
        var values: [Value] = []
        var position = header.next
        var content = headerEnd
        while position < headerEnd {
            guard let type = view.varint(position, end: headerEnd), let size = Self.size(type.value),
                values.count < Self.columnsMax, content <= length - size
            else { return nil }
            position = type.next
            values.append(Self.value(type.value, bytes, content, size))
            content += size
        }
        self.values = values
        isWhole = bytes.count == length && content == length
    }

    /// More than any table of ours has.
    private static let columnsMax = 100

    private static func size(_ type: Int64) -> Int? {
        switch type {
        case 0, 8, 9: 0
        case 1...4: Int(type)
        case 5: 6
        case 6, 7: 8
        case 12...: Int((type - 12) / 2)
        default: nil
        }
    }

    private static func value(_ type: Int64, _ bytes: [UInt8], _ offset: Int, _ size: Int) -> Value {
        guard offset <= bytes.count - size else { return .missing }
        let content = bytes[offset..<offset + size]
        switch type {
        case 0: return .null
        case 7: return .real
        case 8: return .integer(0)
        case 9: return .integer(1)
        case 1...6:
            let isNegative = (content.first ?? 0) & 0x80 != 0
            return .integer(content.reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) })
        default: return type & 1 == 0 ? .blob(content) : .text(content)
        }
    }

    // MARK: Columns

    func integer(_ column: Int) -> Int64? {
        guard values.indices.contains(column), case .integer(let value) = values[column] else { return nil }
        return value
    }

    func text(_ column: Int) -> String? {
        guard values.indices.contains(column), case .text(let bytes) = values[column] else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    func blob(_ column: Int) -> [UInt8]? {
        guard values.indices.contains(column), case .blob(let bytes) = values[column] else { return nil }
        return Array(bytes)
    }
}
