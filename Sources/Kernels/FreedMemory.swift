import CKernels

/// What becomes of memory that arrays let go of.
public enum FreedMemory {
  /// Makes the process keep freed memory for its next arrays instead of giving it back to the
  /// system.
  ///
  /// Training makes and drops the same large arrays at every step; with memory fresh from the
  /// system each time, small convolutional networks spend a quarter of their time on page faults.
  /// Affects the whole process, which is why it is for programs to call, once, at their start. Does
  /// nothing where the C library has no such setting.
  public static func keep() { ck_keep_freed_memory() }
}
