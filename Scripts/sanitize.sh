#!/bin/sh
# Runs the tests of the kernels under AddressSanitizer and UndefinedBehaviorSanitizer; arguments
# go to "swift test", such as --filter WinogradConvolutionTests.
#
# The kernels and their tests are built as a package of their own in .build-sanitize, because the
# whole package's other dependencies take long to build and are none of the matter. Optimised,
# because the kernels are sixty times slower without.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
package=$root/.build-sanitize
mkdir -p "$package/Sources" "$package/Tests"
for target in CKernels COpenBLAS Kernels; do
  ln -sfn "$root/Sources/$target" "$package/Sources/$target"
done
for target in KernelsTests TestSupport; do
  ln -sfn "$root/Tests/$target" "$package/Tests/$target"
done
cat > "$package/Package.swift" <<'MANIFEST'
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "kernels",
  targets: [
    .target(
      name: "CKernels",
      cSettings: [.unsafeFlags(["-fsanitize=undefined", "-fsanitize-trap=undefined"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas"),
    .target(name: "Kernels", dependencies: ["CKernels", "COpenBLAS"]),
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels", "CKernels", "TestSupport"]),
  ]
)
MANIFEST
# Undefined behaviour in C traps (Swift's own arithmetic always does); what AddressSanitizer finds
# is printed. Swift's run time leaks a little of its own, so leaks are not looked for.
ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}" \
  swift test --package-path "$package" -c release --sanitize=address "$@"
