// SPDX-License-Identifier: Apache-2.0
#pragma once

// An ordered key-value store with families and atomic batches: the only thing
// the database asks of the disk. RocksDB is behind OpenRocksKv (rocks_kv.h).

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
    std::optional<std::string> value;  // Absent: delete.
  };

  void Put(Family family, std::string key, std::string value) {
    operations_.push_back({family, std::move(key), std::move(value)});
  }
  void Delete(Family family, std::string key) {
    operations_.push_back({family, std::move(key), std::nullopt});
  }
  // Adds all of `other`, after what is here.
  void Append(KvBatch other) {
    operations_.insert(operations_.end(), std::make_move_iterator(other.operations_.begin()),
                       std::make_move_iterator(other.operations_.end()));
  }
  const std::vector<Operation>& operations() const { return operations_; }
  bool empty() const { return operations_.empty(); }

 private:
  std::vector<Operation> operations_;
};

// Walks a key range in order. After Valid() turns false, status() tells an end
// from an error. Sees the store as it was when made. Not thread-safe.
class KvIterator {
 public:
  virtual ~KvIterator() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual absl::string_view key() const = 0;    // Until Next().
  virtual absl::string_view value() const = 0;  // Until Next().
  virtual absl::Status status() const = 0;
};

// Thread-safe. Errors: DATA_LOSS for damaged files, UNAVAILABLE for any other
// failure of the disk.
class Kv {
 public:
  virtual ~Kv() = default;

  // The value, or nothing if the key is absent.
  virtual absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                         absl::string_view key) const = 0;

  // Keys in [start, end); an empty end means to the last key of the family.
  virtual std::unique_ptr<KvIterator> Scan(Family family, absl::string_view start,
                                           absl::string_view end) const = 0;

  // With `sync`, returns OK only after the batch is on disk (fsync). After an error nothing of
  // it is applied: what it may have left is undone before the next write. If the process ends
  // before that, the whole batch may turn up after a restart.
  virtual absl::Status Write(const KvBatch& batch, bool sync) = 0;

  // The same as Write with sync, for thousands of rows: as sorted tables that are
  // put in place together, past the write-ahead log. Does not hold up a Write to
  // other families meanwhile; what was written to the same ones lately is flushed
  // before. Of operations on the same key the last one counts.
  virtual absl::Status WriteTables(const KvBatch& batch) = 0;

  // Deletes whole files that hold keys of [start, end) only; other keys of the range
  // may stay. Open iterators go on seeing them.
  virtual absl::Status DropFiles(Family family, absl::string_view start, absl::string_view end) = 0;

  // Reads all files and compares their checksums; DATA_LOSS names the first that
  // is damaged.
  virtual absl::Status VerifyChecksums() const = 0;

  // What is left of the disk, for this process.
  virtual absl::StatusOr<int64_t> FreeBytes() const = 0;

  // Makes a copy of the store, as it is now, in `directory`, which must not exist
  // and should be on the same disk: tables are then linked, not copied.
  virtual absl::Status CopyTo(const std::string& directory) = 0;
};

}  // namespace itemized
