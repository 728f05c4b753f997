// SPDX-License-Identifier: Apache-2.0
#pragma once

// The spool of a tracer: what it has recorded, in batches of one producer's sequence, until they
// are acknowledged and for a while after that, should the server lose them. It is in a directory,
// where it outlives the process (FORMAT.md), or in memory. This folder uses the values of
// client/cpp/call.h and storage/base; it knows no server and no message.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "client/cpp/producer.h"
#include "client/cpp/spool/segment.h"
#include "client/cpp/spool/spool_lock.h"

namespace itemized::client {

struct SpoolOptions {
  std::string directory = {};  // If it is empty, the spool is in memory.

  // Records that would exceed one of these are refused.
  size_t records_max = SIZE_MAX;           // So many may be unsettled.
  uint64_t record_bytes_max = UINT64_MAX;  // Unsettled ones may have so many bytes.
  uint64_t bytes_max = UINT64_MAX;         // All segments may have so many bytes.

  // A batch that has as many records, or as many bytes of them, is complete.
  size_t batch_records = 1000;
  size_t batch_bytes = size_t{2} << 20;

  // Segments whose batches are all acknowledged are kept this long, up to so many bytes.
  absl::Duration retain_age = absl::Minutes(10);
  uint64_t retain_bytes = uint64_t{64} << 20;

  size_t segment_bytes = size_t{8} << 20;

  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

// A batch as it lies in its segment, where it may be read while the spool goes on.
struct SpooledBatch {
  std::shared_ptr<Segment> segment = nullptr;  // Null if its records were lost to damage.
  size_t begin = 0;
  size_t end = 0;  // Where the mark ends that ends the batch.
  size_t records = 0;
  uint64_t bytes = 0;         // How many bytes the records have.
  uint64_t first_record = 0;  // Records are numbered from 0 since the spool was opened.
};

inline constexpr char kSegmentSuffix[] = ".spool";

// Returns the name of the file of segment `number`: at least ten digits, and the suffix.
std::string SegmentName(uint64_t number);

// The batches of one tracer. Batches are numbered from 1 over the life of the spool; batch n goes
// out as sequence n - base of the producer's epoch.
class Spool {
 public:
  // Makes a spool in memory.
  explicit Spool(SpoolOptions options);
  // Takes the directory, which is created if it is missing, and goes on where its last user ended.
  // Appends a sentence to `*notes` for each thing that an operator should read. FAILED_PRECONDITION
  // if another process uses the directory or another version wrote it; UNAVAILABLE, which names the
  // file, if one cannot be used.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(SpoolOptions options,
                                                     std::vector<std::string>* notes);

  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Takes a record. Returns true if it is the first or the last one of a batch. RESOURCE_EXHAUSTED
  // if a limit is reached; UNAVAILABLE if the disk is full or fails.
  absl::StatusOr<bool> Append(RecordType type, absl::string_view payload);

  // Completes the open batch if it has records.
  void Cut();
  using TimePoint = std::chrono::steady_clock::time_point;
  // The instant at which the oldest record of the open batch came.
  std::optional<TimePoint> open_since() const { return open_since_; }
  uint64_t open_first_record() const { return next_record_ - open_.records; }

  uint64_t newest() const { return first_ + batches_.size() - 1; }  // The newest complete batch.
  uint64_t acknowledged() const { return acknowledged_; }           // The newest one acknowledged.
  const SpooledBatch& batch(uint64_t number) const { return batches_[number - first_]; }
  uint64_t SequenceOf(uint64_t number) const { return number - base_; }

  uint64_t next_record() const { return next_record_; }            // How many were ever taken.
  size_t unsettled_records() const { return unsettled_records_; }  // They were never acknowledged.
  // Records with lower numbers have been acknowledged, and are not to be sent again.
  uint64_t settled_through() const;

  // Says that the next batch is on the server's disk. Returns false if it had been before.
  bool Acknowledge();
  // Removes what need not be kept any longer. Returns when there may be more to remove.
  TimePoint Trim(TimePoint now);

  // Returns how the spool's producer names itself; its acknowledged sequence is that of
  // acknowledged().
  Producer producer() const;

  // Takes note that the server holds batches up to `last_sequence`. If it has acknowledged more, it
  // has lost them: those still here are to be sent again, under another epoch if there is a gap. If
  // it holds batches that this spool has not made, all is to be sent again under another epoch.
  struct Gap {
    uint64_t lost = 0;      // Batches that it had acknowledged.
    uint64_t replayed = 0;  // So many of them are still here and go out again.
    bool ahead = false;     // It holds batches that this spool has not made.
  };
  Gap Reconcile(uint64_t last_sequence);
  // These begin a new sequence with what is not acknowledged, under `id` or the next epoch.
  void BeginAnew(std::string id);
  void BeginEpoch();

  // Returns the newest segments, which are not synced yet.
  std::vector<std::shared_ptr<Segment>> Unsynced() const;
  // Returns the first error since the last call that cost no record: a file could not be written,
  // shortened or removed.
  absl::Status TakeError() { return std::exchange(error_, absl::OkStatus()); }

 private:
  struct Kept {
    std::shared_ptr<Segment> segment;
    uint64_t last_batch = 0;  // It is known once another segment follows.
    std::optional<TimePoint> settled_at = std::nullopt;  // When all its batches were acknowledged.
  };
  friend class SpoolRecovery;

  absl::Status CheckLimits(size_t payload_size) const;
  absl::Status Rotate(size_t payload_size);
  absl::StatusOr<std::shared_ptr<Segment>> CreateNext(size_t bytes) const;
  bool RemoveFront();
  std::string PathOf(uint64_t segment_number) const;
  void Note(absl::Status status);
  void Restart(std::string id, uint64_t epoch);
  uint64_t TotalBytes() const;

  const SpoolOptions options_;
  SpoolLock lock_;
  std::deque<Kept> segments_;  // The last one is appended to.
  uint64_t next_segment_ = 1;

  std::string id_;
  uint64_t epoch_ = 1;
  uint64_t base_ = 0;

  std::deque<SpooledBatch> batches_;
  uint64_t first_ = 1;         // The number of the first of batches_.
  uint64_t acknowledged_ = 0;  // Batches up to this one need not be sent.
  uint64_t settled_ = 0;       // Batches up to this one have been acknowledged once.
  SpooledBatch open_;
  std::optional<TimePoint> open_since_;

  uint64_t next_record_ = 0;
  size_t unsettled_records_ = 0;
  uint64_t unsettled_bytes_ = 0;
  TimePoint rotate_again_at_;
  absl::Status error_;
};

}  // namespace itemized::client
