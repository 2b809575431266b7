// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
  name: "headstart",
  products: [
    .executable(name: "headstart", targets: ["HeadstartCommand"]),
    .library(
      name: "Headstart",
      targets: ["Headstart", "Pictures", "KerasFormat", "NeuralNetwork", "Kernels"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // The ground: system libraries and C.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(name: "CKernels"),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(name: "CSPNG", pkgConfig: "spng", providers: [.apt(["libspng-dev"])]),
    .systemLibrary(
      name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
    .systemLibrary(name: "CGIF", pkgConfig: "libgif", providers: [.apt(["libgif-dev"])]),
    .target(name: "CPictures", dependencies: ["CJPEG"]),

    // The floors, each importing only those below it.
    .target(name: "Files", swiftSettings: strict),
    .target(name: "Kernels", dependencies: ["CKernels", "COpenBLAS"], swiftSettings: strict),
    .target(name: "NeuralNetwork", dependencies: ["Kernels"], swiftSettings: strict),
    .target(
      name: "KerasFormat", dependencies: ["CHDF5", "CZlib", "Files", "NeuralNetwork"],
      swiftSettings: strict),
    .target(
      name: "Pictures", dependencies: ["CPictures", "CSPNG", "CWebP", "CGIF", "Files", "Kernels"],
      swiftSettings: strict),
    .target(
      name: "Headstart",
      dependencies: [
        "Files", "Kernels", "NeuralNetwork", "KerasFormat", "Pictures",
        .product(name: "Crypto", package: "swift-crypto"), "Yams",
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "HeadstartCommand",
      dependencies: [
        "Files", "Headstart", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(
      name: "KernelsTests", dependencies: ["Kernels", "CKernels", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "NeuralNetworkTests", dependencies: ["NeuralNetwork", "Kernels", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "KerasFormatTests",
      dependencies: ["Files", "KerasFormat", "Kernels", "NeuralNetwork", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "PicturesTests", dependencies: ["Files", "Kernels", "Pictures", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "HeadstartTests",
      dependencies: [
        "Headstart", "KerasFormat", "Kernels", "NeuralNetwork", "Pictures", "TestSupport",
      ],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "HeadstartCommandTests",
      dependencies: ["HeadstartCommand", "Headstart", "KerasFormat", "Kernels", "TestSupport"],
      swiftSettings: strict),
  ]
)
