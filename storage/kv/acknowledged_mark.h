// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far writes have been acknowledged, outside of the write-ahead log: what
// tells a log that lost acknowledged writes from one whose tail was torn in a
// power cut before anybody was told of it (storage/FORMAT.md, "Files").

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <rocksdb/file_system.h>

namespace itemized {

// A number in a file of its own that only rises. Not synced when it rises, so
// after a power cut it may be older; it is never ahead. Not thread-safe.
class AcknowledgedMark {
 public:
  // Whether there is a file, damaged or not; true if that cannot be told.
  static bool Exists(rocksdb::FileSystem* files, const std::string& directory);

  // Makes the file, with its name, so that it is there after a power cut.
  static rocksdb::IOStatus Create(rocksdb::FileSystem* files, const std::string& directory,
                                  uint64_t sequence);

  // Absent if the file is missing or cannot be read.
  static std::optional<uint64_t> Read(rocksdb::FileSystem* files, const std::string& directory);

  // Opens the file, or makes it with `sequence`. `files` outlives the mark.
  static rocksdb::IOStatus Open(rocksdb::FileSystem* files, const std::string& directory,
                                uint64_t sequence, std::unique_ptr<AcknowledgedMark>* mark);

  // To be called when all up to `sequence` is on disk, and before that is told.
  void RaiseTo(uint64_t sequence);

 private:
  explicit AcknowledgedMark(std::unique_ptr<rocksdb::FSRandomRWFile> file)
      : file_(std::move(file)) {}

  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
};

}  // namespace itemized
