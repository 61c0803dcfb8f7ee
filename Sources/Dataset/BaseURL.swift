/// The address of a server up to the version part.
enum BaseURL {
  /// What is wrong with an address; it is not shown, since it may hold a secret.
  static func fault(in text: String) -> (message: String, hint: String)? {
    let example = "such as http://127.0.0.1:8080/v1"
    guard let match = text.wholeMatch(of: /(?i:https?):\/\/([^\/?#]*)([^?#]*)(.*)/) else {
      return ("must start with http:// or https://", "write the server's address, \(example)")
    }
    let (host, path, rest) = (match.1, match.2, match.3)
    guard !host.contains("@") else {
      return (
        "holds a user name or password",
        "remove it, and name the key's variable in 'api-key-variable'"
      )
    }
    guard rest.isEmpty else {
      return ("has a query or fragment", "end the address with the version, \(example)")
    }
    let isPlain = (host + path).unicodeScalars.allSatisfy {
      $0.isASCII && $0.value > 0x20 && $0.value != 0x7F
        && !"\"<>\\^`{|}".unicodeScalars.contains($0)
    }
    guard isPlain, host.wholeMatch(of: /([A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/) != nil
    else { return ("names no server", "write the server's address, \(example)") }
    if let port = host.split(separator: ":").last, host.contains(":"), !host.hasSuffix("]"),
      !(1...65_535).contains(Int(port) ?? 0)
    {
      return ("has a port that is not from 1 to 65535", "write the server's address, \(example)")
    }
    return nil
  }
}
