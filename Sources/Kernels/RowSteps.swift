import CKernels

/// A direct layer on one group of pictures, its rows shared out among the workers.
struct DirectStep: @unchecked Sendable {
  let kernels: UnsafePointer<ck_kernels>
  let layer: ck_direct
  let plan: LayerPlan
  let pictures: Int
  let pool: ThreadPool

  func run() {
    pool.parallelFor(pictures * plan.height) { row in
      withUnsafePointer(to: layer) {
        kernels.pointee.direct_row($0, Int32(row / plan.height), Int32(row % plan.height))
      }
    }
  }
}

/// A 2×2 max-pool on its own, after tiles of odd size or a direct layer.
struct PoolStep: @unchecked Sendable {
  let kernels: UnsafePointer<ck_kernels>
  let plan: LayerPlan
  let input, output: ck_activations
  let pictures: Int
  let pool: ThreadPool

  func run() {
    let height = plan.outputHeight
    pool.parallelFor(pictures * height) { row in
      let (picture, y) = row.quotientAndRemainder(dividingBy: height)
      kernels.pointee.pool_row(
        Int32(plan.outputWidth), Int32(plan.outputChannels),
        input.origin + picture * input.picture + 2 * y * input.row, input.row,
        output.origin + picture * output.picture + y * output.row)
    }
  }
}
