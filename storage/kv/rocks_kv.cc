// SPDX-License-Identifier: Apache-2.0
#include "storage/kv/rocks_kv.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <rocksdb/convenience.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/mutex.h"
#include "storage/base/status_macros.h"
#include "storage/kv/rocks_store.h"
#include "storage/kv/rocks_table.h"

namespace itemized {
namespace {

constexpr char kTableSuffix[] = ".table";  // The suffix of a table on its way into the store.
constexpr char kProbeName[] = "/probe";
constexpr size_t kProbeBytes = size_t{1} << 20;
constexpr std::chrono::milliseconds kRecoverEvery(100);

rocksdb::Slice ToSlice(absl::string_view text) {
  return {text.data(), text.size()};
}

// Whether a scan is of all keys of one prefix that filters know (rocks_store.cc).
bool IsOfOnePrefix(Family family, absl::string_view start, absl::string_view end) {
  return family == Family::kNotes && start.size() == keys::kNotePrefixBytes &&
         end == keys::Past(start);
}

class RocksIterator : public KvIterator {
 public:
  RocksIterator(std::shared_ptr<RocksStore> store, Family family, absl::string_view start,
                absl::string_view end)
      : store_(std::move(store)), end_(end), end_slice_(end_) {
    rocksdb::ReadOptions options;
    options.prefix_same_as_start = IsOfOnePrefix(family, start, end);
    options.total_order_seek = !options.prefix_same_as_start;
    if (!end_.empty()) {
      options.iterate_upper_bound = &end_slice_;
    }
    iterator_.reset(store_->db->NewIterator(options, store_->FamilyOf(family)));
    iterator_->Seek(ToSlice(start));
  }

  bool Valid() const override { return iterator_->Valid(); }
  void Next() override { iterator_->Next(); }
  absl::string_view key() const override {
    return {iterator_->key().data(), iterator_->key().size()};
  }
  absl::string_view value() const override {
    return {iterator_->value().data(), iterator_->value().size()};
  }
  absl::Status status() const override { return ToStatus(iterator_->status()); }

 private:
  const std::shared_ptr<RocksStore> store_;
  std::string end_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

absl::Status Reopening() {
  return absl::UnavailableError(
      "The store is being opened again after its disk failed; try again in a moment.");
}

// The iterator of a store that is being opened again: it has no rows, and says why.
class NoIterator : public KvIterator {
 public:
  bool Valid() const override { return false; }
  void Next() override {}
  absl::string_view key() const override { return ""; }
  absl::string_view value() const override { return ""; }
  absl::Status status() const override { return Reopening(); }
};

void Add(const RocksStore& store, const KvBatch::Operation& operation,
         rocksdb::WriteBatch* writes) {
  rocksdb::ColumnFamilyHandle* family = store.FamilyOf(operation.family);
  const rocksdb::Status status = operation.value.has_value()
                                     ? writes->Put(family, operation.key, *operation.value)
                                     : writes->Delete(family, operation.key);
  CHECK(status.ok());
}

// Returns at least the bytes that the batch takes in RocksDB's form.
size_t SizeOf(const KvBatch& batch) {
  constexpr size_t kHeader = 12;
  constexpr size_t kOfOperation = 16;  // The kind, family and sizes of one operation.
  size_t size = kHeader;
  for (const KvBatch::Operation& operation : batch.operations()) {
    size += kOfOperation + operation.key.size() +
            (operation.value.has_value() ? operation.value->size() : 0);
  }
  return size;
}

// Returns the sequence number of the last operation in `written`, a batch that no other thread
// wrote together with its own: RocksDB numbers the operations and puts the first number at the
// front.
uint64_t LastSequence(const rocksdb::WriteBatch& written) {
  uint64_t first = 0;
  std::memcpy(&first, written.Data().data(), sizeof(first));
  return first + written.Count() - 1;
}

absl::StatusOr<std::optional<std::string>> GetFrom(const RocksStore& store, Family family,
                                                   absl::string_view key) {
  std::string value;
  const rocksdb::Status status =
      store.db->Get(rocksdb::ReadOptions(), store.FamilyOf(family), ToSlice(key), &value);
  if (status.IsNotFound()) {
    return std::nullopt;
  }
  if (!status.ok()) {
    return ToStatus(status);
  }
  return value;
}

// Writes the batch and raises the mark. The caller holds the lock of writing.
absl::Status WriteTo(const RocksStore& store, const KvBatch& batch, bool sync) {
  rocksdb::WriteBatch writes(/*reserved_bytes=*/SizeOf(batch));
  for (const KvBatch::Operation& operation : batch.operations()) {
    Add(store, operation, &writes);
  }
  rocksdb::WriteOptions options;
  options.sync = sync;
  const rocksdb::Status status = store.db->Write(options, &writes);
  if (status.ok() && sync && writes.Count() > 0) {
    store.mark->RaiseTo(LastSequence(writes));
  }
  return ToStatus(status);
}

class RocksKv : public Kv {
 public:
  RocksKv(std::string directory, std::shared_ptr<rocksdb::FileSystem> files,
          std::shared_ptr<RocksStore> store)
      : directory_(std::move(directory)), files_(std::move(files)), store_(std::move(store)) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 absl::string_view key) const override {
    const std::shared_ptr<RocksStore> store = Store();
    return store == nullptr ? Reopening() : GetFrom(*store, family, key);
  }

  std::unique_ptr<KvIterator> Scan(Family family, absl::string_view start,
                                   absl::string_view end) const override {
    std::shared_ptr<RocksStore> store = Store();
    if (store == nullptr) {
      return std::make_unique<NoIterator>();
    }
    return std::make_unique<RocksIterator>(std::move(store), family, start, end);
  }

  absl::Status Write(const KvBatch& batch, bool sync) override {
    const MutexLock lock(write_mutex_);
    if (!failure_.ok()) {
      RETURN_IF_ERROR(Recover());
    }
    const std::shared_ptr<RocksStore> store = Store();
    failure_ = WriteTo(*store, batch, sync);
    if (!failure_.ok()) {
      Remember(*store, batch);
    }
    return failure_;
  }

  absl::Status WriteTables(const KvBatch& batch) override {
    const std::shared_ptr<RocksStore> store = Store();
    if (store == nullptr) {
      return Reopening();
    }
    std::array<RocksTable, kFamilyCount> tables;
    for (const KvBatch::Operation& operation : batch.operations()) {
      tables[static_cast<size_t>(operation.family)].Add(operation);
    }
    std::vector<rocksdb::IngestExternalFileArg> files;
    absl::Status status;
    for (size_t i = 0; i < tables.size() && status.ok(); ++i) {
      const auto family = static_cast<Family>(i);
      if (!tables[i].empty()) {
        const std::string path = directory_ + "/" + FamilyName(family) + kTableSuffix;
        rocksdb::IngestExternalFileArg& file = files.emplace_back();
        file.column_family = store->FamilyOf(family);
        file.external_files = {path};
        file.options.move_files = true;
        status = ToStatus(tables[i].Write(*store, family, path));
        PassFailpoint(Failpoint::kTableWritten);
      }
    }
    if (status.ok() && !files.empty()) {
      status = ToStatus(IngestTables(*store, files));
      PassFailpoint(Failpoint::kTablesPlaced);
    }
    for (const rocksdb::IngestExternalFileArg& file : files) {
      // A table that was put in place was moved, so only one that failed is still there.
      store->env->DeleteFile(file.external_files[0]).PermitUncheckedError();
    }
    return status;
  }

  absl::Status DropFiles(Family family, absl::string_view start, absl::string_view end) override {
    const std::shared_ptr<RocksStore> store = Store();
    if (store == nullptr) {
      return Reopening();
    }
    const rocksdb::Slice first = ToSlice(start);
    const rocksdb::Slice last = ToSlice(end);
    const rocksdb::RangePtr range(&first, &last);
    return ToStatus(rocksdb::DeleteFilesInRanges(store->db.get(), store->FamilyOf(family), &range,
                                                 1, /*include_end=*/false));
  }

  absl::Status VerifyChecksums() const override {
    const std::shared_ptr<RocksStore> store = Store();
    return store == nullptr ? Reopening() : ToStatus(store->db->VerifyChecksum());
  }

  absl::StatusOr<int64_t> FreeBytes() const override {
    uint64_t free = 0;
    const rocksdb::IOStatus status =
        Files()->GetFreeSpace(directory_, rocksdb::IOOptions(), &free, nullptr);
    return status.ok() ? absl::StatusOr<int64_t>(static_cast<int64_t>(free)) : ToStatus(status);
  }

  absl::Status CopyTo(const std::string& directory) override {
    const std::shared_ptr<RocksStore> store = Store();
    if (store == nullptr) {
      return Reopening();
    }
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(store->db.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) {
      // Memory is flushed first, since the write-ahead log of a copy may not be synced.
      status = checkpoint->CreateCheckpoint(directory, /*log_size_for_flush=*/0);
    }
    // The mark begins at 0: the copy has no write-ahead log that could lack anything.
    return ToStatus(status.ok() ? AcknowledgedMark::Create(Files(), directory, 0) : status);
  }

 private:
  rocksdb::FileSystem* Files() const {
    return files_ != nullptr ? files_.get() : rocksdb::FileSystem::Default().get();
  }
  std::shared_ptr<RocksStore> Store() const {
    const MutexLock lock(store_mutex_);
    return store_;
  }
  void SetStore(std::shared_ptr<RocksStore> store) {
    const MutexLock lock(store_mutex_);
    store_ = std::move(store);
  }

  // Notes in `undo_` what the keys of `failed` hold without it. A batch that failed may be in the
  // write-ahead log all the same, and would come back when the log is read again.
  void Remember(const RocksStore& store, const KvBatch& failed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_) {
    for (const KvBatch::Operation& operation : failed.operations()) {
      absl::StatusOr<std::optional<std::string>> value =
          GetFrom(store, operation.family, operation.key);
      if (!value.ok()) {
        is_lost_ = true;
        return;
      }
      if (value->has_value()) {
        undo_.Put(operation.family, operation.key, **std::move(value));
      } else {
        undo_.Delete(operation.family, operation.key);
      }
    }
  }

  // Opens the store anew as soon as its disk takes a file, since RocksDB never writes to a
  // write-ahead log again that has failed once.
  absl::Status Recover() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_) {
    const auto now = std::chrono::steady_clock::now();
    if (is_lost_) {
      return absl::UnavailableError(
          absl::StrCat(failure_.message(), " Mend the disk, then start the server again."));
    }
    if (now < recover_at_) {
      return failure_;
    }
    recover_at_ = now + kRecoverEvery;
    RETURN_IF_ERROR(ProbeDisk());
    SetStore(nullptr);
    if (!closing_.expired()) {
      return Reopening();  // A reader still holds the store that failed.
    }
    ASSIGN_OR_RETURN(std::shared_ptr<RocksStore> store,
                     OpenRocksStore(directory_, files_, /*accept_missing_mark=*/false));
    closing_ = store;
    RETURN_IF_ERROR(WriteTo(*store, undo_, /*sync=*/true));
    undo_ = KvBatch();
    failure_ = absl::OkStatus();
    SetStore(std::move(store));
    return absl::OkStatus();
  }

  absl::Status ProbeDisk() const {
    rocksdb::FileSystem* const files = Files();
    const std::string path = directory_ + kProbeName;
    const rocksdb::IOStatus status =
        rocksdb::WriteStringToFile(files, std::string(kProbeBytes, '\0'), path, /*sync=*/true);
    files->DeleteFile(path, rocksdb::IOOptions(), nullptr).PermitUncheckedError();
    return ToStatus(status);
  }

  const std::string directory_;
  const std::shared_ptr<rocksdb::FileSystem> files_;  // Null means the machine's.

  mutable Mutex store_mutex_;
  std::shared_ptr<RocksStore> store_ ABSL_GUARDED_BY(store_mutex_);  // Null while it is reopened.

  Mutex write_mutex_;
  std::weak_ptr<RocksStore> closing_ ABSL_GUARDED_BY(write_mutex_) = store_;
  absl::Status failure_ ABSL_GUARDED_BY(write_mutex_);  // What became of the last write.
  KvBatch undo_ ABSL_GUARDED_BY(write_mutex_);
  bool is_lost_ ABSL_GUARDED_BY(write_mutex_) =
      false;  // Only a restart can tell what the store holds.
  std::chrono::steady_clock::time_point recover_at_ ABSL_GUARDED_BY(write_mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kv>> OpenRocksKv(const std::string& directory,
                                                std::shared_ptr<rocksdb::FileSystem> files,
                                                bool accept_missing_mark) {
  ASSIGN_OR_RETURN(std::shared_ptr<RocksStore> store,
                   OpenRocksStore(directory, files, accept_missing_mark));
  return std::make_unique<RocksKv>(directory, std::move(files), std::move(store));
}

}  // namespace itemized
