/// What a region's name says: whether it looks like one, and which partition it belongs to.
package enum AWSRegion {
    /// `^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$`. A region becomes part of a host name, so nothing else may pass.
    package static func looksLikeRegion(_ text: some StringProtocol) -> Bool {
        let words = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard words.count >= 3, let first = words.first, let last = words.last else { return false }
        return (2...5).contains(first.count) && (1...2).contains(last.count)
            && last.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && words.dropLast().allSatisfy { word in
                !word.isEmpty && word.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
            }
    }

    /// The partition by the region's name, as SDKs derive it; `aws` for names that none of the patterns knows.
    package static func partition(of region: String) -> String {
        let words = region.split(separator: "-", omittingEmptySubsequences: false)
        if words.count == 3, words[0] == "cn" { return "aws-cn" }
        guard words.count == 4 else { return "aws" }
        switch (words[0], words[1]) {
        case ("eusc", "de"): return "aws-eusc"
        case ("us", "iso"): return "aws-iso"
        case ("us", "isob"): return "aws-iso-b"
        case ("eu", "isoe"): return "aws-iso-e"
        case ("us", "isof"): return "aws-iso-f"
        case ("us", "gov"): return "aws-us-gov"
        default: return "aws"
        }
    }
}
