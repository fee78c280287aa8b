import Testing

@testable import AWSCredentials

@Suite("Regions and their host names")
struct PartitionTests {
    @Test(
        "Lambda's host by region, plain, FIPS, dual-stack and both",
        arguments: [
            ("eu-central-1", "aws", "amazonaws.com", "api.aws"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com", "api.aws"),
            ("cn-north-1", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
            ("xx-new-1", "aws", "amazonaws.com", "api.aws"),
        ]
    )
    func hosts(region: String, id: String, plain: String, dualStack: String) {
        let partition = Partition.of(region: region)
        #expect(partition.id == id)
        #expect(partition.lambdaHost(region: region, fips: false, dualStack: false) == "lambda.\(region).\(plain)")
        #expect(partition.lambdaHost(region: region, fips: true, dualStack: false) == "lambda-fips.\(region).\(plain)")
        #expect(partition.lambdaHost(region: region, fips: false, dualStack: true) == "lambda.\(region).\(dualStack)")
        #expect(
            partition.lambdaHost(region: region, fips: true, dualStack: true) == "lambda-fips.\(region).\(dualStack)"
        )
    }

    @Test(
        "what looks like a region",
        arguments: [
            ("eu-central-1", true), ("us-gov-west-1", true), ("eusc-de-east-1", true), ("us-east-12", true),
            ("", false),
            ("eu-central", false), ("EU-CENTRAL-1", false), ("e-central-1", false), ("eu-central-123", false),
            ("eu--1", false), ("eu-central-1.evil.example", false), ("eu-central-1/", false), ("europe-x-1", false),
        ]
    )
    func regions(text: String, expected: Bool) {
        #expect(isRegionName(text) == expected)
    }
}
