/// Which function an event is for. `orders`, `orders:live` and `orders:$LATEST` are three functions.
package struct FunctionIdentity: Hashable, Sendable {
    /// `aws`, `aws-cn`, …; derived from the region unless an ARN said so.
    package var partition: String
    /// Twelve digits, or `-` where the producer named none.
    package var account: String
    package var region: String
    package var name: String
    /// Version or alias, or `-` where the producer named none.
    package var qualifier: String

    package init(partition: String, account: String, region: String, name: String, qualifier: String) {
        self.partition = partition
        self.account = account
        self.region = region
        self.name = name
        self.qualifier = qualifier
    }
}

extension FunctionIdentity: CustomStringConvertible {
    /// As operators see it: `orders`, `orders:live`, or the full ARN where an account was named.
    package var description: String {
        let qualified = qualifier == "-" ? name : "\(name):\(qualifier)"
        return account == "-" ? qualified : "arn:\(partition):lambda:\(region):\(account):function:\(qualified)"
    }
}

/// The row number of a function in the store: small, stable for the life of a database. Dispatching uses it instead of
/// hashing five strings an event.
package struct FunctionKey: Hashable, Comparable, Sendable {
    package var rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
    package static func < (a: FunctionKey, b: FunctionKey) -> Bool { a.rawValue < b.rawValue }
}
