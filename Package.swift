// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "stemma",
  products: [.executable(name: "stemma", targets: ["stemma"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    // System libraries: a module map and a shim each.
    .systemLibrary(name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CMalloc"),
    // Keeps libgit2 from reading the system's certificates at each start.
    .target(name: "CNoCertificates"),
    // What Swift does not make as fast.
    .target(name: "CPlainText"),
    // valijson behind a C interface; the headers come from libvalijson-dev and nlohmann-json3-dev.
    .target(
      name: "CSchemaValidator",
      cxxSettings: [.define("VALIJSON_USE_EXCEPTIONS", to: "1")],
      linkerSettings: [.linkedLibrary("m")]),

    // Layers, lowest first.
    .target(name: "CanonicalJSON", dependencies: ["CPlainText"]),
    .target(name: "JSONSchema", dependencies: ["CSchemaValidator", "CanonicalJSON"]),
    .target(
      name: "Git",
      dependencies: [
        "CGit2", "CNoCertificates", "CZlib", .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .target(
      name: "ArtifactStore",
      dependencies: [
        "CZlib", "CZstd", "CanonicalJSON", "Git",
        .product(name: "BitCollections", package: "swift-collections"),
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .target(
      name: "Dataset",
      dependencies: [
        "ArtifactStore", "CanonicalJSON", "Git", "JSONSchema",
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(name: "Starters", resources: [.embedInCode("Recipes")]),
    .target(
      name: "Teachers",
      dependencies: [
        "ArtifactStore", "CanonicalJSON", "Dataset",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "Pipeline", dependencies: ["ArtifactStore", "CanonicalJSON", "Dataset"]),
    .target(
      name: "Prompts",
      resources: [.embedInCode("Templates")]),
    .target(
      name: "Simula",
      dependencies: [
        "ArtifactStore", "CanonicalJSON", "Dataset", "Git", "JSONSchema", "Pipeline", "Prompts",
        "Teachers",
        .product(name: "Mustache", package: "swift-mustache"),
      ]),
    .target(name: "Schemas", path: "Schemas", resources: [.embedInCode("v1")]),
    .target(name: "Hooks", path: "Hooks", resources: [.embedInCode("scripts")]),
    .target(
      name: "Commands",
      dependencies: [
        "ArtifactStore", "CMalloc", "CanonicalJSON", "Dataset", "Git", "Hooks", "Pipeline",
        "Prompts", "Schemas", "Simula", "Starters", "Teachers",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "stemma", dependencies: ["Commands"],
      // The static standard library exports every symbol, among which each start would look for those
      // of all shared libraries.
      linkerSettings: [
        .unsafeFlags(
          ["-Xlinker", "--no-export-dynamic"],
          .when(platforms: [.linux], configuration: .release))
      ]),

    // Tests.
    .target(
      name: "TestSupport",
      dependencies: [
        "CanonicalJSON",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      path: "Tests/TestSupport"),
    .testTarget(name: "CanonicalJSONTests", dependencies: ["CanonicalJSON", "TestSupport"]),
    .testTarget(
      name: "JSONSchemaTests", dependencies: ["CanonicalJSON", "JSONSchema", "TestSupport"]),
    .testTarget(name: "GitTests", dependencies: ["Git", "TestSupport"]),
    .testTarget(
      name: "ArtifactStoreTests",
      dependencies: ["ArtifactStore", "CanonicalJSON", "Git", "TestSupport"]),
    .testTarget(
      name: "DatasetTests",
      dependencies: ["CanonicalJSON", "Dataset", "JSONSchema", "Starters", "TestSupport"]),
    .testTarget(
      name: "TeachersTests",
      dependencies: [
        "ArtifactStore", "CanonicalJSON", "Dataset", "Teachers", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ]),
    .testTarget(
      name: "EmbeddedTeacherTests",
      dependencies: ["ArtifactStore", "CanonicalJSON", "Dataset", "Teachers", "TestSupport"]),
    .testTarget(name: "PipelineTests", dependencies: ["ArtifactStore", "Pipeline"]),
    .testTarget(
      name: "SimulaTests",
      dependencies: [
        "ArtifactStore", "CanonicalJSON", "Dataset", "Git", "Pipeline", "Prompts", "Simula",
        "Starters", "Teachers", "TestSupport",
        .product(name: "Mustache", package: "swift-mustache"),
      ]),
    .testTarget(
      name: "CommandTests",
      dependencies: ["CanonicalJSON", "TestSupport", "stemma"],
      exclude: ["Fixtures", "Snapshots"]),
    .testTarget(
      name: "SchemaTests",
      dependencies: [
        "ArtifactStore", "CanonicalJSON", "Dataset", "Git", "Schemas", "Teachers", "TestSupport",
        "stemma",
      ]),
    .testTarget(name: "ArchitectureTests"),
    // Measured, not tested.
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "ArtifactStore", "CanonicalJSON", "Commands", "Dataset", "JSONSchema", "Teachers", "stemma",
      ],
      path: "Tests/Benchmarks"),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// Only on demand: it is linked with libFuzzer.
if Context.environment["STEMMA_FUZZING"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzzing",
      dependencies: [
        "ArtifactStore", "CanonicalJSON", "Dataset", "Git", "JSONSchema", "Simula", "Starters",
        "Teachers", .product(name: "Crypto", package: "swift-crypto"),
      ],
      path: "Tests/Fuzzing"))
}

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  guard !["CNoCertificates", "CSchemaValidator"].contains(target.name) else { continue }
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      .enableExperimentalFeature("Lifetimes"),
      .treatAllWarnings(as: .error),
    ]
}
