// SPDX-License-Identifier: Apache-2.0
#pragma once

// A segment is one file of a spool, or a piece of memory laid out like one: a header, then records
// (FORMAT.md). The file is mapped into memory, so that a record is safe from a crash of the process
// as soon as it is copied, without a system call.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "client/cpp/producer.h"

namespace itemized::client {

// PERSISTED: never change or reuse a number.
enum class RecordType : uint8_t {
  kHeader = 1,
  kCall = 2,
  kCompletion = 3,
  kCut = 4,           // Ends a batch, whose number it has.
  kAcknowledged = 5,  // Has the number of the newest batch acknowledged.
};

// The state of the spool when the segment was begun. Batches are numbered from 1
// over the life of the spool.
struct SegmentHeader {
  uint64_t number = 1;  // The name of the file has it, too.
  std::string producer_id;
  uint64_t epoch = 1;
  uint64_t base = 0;          // Batch n goes out as sequence n - base.
  uint64_t first_batch = 1;   // The first batch that ends here.
  uint64_t acknowledged = 0;  // The newest batch acknowledged; 0 if none is.
};

// One thread at a time may append, while any number of them read what was appended before, and
// sync.
class Segment {
 public:
  // Makes a new segment with room for `bytes`; in memory if `path` is empty. ALREADY_EXISTS if
  // anything has that name; UNAVAILABLE, which names the file, if it cannot be made; what is begun
  // of it is then removed.
  static absl::StatusOr<std::shared_ptr<Segment>> Create(const std::string& path,
                                                         const SegmentHeader& header, size_t bytes);
  // Opens segment `number`, to be read only. It never follows a link or waits. INVALID_ARGUMENT if
  // there is something else under that name, which is not touched; DATA_LOSS if the header cannot
  // be read; FAILED_PRECONDITION if another version wrote it; UNAVAILABLE if the file cannot be
  // opened.
  static absl::StatusOr<std::shared_ptr<Segment>> Open(const std::string& path, uint64_t number);
  ~Segment();

  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  static constexpr size_t kPayloadBytesMax = size_t{1} << 20;
  static constexpr size_t kFileBytesMax = size_t{64} << 20;  // Larger files are not opened.
  // Returns the room that a record takes.
  static size_t BytesOf(size_t payload_size);
  static constexpr size_t kHeaderBytesMax = 128;  // The first record begins no later.

  bool HasRoom(size_t payload_size) const {
    return size_.load(std::memory_order_relaxed) + BytesOf(payload_size) <= capacity_;
  }
  // Appends a record, for which there must be room.
  void Append(RecordType type, absl::string_view payload);

  struct Record {
    RecordType type;
    absl::string_view payload;
    size_t end;  // Where the next record begins.
  };
  // Returns the record at `offset`; absent if there is none, or a damaged one.
  std::optional<Record> At(size_t offset) const;
  // Whether any record can be read beyond `offset`.
  bool HasRecordsBeyond(size_t offset) const;
  // Whether only zeros follow `offset`.
  bool IsBlankFrom(size_t offset) const;

  const SegmentHeader& header() const { return header_; }
  const std::string& path() const { return path_; }
  size_t first_record() const { return first_record_; }
  size_t size() const { return size_.load(std::memory_order_acquire); }  // How many bytes are used.
  size_t capacity() const { return capacity_; }

  // Makes durable what was appended so far up to `size`, if it is not yet; does nothing in memory.
  // UNAVAILABLE, which names the file, if it cannot be written.
  absl::Status SyncThrough(size_t size);
  bool is_synced() const { return synced_.load() >= size(); }

  // Gives the unused part of the file back, since no more will be appended.
  absl::Status Seal() { return Truncate(size()); }
  // Cuts off what is beyond `size`.
  absl::Status Truncate(size_t size);
  absl::Status Remove() const;
  // Leaves a copy of the first `keep` bytes in place of the file, which gets the name `aside`.
  absl::Status SetAside(size_t keep, const std::string& aside);

 private:
  Segment(std::string path, int fd, char* data, size_t capacity)
      : path_(std::move(path)), fd_(fd), data_(data), capacity_(capacity) {}
  bool WasBegun() const;
  absl::Status ReadHeader();
  absl::Status Errno(const char* what) const;

  const std::string path_;
  const int fd_;  // -1 if the segment is in memory.
  char* const data_;
  size_t capacity_;
  SegmentHeader header_;
  size_t first_record_ = 0;
  std::atomic<size_t> size_{0};
  std::atomic<size_t> synced_{0};
};

}  // namespace itemized::client
