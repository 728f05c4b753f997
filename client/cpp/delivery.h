// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a tracer does with its records, and with what the server says of them. Delivery has no
// thread, clock or network of its own, so that a simulation can drive it as a Sender does.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/ingest.pb.h"

#include "client/cpp/backoff.h"
#include "client/cpp/batch_packer.h"
#include "client/cpp/call.h"
#include "client/cpp/corrections.h"
#include "client/cpp/producer.h"
#include "client/cpp/spool/spool.h"
#include "client/cpp/tracer.h"

namespace itemized::client {

// A batch that the open stream is sending.
struct Parcel {
  uint64_t sequence = 0;
  SpooledBatch batch;
  std::vector<RefusedEvent> unsendable;  // Records that could not be put on the wire.
  size_t unsent = 0;                     // Records that could not be read or put on the wire.
};

// Reads the records of `parcel` from its segment, which takes a while, and packs them.
// `*problem` says what was lost, if anything; the rest is packed all the same.
itemized::v1::Batch PackParcel(Parcel* parcel, absl::Status* problem);

// Decides what of a spool is sent when and under which sequence, and what answers mean. Not
// thread-safe.
class Delivery {
 public:
  using TimePoint = Spool::TimePoint;

  struct Options {
    std::string address;  // What sentences call the server.
    size_t window = 16;   // So many batches may be on their way at once.
    std::chrono::nanoseconds batch_age_max;
  };

  Delivery(Options options, Backoff backoff, std::unique_ptr<Spool> spool);

  // Takes a record, or counts it as dropped. Returns true if it may be time to do something.
  bool Append(RecordType type, absl::string_view payload);
  void CountDropped(absl::string_view why);
  // Counts a correction, and warns of the first one of each kind.
  void CountCorrected(Correction correction);

  // Says that all records so far are to be sent without delay. Returns their number, which
  // settled_through() reaches in the end.
  uint64_t RequestFlush();
  uint64_t settled_through() const { return spool_->settled_through(); }

  // Whether a batch, a cut, a removal or a warning is due; and until when nothing
  // will be unless another function is called.
  bool HasWork(TimePoint now) const;
  TimePoint NextWake(TimePoint now) const;
  void CutAndTrim(TimePoint now);

  // A stream begins with the Hello that BeginStream returns. Welcome takes the server's answer, and
  // returns false if another stream is needed, since the sequence begins anew.
  bool CanSend(TimePoint now) const;
  bool is_streaming() const { return is_streaming_; }
  Producer BeginStream();
  bool Welcome(uint64_t last_sequence);
  // Says that the stream is of no more use. What is not acknowledged will be sent over another one.
  void EndStream(const absl::Status& status, TimePoint now);

  // Next returns the next batch, if there is one. Once it has been packed, Dispatch notes that it
  // goes out, or returns false if the stream ended meanwhile.
  std::optional<Parcel> Next() const;
  bool Dispatch(Parcel parcel);
  // Returns the oldest parcel, which is the only one that may be acknowledged; null if its sequence
  // is another one. It is valid until Settle or EndStream.
  Parcel* Awaited(uint64_t sequence);
  // Takes the acknowledgement of the oldest parcel, if there still is one.
  void Settle(const itemized::v1::BatchResult& result, TimePoint now);

  // Keeps a sentence for an operator until it is taken.
  void Warn(std::string sentence);
  void WarnOfRefused(const RefusedEvent& event);  // It warns once only.
  std::deque<std::string> TakeWarnings() { return std::exchange(warnings_, {}); }

  TracerStats Stats() const;
  const Spool& spool() const { return *spool_; }

 private:
  bool CanCut(TimePoint now) const;
  bool HasRoomInWindow() const;

  const Options options_;
  Backoff backoff_;
  const std::unique_ptr<Spool> spool_;
  uint64_t next_batch_;         // The batch that is sent next.
  std::deque<Parcel> parcels_;  // Batches that this stream has sent and that are not acknowledged.
  uint64_t flush_through_;      // Records with lower numbers are sent without delay.
  bool is_streaming_ = false;
  bool streamed_before_ = false;
  bool fenced_before_ = false;
  bool renumbered_ = false;  // A new sequence began and nothing of it is acknowledged.
  bool dropping_ = false;    // The last record was dropped.
  bool refused_before_ = false;
  std::set<Correction::Of> corrected_before_;
  TimePoint retry_at_;  // Nothing is sent before this instant.
  TimePoint trim_at_ = TimePoint::max();
  std::deque<std::string> warnings_;
  TracerStats stats_;
};

}  // namespace itemized::client
