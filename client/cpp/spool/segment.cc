// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/segment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "xxhash.h"
#include <sys/mman.h>
#include <sys/stat.h>

#include "client/cpp/spool/files.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized::client {

namespace {

constexpr absl::string_view kMagic("itmspool", 8);
constexpr uint64_t kVersion = 1;
constexpr size_t kIdBytes = 16;

// The prefix of a payload has its size and one for the type, or 0 where no record is; a
// checksum of size, type and payload; the type.
constexpr size_t kSizeBytes = 4;
constexpr size_t kPrefixBytes = 9;
constexpr size_t kAlignment = 8;  // Records begin so, and their sizes are written as a whole.

constexpr uint64_t kBatchMax = uint64_t{1} << 62;  // A header with more is made up.

// The first page of a segment that a power cut left without its content.
constexpr size_t kPageBytes = 4096;

uint32_t Checksum(uint32_t size, const char* type_and_payload) {
  return static_cast<uint32_t>(XXH3_64bits_withSeed(type_and_payload, size, size));
}

uint32_t Load32(const char* from) {
  uint32_t value = 0;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

std::string EncodeHeader(const SegmentHeader& header) {
  CHECK(header.producer_id.size() == kIdBytes);
  std::string out;
  AppendVarint(&out, kVersion);
  AppendVarint(&out, header.number);
  out += header.producer_id;
  for (const uint64_t value :
       {header.epoch, header.base, header.first_batch, header.acknowledged}) {
    AppendVarint(&out, value);
  }
  return out;
}

bool DecodeHeader(absl::string_view in, SegmentHeader* header) {
  if (!ReadVarint(&in, &header->number) || in.size() < kIdBytes) {
    return false;
  }
  header->producer_id = std::string(in.substr(0, kIdBytes));
  in.remove_prefix(kIdBytes);
  return ReadVarint(&in, &header->epoch) && ReadVarint(&in, &header->base) &&
         ReadVarint(&in, &header->first_batch) && ReadVarint(&in, &header->acknowledged) &&
         header->first_batch > 0 && header->first_batch <= kBatchMax &&
         header->base < header->first_batch && header->acknowledged < header->first_batch &&
         in.empty();
}

absl::Status NotASegment(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("The file ", path, " is no file of this spool (", why,
                   ") and is left alone; keep other files out of this directory."));
}

// Opens a file that may be a segment. INVALID_ARGUMENT for anything else, which is neither read nor
// waited for.
absl::StatusOr<int> OpenRegular(const std::string& path, struct stat* info) {
  const int fd = open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    switch (errno) {
      case ELOOP:
        return NotASegment(path, "a symbolic link");
      case EISDIR:
        return NotASegment(path, "a directory");
      case ENXIO:
      case ENODEV:
        return NotASegment(path, "a socket or device");
      default:
        return ErrnoStatus("open", path);
    }
  }
  absl::Status status;
  if (fstat(fd, info) != 0) {
    status = ErrnoStatus("look at", path);
  } else if (!S_ISREG(info->st_mode)) {
    status = NotASegment(path, "a pipe or device");
  } else if (info->st_size > static_cast<off_t>(Segment::kFileBytesMax)) {
    status = NotASegment(path, absl::StrCat("larger than ", Segment::kFileBytesMax, " bytes"));
  }
  if (!status.ok()) {
    close(fd);
    return status;
  }
  return fd;
}

}  // namespace

size_t Segment::BytesOf(size_t payload_size) {
  return (kPrefixBytes + payload_size + kAlignment - 1) / kAlignment * kAlignment;
}

absl::Status Segment::Errno(const char* what) const {
  return ErrnoStatus(what, path_);
}

absl::StatusOr<std::shared_ptr<Segment>> Segment::Create(const std::string& path,
                                                         const SegmentHeader& header,
                                                         size_t bytes) {
  int fd = -1;
  if (!path.empty()) {
    fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
      return errno == EEXIST
                 ? absl::AlreadyExistsError(absl::StrCat("The file ", path, " exists already."))
                 : ErrnoStatus("create", path);
    }
    // Writing to a mapped page for which the disk has no room would end the process.
    if (const int error = posix_fallocate(fd, 0, static_cast<off_t>(bytes)); error != 0) {
      close(fd);
      unlink(path.c_str());
      errno = error;
      return ErrnoStatus("make room for", path);
    }
  }
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    const absl::Status status = ErrnoStatus("map", path);
    if (fd >= 0) {
      close(fd);
      unlink(path.c_str());
    }
    return status;
  }
  std::shared_ptr<Segment> segment(new Segment(path, fd, static_cast<char*>(data), bytes));
  std::memcpy(segment->data_, kMagic.data(), kMagic.size());
  segment->size_ = kMagic.size();
  segment->header_ = header;
  segment->Append(RecordType::kHeader, EncodeHeader(header));
  segment->first_record_ = segment->size();
  return segment;
}

absl::StatusOr<std::shared_ptr<Segment>> Segment::Open(const std::string& path, uint64_t number) {
  struct stat info {};
  ASSIGN_OR_RETURN(const int fd, OpenRegular(path, &info));
  const auto bytes = static_cast<size_t>(info.st_size);
  if (bytes == 0) {
    close(fd);
    return absl::DataLossError(absl::StrCat("The file ", path, " is empty."));
  }
  void* data = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    const absl::Status status = ErrnoStatus("map", path);
    close(fd);
    return status;
  }
  std::shared_ptr<Segment> segment(new Segment(path, fd, static_cast<char*>(data), bytes));
  segment->size_ = bytes;
  RETURN_IF_ERROR(segment->ReadHeader());
  if (segment->header_.number != number) {
    return NotASegment(path, absl::StrCat("a copy of segment ", segment->header_.number));
  }
  return segment;
}

// Whether a header that cannot be read looks like one of ours that was damaged.
bool Segment::WasBegun() const {
  const size_t magic_bytes = std::min(size(), kMagic.size());
  return absl::string_view(data_, magic_bytes) == kMagic.substr(0, magic_bytes) ||
         At(kMagic.size()).has_value() ||
         std::all_of(data_, data_ + std::min(size(), kPageBytes),
                     [](char byte) { return byte == 0; });
}

absl::Status Segment::ReadHeader() {
  if (!WasBegun()) {
    return NotASegment(path_, "it does not begin as one");
  }
  const std::optional<Record> record = At(kMagic.size());
  if (!record.has_value() || record->type != RecordType::kHeader ||
      absl::string_view(data_, kMagic.size()) != kMagic) {
    return absl::DataLossError(absl::StrCat("The header of ", path_, " cannot be read."));
  }
  absl::string_view payload = record->payload;
  uint64_t version = 0;
  if (!ReadVarint(&payload, &version) || version != kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("The file ", path_, " was written by another version (format ", version,
                     "); let that one deliver what is in it, or move it away."));
  }
  if (!DecodeHeader(payload, &header_)) {
    return absl::DataLossError(absl::StrCat("The header of ", path_, " cannot be read."));
  }
  first_record_ = record->end;
  return absl::OkStatus();
}

Segment::~Segment() {
  munmap(data_, capacity_);
  if (fd_ >= 0) {
    close(fd_);
  }
}

void Segment::Append(RecordType type, absl::string_view payload) {
  const size_t offset = size_.load(std::memory_order_relaxed);
  CHECK(HasRoom(payload.size()) && payload.size() <= kPayloadBytesMax);
  char* const at = data_ + offset;
  const auto size = static_cast<uint32_t>(payload.size() + 1);
  at[kPrefixBytes - 1] = static_cast<char>(type);
  std::memcpy(at + kPrefixBytes, payload.data(), payload.size());
  const uint32_t checksum = Checksum(size, at + kPrefixBytes - 1);
  std::memcpy(at + kSizeBytes, &checksum, sizeof(checksum));
  // The checksum is written last, so that a process killed in between leaves no record rather than
  // half of one.
  std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(at))
      .store(size, std::memory_order_release);
  size_.store(offset + BytesOf(payload.size()), std::memory_order_release);
}

std::optional<Segment::Record> Segment::At(size_t offset) const {
  const size_t end = size();
  if (offset + kPrefixBytes > end) {
    return std::nullopt;
  }
  const char* const at = data_ + offset;
  const uint32_t size = Load32(at);
  if (size == 0 || size - 1 > std::min(end - offset - kPrefixBytes, kPayloadBytesMax) ||
      Load32(at + kSizeBytes) != Checksum(size, at + kPrefixBytes - 1)) {
    return std::nullopt;
  }
  const size_t payload_size = size - 1;
  return Record{.type = static_cast<RecordType>(at[kPrefixBytes - 1]),
                .payload = absl::string_view(at + kPrefixBytes, payload_size),
                .end = std::min(end, offset + BytesOf(payload_size))};
}

bool Segment::HasRecordsBeyond(size_t offset) const {
  for (size_t next = offset + kAlignment; next < size(); next += kAlignment) {
    if (At(next).has_value()) {
      return true;
    }
  }
  return false;
}

bool Segment::IsBlankFrom(size_t offset) const {
  return std::all_of(data_ + std::min(offset, size()), data_ + size(),
                     [](char byte) { return byte == 0; });
}

absl::Status Segment::SyncThrough(size_t size) {
  if (fd_ < 0 || synced_.load() >= size) {
    return absl::OkStatus();
  }
  const size_t reached = this->size();
  const bool is_new = synced_.load() == 0;
  if (msync(data_, capacity_, MS_SYNC) != 0) {
    return Errno("sync");
  }
  if (is_new) {
    RETURN_IF_ERROR(SyncDirectory(path_.substr(0, path_.rfind('/'))));
  }
  for (size_t before = synced_.load(); before < reached;) {
    if (synced_.compare_exchange_weak(before, reached)) {
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status Segment::Truncate(size_t size) {
  CHECK(size <= this->size());
  size_.store(size);
  return fd_ < 0 || ftruncate(fd_, static_cast<off_t>(size)) == 0 ? absl::OkStatus()
                                                                  : Errno("truncate");
}

absl::Status Segment::Remove() const {
  return fd_ < 0 || unlink(path_.c_str()) == 0 ? absl::OkStatus() : Errno("remove");
}

absl::Status Segment::SetAside(size_t keep, const std::string& aside) {
  const std::string copy = FreeName(path_ + ".copy");
  const int fd = open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return ErrnoStatus("create", copy);
  }
  size_t written = 0;
  while (written < keep) {
    const ssize_t wrote = write(fd, data_ + written, keep - written);
    if (wrote < 0 && errno != EINTR) {
      break;
    }
    written += static_cast<size_t>(std::max<ssize_t>(wrote, 0));
  }
  const bool copied = written == keep && fsync(fd) == 0;
  const absl::Status status = copied ? absl::OkStatus() : ErrnoStatus("write", copy);
  close(fd);
  RETURN_IF_ERROR(status);
  if (rename(path_.c_str(), aside.c_str()) != 0 || rename(copy.c_str(), path_.c_str()) != 0) {
    return Errno("rename");
  }
  size_.store(keep);
  synced_.store(keep);
  return SyncDirectory(path_.substr(0, path_.rfind('/')));
}

}  // namespace itemized::client
