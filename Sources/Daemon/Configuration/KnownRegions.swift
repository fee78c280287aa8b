/// Regions to guess from where somebody mistyped one; a region that isn't here is none the worse.
enum KnownRegions {
    private static let areas: [(area: String, numbers: ClosedRange<Int>)] = [
        ("af-south", 1...1), ("ap-east", 1...2), ("ap-northeast", 1...3), ("ap-south", 1...2),
        ("ap-southeast", 1...7), ("ca-central", 1...1), ("ca-west", 1...1), ("cn-north", 1...1),
        ("cn-northwest", 1...1), ("eu-central", 1...2), ("eu-north", 1...1), ("eu-south", 1...2), ("eu-west", 1...3),
        ("eusc-de-east", 1...1), ("il-central", 1...1), ("me-central", 1...1), ("me-south", 1...1),
        ("mx-central", 1...1), ("sa-east", 1...1), ("us-east", 1...2), ("us-gov-east", 1...1), ("us-gov-west", 1...1),
        ("us-west", 1...2),
    ]

    /// By what people call it: the console shows these names.
    private static let places = [
        "frankfurt": "eu-central-1", "zurich": "eu-central-2", "ireland": "eu-west-1", "london": "eu-west-2",
        "paris": "eu-west-3", "stockholm": "eu-north-1", "milan": "eu-south-1", "spain": "eu-south-2",
        "virginia": "us-east-1", "ohio": "us-east-2", "oregon": "us-west-2", "tokyo": "ap-northeast-1",
        "singapore": "ap-southeast-1", "sydney": "ap-southeast-2", "mumbai": "ap-south-1",
    ]

    /// nil: none is near.
    static func nearest(to text: String) -> String? {
        let word = text.lowercased().filter { $0 != " " }
        if let region = places[word] { return region }
        let regions = areas.flatMap { area in area.numbers.map { "\(area.area)-\($0)" } }
        return Spelling.nearest(to: word.replacing("_", with: "-"), in: regions)
    }

    /// The region that was probably meant by one whose area no table knows; nil where it is known, or nothing is near.
    static func doubt(_ region: String) -> String? {
        guard let dash = region.lastIndex(of: "-") else { return nil }
        let area = String(region[..<dash])
        guard !areas.contains(where: { $0.area == area }), let near = Spelling.nearest(to: area, in: areas.map(\.area))
        else { return nil }
        return "\(near)\(region[dash...])"
    }
}
