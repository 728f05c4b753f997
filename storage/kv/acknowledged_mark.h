// SPDX-License-Identifier: Apache-2.0
#pragma once

// The number of the last acknowledged write, kept outside of RocksDB's write-ahead log. It tells a
// write-ahead log that lost acknowledged writes from one whose tail was torn in a power cut before
// anybody was told of that write (storage/FORMAT.md, "Files").

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <rocksdb/file_system.h>

namespace itemized {

// A number in a file of its own that only rises. The file is not synced when the number rises, so
// after a power cut it may be older, but it is never ahead. Not thread-safe.
class AcknowledgedMark {
 public:
  // Returns whether there is a file, damaged or not; true if that cannot be told.
  static bool Exists(rocksdb::FileSystem* files, const std::string& directory);

  // Makes the file, and syncs it and its directory, so that it is there after a power cut.
  static rocksdb::IOStatus Create(rocksdb::FileSystem* files, const std::string& directory,
                                  uint64_t sequence);

  // Returns the number; nothing if the file is missing or damaged.
  static std::optional<uint64_t> Read(rocksdb::FileSystem* files, const std::string& directory);

  // Opens the file, or makes it with `sequence` if it is missing or damaged. `files` outlives the
  // mark.
  static rocksdb::IOStatus Open(rocksdb::FileSystem* files, const std::string& directory,
                                uint64_t sequence, std::unique_ptr<AcknowledgedMark>* mark);

  // Raises the number. Must be called once all writes up to `sequence` are on disk, and before any
  // of them is acknowledged.
  void RaiseTo(uint64_t sequence);

 private:
  explicit AcknowledgedMark(std::unique_ptr<rocksdb::FSRandomRWFile> file)
      : file_(std::move(file)) {}

  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
};

}  // namespace itemized
