// SPDX-License-Identifier: Apache-2.0
#include "storage/kv/rocks_store.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <sys/resource.h>

#include "storage/base/status_macros.h"
#include "storage/kv/info_log.h"

namespace itemized {
namespace {

constexpr std::array<const char*, kFamilyCount> kFamilyNames = {
    "default", "events", "steps", "workflows", "outcomes", "notes"};

rocksdb::ColumnFamilyOptions FamilyOptions(Family family,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  // Each new run is looked up in vain, and a false hit costs as much as 50 misses.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(family == Family::kRuns ? 14 : 10));
  table.checksum = rocksdb::kXXH3;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = size_t{32} << 20;
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.02;
  if (family == Family::kLog) {
    options.compression = rocksdb::kNoCompression;  // Blocks are compressed already.
    options.write_buffer_size = size_t{64} << 20;
  } else {
    options.compression = rocksdb::kLZ4Compression;  // Rows change often; half of them is hashes.
  }
  if (family == Family::kNotes) {
    options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(keys::kNotePrefixBytes));
    table.whole_key_filtering = false;
  }
  if (family == Family::kRuns) {
    // Runs are written once or twice, in any order of keys, so each table of a checkpoint would
    // have all levels rewritten.
    options.compaction_style = rocksdb::kCompactionStyleUniversal;
    options.level0_file_num_compaction_trigger = 16;
    options.level0_slowdown_writes_trigger = 48;
    options.level0_stop_writes_trigger = 64;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// Returns how many tables may be open. Connections need descriptors too, and RocksDB fails where
// none is left.
int OpenFilesMax() {
  constexpr rlim_t kWanted = 512;
  rlimit files{};
  const bool is_limited = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY;
  return static_cast<int>(is_limited ? std::min(kWanted, files.rlim_cur / 4) : kWanted);
}

rocksdb::DBOptions StoreOptions(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // This mode makes that a store with a hole in the middle of its log does not open. The default
  // mode would silently drop the acknowledged batches behind the hole.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_background_jobs = 2;
  options.max_open_files = OpenFilesMax();
  options.bytes_per_sync = 1 << 20;
  options.max_total_wal_size = uint64_t{512} << 20;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> Families() {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(size_t{128} << 20);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (int i = 0; i < kFamilyCount; ++i) {
    families.emplace_back(FamilyName(static_cast<Family>(i)),
                          FamilyOptions(static_cast<Family>(i), cache));
  }
  return families;
}

// Returns whether the log, read up to its first damage, holds all that was acknowledged. Changes
// nothing on disk.
bool ReachesMark(rocksdb::DBOptions options, const std::string& directory, uint64_t mark) {
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(options, directory, &names).ok()) {
    return false;
  }
  // A store of an earlier version lacks some.
  std::vector<rocksdb::ColumnFamilyDescriptor> families = Families();
  std::erase_if(families, [&](const rocksdb::ColumnFamilyDescriptor& family) {
    return std::find(names.begin(), names.end(), family.name) == names.end();
  });
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::OpenForReadOnly(options, directory, families, &handles, &opened).ok()) {
    return false;
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    db->DestroyColumnFamilyHandle(handle);
  }
  return db->GetLatestSequenceNumber() >= mark;
}

rocksdb::Status Open(const rocksdb::DBOptions& options, const std::string& directory,
                     RocksStore* store) {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(options, directory, Families(), &store->families, &db);
  store->db.reset(db);
  return status;
}

// The files of the write-ahead log, as text.
std::string LogFiles(rocksdb::Env* env, const std::string& directory) {
  std::vector<std::string> names;
  env->GetChildren(directory, &names).PermitUncheckedError();  // No file is named after an error.
  const auto is_no_log = [](const std::string& name) { return !absl::EndsWith(name, ".log"); };
  names.erase(std::remove_if(names.begin(), names.end(), is_no_log), names.end());
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, ", ");
}

absl::Status Shortened(rocksdb::Env* env, const std::string& directory, absl::string_view how) {
  return absl::DataLossError(
      absl::StrCat("The write-ahead log of ", directory, " (", LogFiles(env, directory),
                   ") is damaged and lacks writes that were acknowledged: ", how,
                   ". Start on a backup, and let the senders send again what came after it."));
}

// A new store has the mark before anything else, so that a store without it has lost it.
absl::Status PrepareMark(rocksdb::FileSystem* files, const std::string& directory,
                         bool accept_missing_mark) {
  if (AcknowledgedMark::Exists(files, directory)) {
    return absl::OkStatus();
  }
  if (files->FileExists(directory + "/CURRENT", rocksdb::IOOptions(), nullptr).IsNotFound()) {
    return ToStatus(AcknowledgedMark::Create(files, directory, 0));
  }
  if (accept_missing_mark) {
    return absl::OkStatus();  // OpenRocksStore makes the mark once the store is open.
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "The data directory ", directory,
      " lacks the file \"acknowledged\". It says how far writes were "
      "acknowledged; without it nobody can tell whether the write-ahead log has lost some. Put it "
      "back from where the directory was copied, or start the server once with "
      "--accept-missing-acknowledged."));
}

absl::Status OpenError(const rocksdb::Status& status, rocksdb::Env* env,
                       const std::string& directory) {
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(
        absl::StrCat("The data directory ", directory,
                     " is in use by another process; stop that or choose another directory."));
  }
  // RocksDB names the table or manifest that is damaged, but not the log.
  if (status.IsCorruption() && status.ToString().find(directory) == std::string::npos &&
      !absl::StrContains(status.ToString(), "MANIFEST")) {
    return Shortened(env, directory, status.ToString());
  }
  const absl::Status general = ToStatus(status);
  return absl::Status(general.code(),
                      absl::StrCat(general.message(), " Its directory is ", directory, "."));
}

}  // namespace

const char* FamilyName(Family family) {
  return kFamilyNames[static_cast<size_t>(family)];
}

absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  if (status.IsCorruption()) {
    return absl::DataLossError(absl::StrCat("The store is damaged: ", status.ToString(),
                                            ". Restore the data directory from a backup."));
  }
  return absl::UnavailableError(absl::StrCat("The store cannot be used: ", status.ToString(),
                                             ". Mend the disk or its rights."));
}

RocksStore::~RocksStore() {
  for (rocksdb::ColumnFamilyHandle* family : families) {
    db->DestroyColumnFamilyHandle(family);
  }
}

absl::StatusOr<std::unique_ptr<RocksStore>> OpenRocksStore(
    const std::string& directory, std::shared_ptr<rocksdb::FileSystem> files,
    bool accept_missing_mark) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("The data directory ", directory,
                                               " cannot be created: ", error.message(),
                                               ". Create it, or choose another one."));
  }
  auto store = std::make_unique<RocksStore>();
  store->env = rocksdb::NewCompositeEnv(files != nullptr ? std::move(files)
                                                         : rocksdb::FileSystem::Default());
  rocksdb::FileSystem* const file_system = store->env->GetFileSystem().get();
  RETURN_IF_ERROR(PrepareMark(file_system, directory, accept_missing_mark));
  const std::optional<uint64_t> mark = AcknowledgedMark::Read(file_system, directory);
  rocksdb::DBOptions options = StoreOptions(store->env.get());
  options.info_log = OpenInfoLog(directory);
  rocksdb::Status status = Open(options, directory, store.get());
  if (status.IsCorruption() && mark.has_value() && ReachesMark(options, directory, *mark)) {
    // The log was torn in a power cut, and nobody was told of the writes that are missing.
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    status = Open(options, directory, store.get());
  }
  if (!status.ok()) {
    return OpenError(status, store->env.get(), directory);
  }
  const uint64_t sequence = store->db->GetLatestSequenceNumber();
  if (mark.value_or(0) > sequence) {
    return Shortened(store->env.get(), directory,
                     absl::StrCat("it ends with write ", sequence, " instead of ", *mark));
  }
  RETURN_IF_ERROR(ToStatus(AcknowledgedMark::Open(file_system, directory, sequence, &store->mark)));
  return store;
}

// RocksDB 7.8 orders tables by sequence numbers. A memtable written before and after a
// table is put in place would become one that encloses it, and once such tables are
// merged, the store does not open any more: so memory is flushed before.
rocksdb::Status IngestTables(const RocksStore& store,
                             const std::vector<rocksdb::IngestExternalFileArg>& files) {
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  for (const rocksdb::IngestExternalFileArg& file : files) {
    families.push_back(file.column_family);
  }
  const rocksdb::Status flushed = store.db->Flush(rocksdb::FlushOptions(), families);
  return flushed.ok() ? store.db->IngestExternalFiles(files) : flushed;
}

}  // namespace itemized
