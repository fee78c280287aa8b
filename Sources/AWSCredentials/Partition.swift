/// A separate AWS cloud with its own host names. From AWS's own endpoint rules for Lambda.
package struct Partition: Hashable, Sendable {
    package var id: String
    var suffix: String
    var dualStackSuffix: String
    /// The region's first parts; one word and a number follow.
    private var prefixes: [String]

    /// In the order of AWS's own table; the first hit counts.
    private static let all = [
        Partition(
            id: "aws",
            suffix: "amazonaws.com",
            dualStackSuffix: "api.aws",
            prefixes: ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"]
        ),
        Partition(
            id: "aws-cn",
            suffix: "amazonaws.com.cn",
            dualStackSuffix: "api.amazonwebservices.com.cn",
            prefixes: ["cn"]
        ),
        Partition(
            id: "aws-eusc",
            suffix: "amazonaws.eu",
            dualStackSuffix: "api.amazonwebservices.eu",
            prefixes: ["eusc-de"]
        ),
        Partition(id: "aws-iso", suffix: "c2s.ic.gov", dualStackSuffix: "api.aws.ic.gov", prefixes: ["us-iso"]),
        Partition(id: "aws-iso-b", suffix: "sc2s.sgov.gov", dualStackSuffix: "api.aws.scloud", prefixes: ["us-isob"]),
        Partition(
            id: "aws-iso-e",
            suffix: "cloud.adc-e.uk",
            dualStackSuffix: "api.cloud-aws.adc-e.uk",
            prefixes: ["eu-isoe"]
        ),
        Partition(
            id: "aws-iso-f",
            suffix: "csp.hci.ic.gov",
            dualStackSuffix: "api.aws.hci.ic.gov",
            prefixes: ["us-isof"]
        ),
        Partition(id: "aws-us-gov", suffix: "amazonaws.com", dualStackSuffix: "api.aws", prefixes: ["us-gov"]),
    ]

    /// The partition of a region; `aws` for one that no table knows.
    package static func of(region: String) -> Partition {
        let parts = region.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 3, let number = parts.last, isDigits(number), isWord(parts[parts.count - 2]) else {
            return all[0]
        }
        let prefix = parts.dropLast(2).joined(separator: "-")
        return all.first { $0.prefixes.contains(prefix) } ?? all[0]
    }

    /// The host name of Lambda's endpoint.
    func lambdaHost(region: String, fips: Bool, dualStack: Bool) -> String {
        "\(fips ? "lambda-fips" : "lambda").\(region).\(dualStack ? dualStackSuffix : suffix)"
    }

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isWord(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }
}

/// Whether a text looks like a region: `^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$`. A region becomes part of a host name, so
/// nothing else may pass.
package func isRegionName(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count >= 3, let number = parts.last else { return false }
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    return (2...5).contains(parts[0].count) && (1...2).contains(number.count)
        && number.allSatisfy { digits.contains($0) }
        && parts.dropLast().allSatisfy { !$0.isEmpty && $0.allSatisfy { letters.contains($0) } }
}
