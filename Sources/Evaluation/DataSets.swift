internal import Foundation

/// The kinds of data set; which one it is follows from the bytes.
public enum DataSets {
  /// Opens a folder (classes are its subfolders), a table of files and classes (TSV), MNIST's idx, with gzip or without, or
  /// CIFAR's binary records.
  ///
  /// - Throws: `DataSetError` where it is none of them.
  public static func open(_ path: String) throws(DataSetError) -> ImageSet {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .file(path: path, problem: "no such file or folder")
    }
    if isFolder.boolValue { return try FolderSet.open(path) }
    let bytes = try DataFile.read(path)
    if IndexedArray.isOne(bytes) { return try DigitSet.open(path, bytes) }
    if let set = try CIFARSet.open(path, bytes) { return set }
    guard let text = String(validating: bytes, as: UTF8.self), text.contains("\t") else {
      throw .file(
        path: path,
        problem: "not a data set, expected a folder of images, a table of files and classes (TSV), "
          + "MNIST's idx or CIFAR's binary records"
      )
    }
    return try TableSet.open(path, text)
  }
}
