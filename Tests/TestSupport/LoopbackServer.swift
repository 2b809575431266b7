import Foundation
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 that answers as a test says, one connection after another,
/// and closes each after its answer.
public final class LoopbackServer: Sendable {
  public struct Request: Sendable, Equatable {
    public let method: String
    /// The path, or the whole address where a client takes this server for a proxy.
    public let target: String
    /// Names in lower case.
    public let headers: [String: String]

    /// Where `Range: bytes=N-` asks to begin.
    public var rangeStart: Int? {
      guard let range = headers["range"], range.hasPrefix("bytes="), range.hasSuffix("-") else {
        return nil
      }
      return Int(range.dropFirst(6).dropLast())
    }
  }

  public struct Response: Sendable {
    public var status: Int
    public var headers: [String: String] = [:]
    public var body: [UInt8]
    /// Bytes of the body that are sent before the connection is cut; nil for all.
    public var cutAfter: Int?

    public init(
      status: Int = 200, headers: [String: String] = [:], body: [UInt8] = [], cutAfter: Int? = nil
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.cutAfter = cutAfter
    }

    /// What a server that knows ranges answers.
    public static func file(_ bytes: [UInt8], to request: Request, cutAfter: Int? = nil) -> Response
    {
      guard let start = request.rangeStart else {
        return Response(body: bytes, cutAfter: cutAfter)
      }
      guard start < bytes.count else {
        return Response(status: 416, headers: ["Content-Range": "bytes */\(bytes.count)"])
      }
      return Response(
        status: 206,
        headers: ["Content-Range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"],
        body: Array(bytes[start...]), cutAfter: cutAfter)
    }
  }

  /// `http://127.0.0.1:<port>`
  public let address: String
  private let descriptor: Int32
  private let log = Mutex<[Request]>([])

  /// The requests so far.
  public var requests: [Request] { log.withLock { $0 } }

  /// - Parameter answer: gets the request and how many came before it.
  public init(_ answer: @escaping @Sendable (Request, Int) -> Response) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    self.descriptor = descriptor
    address = "http://127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
    // The thread holds the server weakly, so that it ends when the test lets go of it.
    Thread { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        if let request = LoopbackServer.receive(connection), let self {
          let index = self.log.withLock { log in
            log.append(request)
            return log.count - 1
          }
          LoopbackServer.send(answer(request, index), connection)
        }
        close(connection)
      }
    }.start()
  }

  deinit {
    // Wakes accept, which fails from now on.
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  private static func receive(_ connection: Int32) -> Request? {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: text, as: UTF8.self).contains("\r\n\r\n") {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0, text.count < 1 << 16 else { return nil }
      text += buffer[..<count]
    }
    let lines = String(decoding: text, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return Request(method: String(words[0]), target: String(words[1]), headers: headers)
  }

  private static func send(_ response: Response, _ connection: Int32) {
    var headers = response.headers
    headers["Content-Length"] = headers["Content-Length"] ?? String(response.body.count)
    headers["Connection"] = "close"
    let head =
      "HTTP/1.1 \(response.status) Answer\r\n"
      + headers.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
    var rest = Array(head.utf8) + response.body.prefix(response.cutAfter ?? .max)
    while !rest.isEmpty {
      let count = Glibc.send(connection, rest, rest.count, Int32(MSG_NOSIGNAL))
      guard count > 0 else { return }
      rest.removeFirst(count)
    }
  }
}
