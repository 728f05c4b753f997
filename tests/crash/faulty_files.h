// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of a FaultyFileSystem: each operation is counted there, and fails if that
// is its fate.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <rocksdb/file_system.h>

#include "tests/crash/faulty_file_system.h"

#define RETURN_IF_FAULT(expression)               \
  do {                                            \
    const rocksdb::IOStatus fault = (expression); \
    if (!fault.ok()) {                            \
      return fault;                               \
    }                                             \
  } while (false)

namespace itemized::testing {

class FaultyWritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyWritableFile(FaultyFileSystem* files, std::string name,
                     std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), files_(*files), name_(std::move(name)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus fault = files_.Count(FileOperation::kWrite);
    if (fault.ok()) {
      return target()->Append(data, options, debug);
    }
    if (!files_.is_dead()) {  // A write that fails may have written something.
      target()
          ->Append(rocksdb::Slice(data.data(), data.size() / 2), options, debug)
          .PermitUncheckedError();
    }
    return fault;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& /*verification*/,
                           rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  rocksdb::IOStatus Truncate(uint64_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
    RETURN_IF_FAULT(files_.Count(FileOperation::kWrite));
    return target()->Truncate(size, options, debug);
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus fault = files_.Count(FileOperation::kWrite);
    const rocksdb::IOStatus closed = target()->Close(options, debug);
    return fault.ok() ? closed : fault;
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    RETURN_IF_FAULT(files_.Count(FileOperation::kSync));
    RETURN_IF_FAULT(target()->Flush(options, debug));
    files_.MarkSynced(name_);
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return Sync(options, debug);
  }
  // Promises nothing.
  rocksdb::IOStatus RangeSync(uint64_t /*offset*/, uint64_t /*bytes*/,
                              const rocksdb::IOOptions& /*options*/,
                              rocksdb::IODebugContext* /*debug*/) override {
    return rocksdb::IOStatus::OK();
  }

 private:
  FaultyFileSystem& files_;
  const std::string name_;
};

class FaultySequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  FaultySequentialFile(FaultyFileSystem* files, std::unique_ptr<rocksdb::FSSequentialFile> file)
      : FSSequentialFileOwnerWrapper(std::move(file)), files_(*files) {}

  rocksdb::IOStatus Read(size_t bytes, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                         char* scratch, rocksdb::IODebugContext* debug) override {
    RETURN_IF_FAULT(files_.Count(FileOperation::kRead));
    return target()->Read(bytes, options, result, scratch, debug);
  }

 private:
  FaultyFileSystem& files_;
};

class FaultyRandomAccessFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  FaultyRandomAccessFile(FaultyFileSystem* files, std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), files_(*files) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t bytes, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override {
    RETURN_IF_FAULT(files_.Count(FileOperation::kRead));
    return target()->Read(offset, bytes, options, result, scratch, debug);
  }

 private:
  FaultyFileSystem& files_;
};

class FaultyDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  FaultyDirectory(FaultyFileSystem* files, std::unique_ptr<rocksdb::FSDirectory> target)
      : FSDirectoryWrapper(std::move(target)), files_(*files) {}

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& /*options*/,
                          rocksdb::IODebugContext* /*debug*/) override {
    RETURN_IF_FAULT(files_.Count(FileOperation::kSync));
    files_.MarkDirectorySynced();
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                        rocksdb::IODebugContext* debug,
                                        const rocksdb::DirFsyncOptions& /*directory*/) override {
    return Fsync(options, debug);
  }

 private:
  FaultyFileSystem& files_;
};

}  // namespace itemized::testing
