// SPDX-License-Identifier: Apache-2.0
#include "storage/kv/acknowledged_mark.h"

#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/bytes.h"

namespace itemized {
namespace {

constexpr char kFileName[] = "/acknowledged";

std::string Encode(uint64_t sequence) {
  std::string bytes;
  AppendBigEndian64(&bytes, sequence);
  AppendBigEndian64(&bytes, XXH3_64bits(bytes.data(), bytes.size()));
  return bytes;
}

}  // namespace

bool AcknowledgedMark::Exists(rocksdb::FileSystem* files, const std::string& directory) {
  return !files->FileExists(directory + kFileName, rocksdb::IOOptions(), nullptr).IsNotFound();
}

rocksdb::IOStatus AcknowledgedMark::Create(rocksdb::FileSystem* files, const std::string& directory,
                                           uint64_t sequence) {
  rocksdb::IOStatus status = rocksdb::WriteStringToFile(
      files, Encode(sequence), directory + kFileName, /*should_sync=*/true);
  if (!status.ok()) {
    return status;
  }
  std::unique_ptr<rocksdb::FSDirectory> names;
  status = files->NewDirectory(directory, rocksdb::IOOptions(), &names, nullptr);
  return status.ok() ? names->Fsync(rocksdb::IOOptions(), nullptr) : status;
}

std::optional<uint64_t> AcknowledgedMark::Read(rocksdb::FileSystem* files,
                                               const std::string& directory) {
  std::string bytes;
  if (!rocksdb::ReadFileToString(files, directory + kFileName, &bytes).ok()) {
    return std::nullopt;
  }
  absl::string_view rest = bytes;
  uint64_t sequence = 0;
  if (!ReadBigEndian64(&rest, &sequence) || bytes != Encode(sequence)) {
    return std::nullopt;
  }
  return sequence;
}

rocksdb::IOStatus AcknowledgedMark::Open(rocksdb::FileSystem* files, const std::string& directory,
                                         uint64_t sequence,
                                         std::unique_ptr<AcknowledgedMark>* mark) {
  rocksdb::IOStatus status;
  if (!Read(files, directory).has_value()) {
    status = Create(files, directory, sequence);
  }
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  if (status.ok()) {
    status = files->NewRandomRWFile(directory + kFileName, rocksdb::FileOptions(), &file, nullptr);
  }
  if (status.ok()) {
    mark->reset(new AcknowledgedMark(std::move(file)));
  }
  return status;
}

void AcknowledgedMark::RaiseTo(uint64_t sequence) {
  // If it fails, an older number stands, which is true too.
  file_->Write(0, Encode(sequence), rocksdb::IOOptions(), nullptr).PermitUncheckedError();
}

}  // namespace itemized
