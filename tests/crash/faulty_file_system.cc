// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/faulty_file_system.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "tests/crash/faulty_files.h"

namespace itemized::testing {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace fs = std::filesystem;

bool IsIgnored(const std::string& name) {
  const std::string base = fs::path(name).filename().string();
  return base.rfind("LOG", 0) == 0 || base == "LOCK";
}

std::string ReadAll(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void OverwriteEnd(const std::string& name, uintmax_t bytes, std::mt19937_64* random) {
  std::fstream file(name, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(-static_cast<std::streamoff>(bytes), std::ios::end);
  for (; bytes > 0; --bytes) {
    file.put(static_cast<char>((*random)()));
  }
}

}  // namespace

void FaultyFileSystem::Arm(const FileFault& fault) {
  const MutexLock lock(mutex_);
  armed_ = Armed{.fault = fault};
}

void FaultyFileSystem::Disarm() {
  const MutexLock lock(mutex_);
  armed_.reset();
}

bool FaultyFileSystem::has_hit() const {
  const MutexLock lock(mutex_);
  return armed_.has_value() && armed_->has_hit;
}

void FaultyFileSystem::SetFreeBytes(std::optional<uint64_t> bytes) {
  const MutexLock lock(mutex_);
  free_bytes_ = bytes;
}

void FaultyFileSystem::CutPowerAt(uint64_t nth) {
  const MutexLock lock(mutex_);
  lifetime_ = nth - 1;
}

bool FaultyFileSystem::is_dead() const {
  const MutexLock lock(mutex_);
  return lifetime_ == 0;
}

IOStatus FaultyFileSystem::Count(FileOperation operation) {
  const MutexLock lock(mutex_);
  if (lifetime_.has_value() && operation != FileOperation::kRead) {
    if (*lifetime_ == 0) {
      return IOStatus::IOError("the power is cut");
    }
    --*lifetime_;
  }
  if (!armed_.has_value() || armed_->fault.operation != operation) {
    return IOStatus::OK();
  }
  ++armed_->seen;
  if (armed_->seen < armed_->fault.first || armed_->seen > armed_->fault.last) {
    return IOStatus::OK();
  }
  armed_->has_hit = true;
  return armed_->fault.no_space ? IOStatus::NoSpace("injected") : IOStatus::IOError("injected");
}

void FaultyFileSystem::MarkSynced(const std::string& name) {
  const MutexLock lock(mutex_);
  std::error_code error;
  const uintmax_t size = fs::file_size(name, error);
  synced_bytes_[name] = error ? 0 : size;
}

void FaultyFileSystem::MarkDirectorySynced() {
  const MutexLock lock(mutex_);
  new_names_.clear();
}

IOStatus FaultyFileSystem::Wrap(const std::string& name, const IOStatus& opened,
                                std::unique_ptr<rocksdb::FSWritableFile>* file) {
  if (opened.ok()) {
    *file = std::make_unique<FaultyWritableFile>(this, name, std::move(*file));
  }
  return opened;
}

IOStatus FaultyFileSystem::NewSequentialFile(const std::string& name, const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                             IODebugContext* debug) {
  RETURN_IF_FAULT(Count(FileOperation::kRead));
  RETURN_IF_FAULT(target()->NewSequentialFile(name, options, file, debug));
  *file = std::make_unique<FaultySequentialFile>(this, std::move(*file));
  return IOStatus::OK();
}

IOStatus FaultyFileSystem::NewRandomAccessFile(const std::string& name, const FileOptions& options,
                                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                               IODebugContext* debug) {
  RETURN_IF_FAULT(Count(FileOperation::kRead));
  RETURN_IF_FAULT(target()->NewRandomAccessFile(name, options, file, debug));
  *file = std::make_unique<FaultyRandomAccessFile>(this, std::move(*file));
  return IOStatus::OK();
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& name, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           IODebugContext* debug) {
  if (IsIgnored(name)) {
    return target()->NewWritableFile(name, options, file, debug);
  }
  RETURN_IF_FAULT(Count(FileOperation::kWrite));
  {
    const MutexLock lock(mutex_);
    synced_bytes_[name] = 0;
    new_names_.push_back({.name = name, .old_name = "", .replaced = std::nullopt});
  }
  return Wrap(name, target()->NewWritableFile(name, options, file, debug), file);
}

IOStatus FaultyFileSystem::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                                              IODebugContext* debug) {
  RETURN_IF_FAULT(Count(FileOperation::kWrite));
  {
    const MutexLock lock(mutex_);
    if (fs::exists(name)) {  // Unless it is known, it comes from an earlier life.
      synced_bytes_.try_emplace(name, fs::file_size(name));
    }
  }
  return Wrap(name, target()->ReopenWritableFile(name, options, file, debug), file);
}

IOStatus FaultyFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                                        IODebugContext* debug) {
  RETURN_IF_FAULT(target()->NewDirectory(name, options, directory, debug));
  *directory = std::make_unique<FaultyDirectory>(this, std::move(*directory));
  return IOStatus::OK();
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                      const IOOptions& options, IODebugContext* debug) {
  if (IsIgnored(from)) {
    return target()->RenameFile(from, to, options, debug);
  }
  RETURN_IF_FAULT(Count(FileOperation::kWrite));
  const MutexLock lock(mutex_);
  NewName change{.name = to, .old_name = from, .replaced = std::nullopt};
  if (fs::exists(to)) {
    change.replaced = ReadAll(to);
  }
  RETURN_IF_FAULT(target()->RenameFile(from, to, options, debug));
  synced_bytes_[to] = synced_bytes_[from];
  synced_bytes_.erase(from);
  new_names_.push_back(std::move(change));
  return IOStatus::OK();
}

IOStatus FaultyFileSystem::LinkFile(const std::string& from, const std::string& to,
                                    const IOOptions& options, IODebugContext* debug) {
  RETURN_IF_FAULT(Count(FileOperation::kWrite));
  RETURN_IF_FAULT(target()->LinkFile(from, to, options, debug));
  const MutexLock lock(mutex_);
  synced_bytes_[to] = synced_bytes_[from];
  new_names_.push_back({.name = to, .old_name = "", .replaced = std::nullopt});
  return IOStatus::OK();
}

IOStatus FaultyFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                      IODebugContext* debug) {
  if (!IsIgnored(name)) {
    RETURN_IF_FAULT(Count(FileOperation::kWrite));
  }
  const MutexLock lock(mutex_);
  synced_bytes_.erase(name);
  return target()->DeleteFile(name, options, debug);
}

IOStatus FaultyFileSystem::GetFreeSpace(const std::string& path, const IOOptions& options,
                                        uint64_t* bytes, IODebugContext* debug) {
  const MutexLock lock(mutex_);
  if (free_bytes_.has_value()) {
    *bytes = *free_bytes_;
    return IOStatus::OK();
  }
  return FileSystemWrapper::GetFreeSpace(path, options, bytes, debug);
}

IOStatus FaultyFileSystem::Truncate(const std::string& name, size_t size, const IOOptions& options,
                                    IODebugContext* debug) {
  RETURN_IF_FAULT(Count(FileOperation::kWrite));
  return target()->Truncate(name, size, options, debug);
}

void FaultyFileSystem::Undo(const NewName& change) {
  std::error_code ignored;  // It may have been deleted since.
  if (change.old_name.empty()) {
    fs::remove(change.name, ignored);
    return;
  }
  fs::rename(change.name, change.old_name, ignored);
  synced_bytes_[change.old_name] = synced_bytes_[change.name];
  if (change.replaced.has_value()) {
    std::ofstream(change.name, std::ios::binary) << *change.replaced;
    synced_bytes_[change.name] = change.replaced->size();
  }
}

void FaultyFileSystem::LoseUnsynced(uint64_t seed) {
  const MutexLock lock(mutex_);
  std::mt19937_64 random(seed);
  const size_t kept_names = random() % (new_names_.size() + 1);
  while (new_names_.size() > kept_names) {
    Undo(new_names_.back());
    new_names_.pop_back();
  }
  for (const auto& [name, synced_bytes] : synced_bytes_) {
    std::error_code error;
    const uintmax_t size = fs::file_size(name, error);
    if (error || size <= synced_bytes) {
      continue;
    }
    const uintmax_t kept = random() % (size - synced_bytes + 1);
    fs::resize_file(name, synced_bytes + kept);
    if (kept > 0 && random() % 4 == 0) {
      OverwriteEnd(name, 1 + random() % std::min<uintmax_t>(kept, 512), &random);
    }
  }
  synced_bytes_.clear();
  new_names_.clear();
}

}  // namespace itemized::testing
