/// What the process tells its caller.
enum ExitStatus: Int32, CaseIterable {
  case done = 0
  case failed = 1
  case partlyDone = 2
  case noDataset = 3
  case locked = 4
  case damaged = 5
  case otherwise = 6
  case diverged = 7
  case usage = 64
  case interrupted = 130

  private var meaning: String {
    switch self {
    case .done: "done"
    case .failed: "failed"
    case .partlyDone: "partly done: fewer samples than wanted, or not all replayed"
    case .noDataset: "no dataset, version or record of that name"
    case .locked: "another writer holds the dataset"
    case .damaged: "damage was found"
    case .otherwise: "made by another version of the program, which derives other records"
    case .diverged: "a replay gave other records"
    case .usage: "wrong usage"
    case .interrupted: "stopped by Ctrl-C"
    }
  }

  static var help: String {
    "EXIT STATUS\n"
      + allCases.map { "  \($0.rawValue)  \($0.meaning)" }.joined(separator: "\n")
  }
}
