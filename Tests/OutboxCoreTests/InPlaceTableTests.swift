import Testing

@testable import OutboxCore

@Suite("A table whose values are changed in place")
struct InPlaceTableTests {
    @Test(arguments: 1...20)
    func `holds what a dictionary holds, through a thousand random changes`(seed: UInt64) {
        var random = Seeded(state: seed)
        var table = InPlaceTable<Int, String>()
        var model: [Int: String] = [:]
        for step in 0..<1000 {
            let key = Int.random(in: 0..<40, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0...1:
                table[key] = "\(step)"
                model[key] = "\(step)"
            case 2 where model[key] != nil:
                table[known: key] += "+"
                model[key]! += "+"
            case 3:
                #expect(table.removeValue(forKey: key) == model.removeValue(forKey: key))
            case 4:
                table[key] = nil
                model[key] = nil
            case 5 where step % 50 == 0:
                table.keep { $0.count.isMultiple(of: 2) }
                model = model.filter { $0.value.count.isMultiple(of: 2) }
            default: break
            }
            #expect(table.count == model.count && table.isEmpty == model.isEmpty)
            #expect(table[key] == model[key] && table.contains(key) == (model[key] != nil))
        }
        #expect(Dictionary(uniqueKeysWithValues: zip(table.keys, table.values)) == model)
        for (key, value) in model { #expect(table[known: key] == value) }
    }
}
