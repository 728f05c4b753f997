// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/kv: an ordered key-value store, and the only folder that knows RocksDB. May use base.

// An ordered key-value store with families (RocksDB: column families) and atomic batches. It is all
// that the database asks of the disk. OpenRocksKv (rocks_kv.h) makes one on RocksDB, MemoryKv
// (memory_kv.h) one in memory; tests/storage/kv holds both to this contract.

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/kv/keys.h"

namespace itemized {

// Writes that become durable together or not at all. A plain value.
class KvBatch {
 public:
  struct Operation {
    Family family;
    std::string key;
    std::optional<std::string> value;  // Absent if the key is to be deleted.
  };

  void Put(Family family, std::string key, std::string value) {
    operations_.push_back({family, std::move(key), std::move(value)});
  }
  void Delete(Family family, std::string key) {
    operations_.push_back({family, std::move(key), std::nullopt});
  }
  // Adds all operations of `other`, after those that are here.
  void Append(KvBatch other) {
    operations_.insert(operations_.end(), std::make_move_iterator(other.operations_.begin()),
                       std::make_move_iterator(other.operations_.end()));
  }
  const std::vector<Operation>& operations() const { return operations_; }
  bool empty() const { return operations_.empty(); }

 private:
  std::vector<Operation> operations_;
};

// Walks a key range in order. After Valid() turns false, status() tells an end from an error. It
// sees the store as it was when the iterator was made. Not thread-safe.
class KvIterator {
 public:
  virtual ~KvIterator() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual absl::string_view key() const = 0;    // Valid until Next().
  virtual absl::string_view value() const = 0;  // Valid until Next().
  virtual absl::Status status() const = 0;
};

// Thread-safe. Errors: DATA_LOSS for damaged files, UNAVAILABLE for any other
// failure of the disk.
class Kv {
 public:
  virtual ~Kv() = default;

  // Returns the value, or nothing if the key is absent.
  virtual absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                         absl::string_view key) const = 0;

  // Returns an iterator over the keys in [start, end); an empty `end` means to the last key of the
  // family.
  virtual std::unique_ptr<KvIterator> Scan(Family family, absl::string_view start,
                                           absl::string_view end) const = 0;

  // Writes the batch as one; of several operations on one key the last one counts. If `sync`,
  // returns OK only after the batch is on disk (fsync). After an error nothing is applied:
  // leftovers are undone before the next write. If the process ends before that, the whole batch
  // may turn up after a restart.
  virtual absl::Status Write(const KvBatch& batch, bool sync) = 0;

  // Writes thousands of rows as sorted tables, past the write-ahead log. They are put in place
  // together, and are on disk when it returns OK. A Write to other families is not held up
  // meanwhile; recent writes to the same families are flushed first. Of several operations on one
  // key the last one counts.
  virtual absl::Status WriteTables(const KvBatch& batch) = 0;

  // Deletes the files all of whose keys lie in [start, end). Keys of the range that lie in other
  // files stay, so this only gives back space. Open iterators go on seeing what was deleted.
  virtual absl::Status DropFiles(Family family, absl::string_view start, absl::string_view end) = 0;

  // Reads all files and compares their checksums; DATA_LOSS names the first that
  // is damaged.
  virtual absl::Status VerifyChecksums() const = 0;

  // Returns how many bytes of the disk this process may still use.
  virtual absl::StatusOr<int64_t> FreeBytes() const = 0;

  // Makes a copy of the store, as it is now, in `directory`, which must not exist. On the same disk
  // tables are linked, not copied. (RocksDB calls such a copy a checkpoint.)
  virtual absl::Status CopyTo(const std::string& directory) = 0;
};

}  // namespace itemized
