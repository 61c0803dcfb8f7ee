import Foundation

/// The seconds that a thread computes for something; what else the machine does adds nothing to them.
package func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  let start = now()
  try body()
  return now() - start
}

/// How many times as long something takes of four times the size: four where time grows with size,
/// sixteen where it grows with its square.
package func growth(
  toFourTimes size: Int, _ body: (_ size: Int) throws -> Void
) rethrows -> Double {
  let first = try processorSeconds { try body(size) }
  return try processorSeconds { try body(4 * size) } / first
}
