// SPDX-License-Identifier: Apache-2.0
#pragma once

// The machine's file system with faults on demand: operations that fail, and a power cut that loses
// what was not synced.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <rocksdb/file_system.h>

#include "storage/base/mutex.h"

namespace itemized::testing {

// What a fault can hit.
enum class FileOperation : uint8_t {
  kWrite,  // Creating, appending to, renaming, linking, deleting a file.
  kSync,   // Syncing a file or a directory.
  kRead,
};

// Says that operations of one kind fail, those numbered from `first` to `last`, counted from 1.
struct FileFault {
  FileOperation operation = FileOperation::kWrite;
  uint64_t first = 1;
  uint64_t last = std::numeric_limits<uint64_t>::max();
  bool no_space = false;  // ENOSPC instead of EIO.
};

// Thread-safe. Files must not be used with direct I/O. RocksDB's own log (LOG)
// and lock are left alone. Nothing is really synced: a test's files only have to
// outlive what it believes to be the power.
class FaultyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyFileSystem"; }

  // Arms `fault`; operations are counted from here on.
  void Arm(const FileFault& fault);
  void Disarm();
  // Returns whether an armed fault has hit.
  bool has_hit() const;

  // Makes the disk say that so many bytes are free; without a value it says the truth.
  void SetFreeBytes(std::optional<uint64_t> bytes);

  // Cuts the power at the `nth` operation of writing or syncing, counted from here: neither it nor
  // any later one reaches the disk.
  void CutPowerAt(uint64_t nth);
  bool is_dead() const;

  // Makes the disk what it may look like after the cut. Each file keeps a beginning of what was not
  // synced, whose end may be garbage. The first of the new names and renames since the directory
  // was synced are kept, as a journal does. Must be called once all files are closed.
  void LoseUnsynced(uint64_t seed);

  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 uint64_t* bytes, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Truncate(const std::string& name, size_t size,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;

  // Counts an operation, and fails it if it is to fail. The files that this opens call it.
  rocksdb::IOStatus Count(FileOperation operation);
  void MarkSynced(const std::string& name);
  void MarkDirectorySynced();  // There is one directory.

 private:
  // A name that is new in the directory.
  struct NewName {
    std::string name;
    std::string old_name;                 // Empty unless the file was renamed.
    std::optional<std::string> replaced;  // The contents of the file that had the name before.
  };
  struct Armed {
    FileFault fault;
    uint64_t seen = 0;
    bool has_hit = false;
  };

  rocksdb::IOStatus Wrap(const std::string& name, const rocksdb::IOStatus& opened,
                         std::unique_ptr<rocksdb::FSWritableFile>* file);
  void Undo(const NewName& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  // How many bytes of each file that was written are synced.
  std::map<std::string, uint64_t> synced_bytes_ ABSL_GUARDED_BY(mutex_);
  std::vector<NewName> new_names_
      ABSL_GUARDED_BY(mutex_);  // Names that are not synced, in their order.
  std::optional<Armed> armed_ ABSL_GUARDED_BY(mutex_);
  std::optional<uint64_t> free_bytes_ ABSL_GUARDED_BY(mutex_);
  std::optional<uint64_t> lifetime_ ABSL_GUARDED_BY(mutex_);  // Operations until the cut.
};

}  // namespace itemized::testing
