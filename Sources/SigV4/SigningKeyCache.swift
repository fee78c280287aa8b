/// A signing key and the scope it is good for.
final class SigningKey {
    let hmac: HMACKey
    /// `YYYYMMDD/region/service/aws4_request`.
    let scope: String

    /// Four HMACs, as SigV4 says.
    init(date: String, region: String, service: String, secretAccessKey: String) {
        var key = Array("AWS4".utf8) + Array(secretAccessKey.utf8)
        for part in [date, region, service, "aws4_request"] { key = HMACKey(key).code(of: part) }
        hmac = HMACKey(key)
        scope = "\(date)/\(region)/\(service)/aws4_request"
    }
}

/// The last few signing keys. A key depends on day, region, service and secret; all of them, and the access key id, are
/// compared, so that a changed secret or a new day never meets an old key. One thread at a time.
struct SigningKeyCache {
    private struct Entry {
        var day: Int64
        var region: String
        var service: String
        var accessKeyID: String
        var secretAccessKey: String
        var key: SigningKey
    }

    /// More than the routes of one host need; old days and rotated secrets fall out.
    private static let entriesMax = 16
    private var entries: [Entry] = []
    private var oldest = 0

    /// How many keys were derived: for tests.
    private(set) var derivations = 0

    mutating func key(
        time: SigningTime,
        region: String,
        service: String,
        credentials: SigningCredentials
    ) -> SigningKey {
        let day = time.day
        for index in entries.indices
        where entries[index].day == day && entries[index].accessKeyID == credentials.accessKeyID
            && entries[index].secretAccessKey == credentials.secretAccessKey && entries[index].region == region
            && entries[index].service == service
        {
            return entries[index].key
        }
        let key = SigningKey(
            date: time.dateText,
            region: region,
            service: service,
            secretAccessKey: credentials.secretAccessKey
        )
        derivations += 1
        let entry = Entry(
            day: day,
            region: region,
            service: service,
            accessKeyID: credentials.accessKeyID,
            secretAccessKey: credentials.secretAccessKey,
            key: key
        )
        if entries.count < Self.entriesMax {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest + 1) % Self.entriesMax
        }
        return key
    }
}
