// swift-tools-version: 6.2
import PackageDescription

/// Language mode 6 with the upcoming features that STYLE asks for, on every Swift target.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "EdgeCNN",
  products: [
    .executable(name: "cnnconvert", targets: ["cnnconvert"]),
    .executable(name: "cnneval", targets: ["cnneval"]),
    .executable(name: "cnnrun", targets: ["cnnrun"]),
    .library(name: "edgecnn", type: .static, targets: ["CInterface"]),
    .executable(name: "kernelcheck", targets: ["kernelcheck"]),
    .executable(name: "cnncamd", targets: ["cnncamd"]),
    .library(name: "EdgeCNNRuntime", targets: ["Runtime", "Pixels", "ModelFormat"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    // Device half: Embedded Swift and C.
    .target(name: "CKernels", exclude: ["README.md"]),
    .target(name: "CLinux", exclude: ["README.md"]),
    .target(
      name: "CImageCodecs",
      exclude: ["README.md"],
      linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]
    ),
    .target(name: "PlainText", exclude: ["README.md"], swiftSettings: strict),
    .target(
      name: "Threads",
      dependencies: ["CLinux"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "ModelFormat",
      dependencies: ["PlainText"],
      exclude: ["FORMAT.md", "README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "Runtime",
      dependencies: ["CKernels", "CLinux", "ModelFormat", "PlainText"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "Pixels",
      dependencies: ["CKernels", "ModelFormat", "PlainText"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "ImageCodecs",
      dependencies: ["CImageCodecs", "PlainText"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(name: "CEdgeCNN", exclude: ["README.md"]),
    .target(
      name: "CInterface",
      dependencies: [
        "CEdgeCNN", "CKernels", "CLinux", "ModelFormat", "Pixels", "PlainText", "Runtime",
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "CommandWords",
      dependencies: ["CLinux", "PlainText"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "cnnrun",
      dependencies: [
        "Runtime", "Pixels", "ModelFormat", "ImageCodecs", "PlainText", "CommandWords", "CLinux",
        "CKernels",
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),

    .target(
      name: "Conformance",
      dependencies: ["Runtime", "Pixels", "CKernels", "CLinux", "ModelFormat"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "kernelcheck",
      dependencies: ["CommandWords", "Conformance", "Runtime", "Pixels", "PlainText", "CLinux"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),

    // Device half: the camera daemon.
    .target(
      name: "CVideo",
      exclude: ["README.md"],
      linkerSettings: [.linkedLibrary("v4lconvert")]
    ),
    .target(
      name: "CWeb",
      exclude: ["README.md", "page.html"],
      linkerSettings: [.linkedLibrary("microhttpd")]
    ),
    .target(
      name: "CMQTT",
      exclude: ["README.md"],
      linkerSettings: [.linkedLibrary("mosquitto")]
    ),
    .target(
      name: "CSignature",
      exclude: ["README.md"],
      linkerSettings: [.linkedLibrary("sodium")]
    ),
    .target(
      name: "Camera",
      dependencies: [
        "CVideo", "CLinux", "ModelFormat", "Pixels", "ImageCodecs", "PlainText", "Threads",
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "ModelStore",
      dependencies: ["CSignature", "CLinux", "ModelFormat", "Runtime", "PlainText", "Threads"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "CameraService",
      dependencies: [
        "Camera", "ModelStore", "CWeb", "CMQTT", "CLinux", "Runtime", "Pixels", "ImageCodecs",
        "ModelFormat", "CommandWords", "PlainText", "Threads",
      ],
      exclude: ["README.md", "Drift/README.md", "MQTT/README.md"],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "cnncamd",
      dependencies: ["CameraService", "Camera", "CommandWords", "PlainText", "CLinux"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),

    // Host half.
    .systemLibrary(
      name: "COpenBLAS",
      pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]
    ),
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),
    .target(
      name: "Containers",
      dependencies: [
        "CZip", "CSnappy", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "GraphIR",
      dependencies: ["COpenBLAS", "ModelFormat"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "Importers",
      dependencies: [
        "Containers", "GraphIR", "ModelFormat",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "GraphPasses",
      dependencies: ["GraphIR"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "Quantization",
      dependencies: ["GraphIR", "ModelFormat"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "Compiler",
      dependencies: [
        "GraphIR", "GraphPasses", "Quantization", "ModelFormat", "Runtime", "TextTables",
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "ReportPage",
      dependencies: ["Compiler", "TextTables"],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(name: "TextTables", exclude: ["README.md"], swiftSettings: strict),
    .target(
      name: "Evaluation",
      dependencies: [
        "CZlib", "GraphIR", "ImageCodecs", "ModelFormat", "Pixels", "Quantization", "Runtime",
        "TextTables",
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .target(
      name: "HostCommands",
      dependencies: [
        "GraphIR", "GraphPasses", "Importers", "ModelFormat", "Quantization", "TextTables",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "cnneval",
      dependencies: [
        "Evaluation", "HostCommands", "Importers", "GraphIR", "ModelFormat", "Quantization",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "cnnconvert",
      dependencies: [
        "HostCommands", "Importers", "GraphIR", "GraphPasses", "Quantization", "Compiler",
        "ReportPage", "Evaluation", "ModelFormat", "ModelStore", "CSignature", "TextTables",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["README.md"],
      swiftSettings: strict
    ),

    // Tests: one target a module.
    .testTarget(name: "PlainTextTests", dependencies: ["PlainText"]),
    .testTarget(name: "ModelFormatTests", dependencies: ["ModelFormat"]),
    .testTarget(
      name: "RuntimeTests",
      dependencies: ["CKernels", "CLinux", "Conformance", "ModelFormat", "Runtime"]
    ),
    .testTarget(
      name: "PixelsTests",
      dependencies: [
        "CLinux", "Conformance", "CountedMemory", "ImageCodecs", "ModelFormat", "Pixels",
      ]
    ),
    .testTarget(
      name: "ContainersTests",
      dependencies: ["Containers", .product(name: "SwiftProtobuf", package: "swift-protobuf")]
    ),
    .testTarget(name: "GraphIRTests", dependencies: ["GraphIR", "ModelFormat"]),
    .testTarget(
      name: "ImportersTests",
      dependencies: [
        "Importers", "GraphIR", "Containers", "ImageCodecs", "ModelFormat",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .testTarget(name: "GraphPassesTests", dependencies: ["GraphPasses", "GraphIR", "ModelFormat"]),
    .testTarget(
      name: "QuantizationTests",
      dependencies: ["Quantization", "GraphIR", "ModelFormat"]
    ),
    .testTarget(
      name: "CompilerTests",
      dependencies: [
        "Compiler", "GraphIR", "GraphPasses", "Importers", "Quantization", "Runtime", "ModelFormat",
      ]
    ),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "Importers", "GraphIR", "GraphPasses", "Quantization", "Compiler", "Runtime", "ModelFormat",
        "ImageCodecs", "Pixels", "CameraService", "PlainText",
      ]
    ),
    .testTarget(name: "TextTablesTests", dependencies: ["TextTables"]),
    .testTarget(name: "ReportPageTests", dependencies: ["Compiler", "ReportPage"]),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "GraphIR", "ImageCodecs", "ModelFormat", "ModelSamples", "Quantization",
        "ScratchFolders",
      ]
    ),
    .testTarget(name: "CommandWordsTests", dependencies: ["CommandWords", "PlainText"]),
    .testTarget(
      name: "CameraTests",
      dependencies: [
        "Camera", "CountedMemory", "CVideo", "ImageCodecs", "ModelFormat", "Pixels", "PlainText",
      ]
    ),
    .testTarget(
      name: "ModelStoreTests",
      dependencies: [
        "CSignature", "ModelStore", "ModelFormat", "ModelSamples", "Runtime", "Threads",
      ]
    ),
    .testTarget(
      name: "CameraServiceTests",
      dependencies: ["CameraService", "Camera", "ModelFormat", "ModelSamples", "PlainText"]
    ),
    .testTarget(
      name: "CommandTests",
      dependencies: ["ModelFormat", "ModelSamples", "ScratchFolders"]
    ),
    .testTarget(
      name: "CInterfaceTests",
      dependencies: ["CEdgeCNN", "CInterface", "ModelFormat", "ModelSamples", "Pixels", "Runtime"]
    ),
    .target(name: "CountedMemory", path: "Tests/CountedMemory"),
    .target(name: "ScratchFolders", path: "Tests/ScratchFolders"),
    .target(
      name: "ModelSamples",
      dependencies: ["ModelFormat", "Runtime"],
      path: "Tests/ModelSamples"
    ),
  ],
  cLanguageStandard: .c11
)
