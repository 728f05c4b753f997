#include "storage/kv/rocks_kv.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/write_batch.h>

#include "storage/base/check.h"
#include "storage/base/mutex.h"
#include "storage/base/status_macros.h"
#include "storage/kv/rocks_store.h"

namespace itemized {
namespace {

constexpr char kTableSuffix[] = ".table";  // Of a table on its way into the store.

rocksdb::Slice ToSlice(absl::string_view text) {
  return {text.data(), text.size()};
}

class RocksIterator : public KvIterator {
 public:
  RocksIterator(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* handle, absl::string_view start,
                absl::string_view end)
      : end_(end), end_slice_(end_) {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    if (!end_.empty()) {
      options.iterate_upper_bound = &end_slice_;
    }
    iterator_.reset(db->NewIterator(options, handle));
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
  std::string end_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

// Of a batch that has been written by a thread that was alone: RocksDB numbers its
// operations, and puts the first number at the front.
uint64_t LastSequence(const rocksdb::WriteBatch& written) {
  uint64_t first = 0;
  std::memcpy(&first, written.Data().data(), sizeof(first));
  return first + written.Count() - 1;
}

class RocksKv : public Kv {
 public:
  RocksKv(std::string directory, std::unique_ptr<RocksStore> store)
      : directory_(std::move(directory)), store_(std::move(store)), db_(store_->db.get()) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 absl::string_view key) const override {
    std::string value;
    const rocksdb::Status status =
        db_->Get(rocksdb::ReadOptions(), Handle(family), ToSlice(key), &value);
    if (status.IsNotFound()) {
      return std::nullopt;
    }
    if (!status.ok()) {
      return ToStatus(status);
    }
    return value;
  }

  std::unique_ptr<KvIterator> Scan(Family family, absl::string_view start,
                                   absl::string_view end) const override {
    return std::make_unique<RocksIterator>(db_, Handle(family), start, end);
  }

  absl::Status Write(const KvBatch& batch, bool sync) override {
    const MutexLock lock(write_mutex_);
    rocksdb::WriteBatch writes;
    if (!doubtful_.empty()) {
      RETURN_IF_ERROR(ToStatus(db_->Resume()));
      RETURN_IF_ERROR(SettleDoubts(&writes));
    }
    for (const KvBatch::Operation& operation : batch.operations()) {
      Add(operation.family, operation.key, operation.value, &writes);
    }
    rocksdb::WriteOptions options;
    options.sync = sync;
    const rocksdb::Status status = db_->Write(options, &writes);
    if (!status.ok()) {
      for (const KvBatch::Operation& operation : batch.operations()) {
        doubtful_.emplace(operation.family, operation.key);
      }
      return ToStatus(status);
    }
    doubtful_.clear();
    if (sync && writes.Count() > 0) {
      store_->mark->RaiseTo(LastSequence(writes));
    }
    return absl::OkStatus();
  }

  absl::Status WriteTables(const KvBatch& batch) override {
    std::array<Table, kFamilyCount> tables;
    for (const KvBatch::Operation& operation : batch.operations()) {
      tables[static_cast<size_t>(operation.family)].push_back(&operation);
    }
    std::vector<rocksdb::IngestExternalFileArg> files;
    absl::Status status;
    for (size_t family = 0; family < tables.size() && status.ok(); ++family) {
      if (!tables[family].empty()) {
        const std::string path =
            directory_ + "/" + FamilyName(static_cast<Family>(family)) + kTableSuffix;
        rocksdb::IngestExternalFileArg& file = files.emplace_back();
        file.column_family = store_->families[family];
        file.external_files = {path};
        file.options.move_files = true;
        status = ToStatus(WriteTable(&tables[family], store_->families[family], path));
      }
    }
    if (status.ok() && !files.empty()) {
      status = ToStatus(db_->IngestExternalFiles(files));
    }
    for (const rocksdb::IngestExternalFileArg& file : files) {
      // Once it is in place, the file is not there any more.
      store_->env->DeleteFile(file.external_files[0]).PermitUncheckedError();
    }
    return status;
  }

 private:
  using Table = std::vector<const KvBatch::Operation*>;

  void Add(Family family, const std::string& key, const std::optional<std::string>& value,
           rocksdb::WriteBatch* writes) const {
    const rocksdb::Status status = value.has_value() ? writes->Put(Handle(family), key, *value)
                                                     : writes->Delete(Handle(family), key);
    CHECK(status.ok());
  }

  // A write that failed may be in the write-ahead log all the same, and would come
  // back when the store is next opened. The next write says again what holds.
  absl::Status SettleDoubts(rocksdb::WriteBatch* writes) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_) {
    for (const auto& [family, key] : doubtful_) {
      ASSIGN_OR_RETURN(const std::optional<std::string> value, Get(family, key));
      Add(family, key, value, writes);
    }
    return absl::OkStatus();
  }

  rocksdb::Status WriteTable(Table* table, rocksdb::ColumnFamilyHandle* handle,
                             const std::string& path) const {
    const auto by_key = [](const auto* a, const auto* b) { return a->key < b->key; };
    std::stable_sort(table->begin(), table->end(), by_key);
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), db_->GetOptions(handle), handle);
    rocksdb::Status status = writer.Open(path);
    for (size_t i = 0; i < table->size() && status.ok(); ++i) {
      const KvBatch::Operation& operation = *(*table)[i];
      if (i + 1 < table->size() && (*table)[i + 1]->key == operation.key) {
        continue;
      }
      status = operation.value.has_value() ? writer.Put(operation.key, *operation.value)
                                           : writer.Delete(operation.key);
    }
    return status.ok() ? writer.Finish() : status;
  }

  rocksdb::ColumnFamilyHandle* Handle(Family family) const {
    return store_->families[static_cast<size_t>(family)];
  }

  const std::string directory_;
  const std::unique_ptr<RocksStore> store_;
  rocksdb::DB* const db_;  // The store's.

  Mutex write_mutex_;
  // Keys of writes that failed, since the last one that did not.
  std::set<std::pair<Family, std::string>> doubtful_ ABSL_GUARDED_BY(write_mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kv>> OpenRocksKv(const std::string& directory,
                                                std::shared_ptr<rocksdb::FileSystem> files) {
  ASSIGN_OR_RETURN(std::unique_ptr<RocksStore> store, OpenRocksStore(directory, std::move(files)));
  return std::make_unique<RocksKv>(directory, std::move(store));
}

}  // namespace itemized
