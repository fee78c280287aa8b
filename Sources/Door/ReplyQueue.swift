import NIOCore

/// The replies of one connection in request order: answers may come in any order, they leave in this one.
struct ReplyQueue {
    private var replies = CircularBuffer<Reply>(initialCapacity: 4)
    /// The number of the first reply in the queue; numbers are never used twice.
    private var firstNumber: UInt64 = 0

    var count: Int { replies.count }
    var isEmpty: Bool { replies.isEmpty }

    /// Takes a place behind all others and returns its number.
    mutating func append(_ reply: Reply) -> UInt64 {
        replies.append(reply)
        return firstNumber + UInt64(replies.count - 1)
    }

    /// - Precondition: the number's reply is still waited for.
    mutating func fill(_ number: UInt64, with answer: Answer) {
        let offset = Int(number - firstNumber)
        precondition(offset < replies.count && replies[offset: offset].answer == nil, "a request was answered twice")
        replies[offset: offset].answer = answer
    }

    /// Makes the last reply the connection's last.
    mutating func closeBehindLast() {
        if !replies.isEmpty { replies[offset: replies.count - 1].closes = true }
    }

    /// The next reply whose turn it is, if it is there.
    mutating func popReady() -> (answer: Answer, reply: Reply)? {
        guard let reply = replies.first, let answer = reply.answer else { return nil }
        replies.removeFirst()
        firstNumber += 1
        return (answer, reply)
    }
}

extension CircularBuffer {
    /// Element by its distance from the front.
    fileprivate subscript(offset offset: Int) -> Element {
        get { self[index(startIndex, offsetBy: offset)] }
        set { self[index(startIndex, offsetBy: offset)] = newValue }
    }
}
