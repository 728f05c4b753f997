#include "storage/kv/rocks_kv.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "storage/base/check.h"

namespace itemized {
namespace {

constexpr std::array<const char*, kFamilyCount> kFamilyNames = {"default", "events", "steps",
                                                                "workflows", "outcomes"};

constexpr char kTableSuffix[] = ".table";  // Of a table on its way into the store.

rocksdb::Slice ToSlice(absl::string_view text) {
  return {text.data(), text.size()};
}

absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  if (status.IsCorruption()) {
    return absl::DataLossError(absl::StrCat("the store is damaged: ", status.ToString()));
  }
  return absl::UnavailableError(absl::StrCat("the store cannot be used: ", status.ToString()));
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

class RocksKv : public Kv {
 public:
  RocksKv(std::string directory, std::unique_ptr<rocksdb::DB> db,
          std::vector<rocksdb::ColumnFamilyHandle*> handles)
      : directory_(std::move(directory)), db_(std::move(db)), handles_(std::move(handles)) {}

  ~RocksKv() override {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      db_->DestroyColumnFamilyHandle(handle);
    }
  }

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
    return std::make_unique<RocksIterator>(db_.get(), Handle(family), start, end);
  }

  absl::Status Write(const KvBatch& batch, bool sync) override {
    rocksdb::WriteBatch writes;
    for (const KvBatch::Operation& operation : batch.operations()) {
      rocksdb::ColumnFamilyHandle* handle = Handle(operation.family);
      const rocksdb::Status status = operation.value.has_value()
                                         ? writes.Put(handle, operation.key, *operation.value)
                                         : writes.Delete(handle, operation.key);
      CHECK(status.ok());
    }
    rocksdb::WriteOptions options;
    options.sync = sync;
    return ToStatus(db_->Write(options, &writes));
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
        const std::string path = directory_ + "/" + kFamilyNames[family] + kTableSuffix;
        rocksdb::IngestExternalFileArg& file = files.emplace_back();
        file.column_family = handles_[family];
        file.external_files = {path};
        file.options.move_files = true;
        status = ToStatus(WriteTable(&tables[family], handles_[family], path));
      }
    }
    if (status.ok() && !files.empty()) {
      status = ToStatus(db_->IngestExternalFiles(files));
    }
    for (const rocksdb::IngestExternalFileArg& file : files) {
      std::error_code ignored;  // Once it is in place, the file is not there any more.
      std::filesystem::remove(file.external_files[0], ignored);
    }
    return status;
  }

 private:
  using Table = std::vector<const KvBatch::Operation*>;

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
    return handles_[static_cast<size_t>(family)];
  }

  const std::string directory_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // By Family.
};

rocksdb::ColumnFamilyOptions FamilyOptions(Family family,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  // New runs are looked up in vain; a false hit costs as much as 50 misses.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(family == Family::kWorkflows ? 14 : 10));
  table.checksum = rocksdb::kXXH3;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = size_t{32} << 20;
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.02;
  if (family == Family::kEvents) {
    options.compression = rocksdb::kNoCompression;  // Blocks are zstd inside.
    options.write_buffer_size = size_t{64} << 20;
  } else {
    options.compression = rocksdb::kLZ4Compression;  // Rewritten often; half is hashes.
  }
  if (family == Family::kWorkflows) {
    // Written once or twice, in any order of keys: levels would be rewritten
    // again and again for each table of a checkpoint.
    options.compaction_style = rocksdb::kCompactionStyleUniversal;
    options.level0_file_num_compaction_trigger = 8;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::DBOptions StoreOptions() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // A torn tail was never acknowledged; a hole in the middle refuses to open,
  // where the default mode would silently drop acknowledged batches after it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.bytes_per_sync = 1 << 20;
  options.max_total_wal_size = uint64_t{512} << 20;
  options.keep_log_file_num = 4;
  return options;
}

absl::Status OpenError(const rocksdb::Status& status, const std::string& directory) {
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(
        absl::StrCat("the data directory ", directory,
                     " is in use by another process; stop it or choose another directory"));
  }
  const absl::Status general = ToStatus(status);
  return absl::Status(general.code(), absl::StrCat(directory, ": ", general.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Kv>> OpenRocksKv(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("the data directory ", directory, " cannot be created: ", error.message()));
  }
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(size_t{128} << 20);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (int i = 0; i < kFamilyCount; ++i) {
    families.emplace_back(kFamilyNames[static_cast<size_t>(i)],
                          FamilyOptions(static_cast<Family>(i), cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(StoreOptions(), directory, families, &handles, &db);
  if (!status.ok()) {
    return OpenError(status, directory);
  }
  return std::make_unique<RocksKv>(directory, std::unique_ptr<rocksdb::DB>(db), std::move(handles));
}

}  // namespace itemized
