// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a tracer does with its records and with what the server says of them: what is
// sent next, when, and under which sequence. It has no thread, clock or network of its
// own, so that a simulation can drive it as a Sender does.

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
  size_t unsent = 0;                     // How many are such, or could not be read.
};

// Reads the records of `parcel` from its segment, which takes a while, and packs them.
// `*problem` says what was lost, if anything; the rest is packed all the same.
itemized::v1::Batch PackParcel(Parcel* parcel, absl::Status* problem);

// Decides what of a spool is sent when and under which sequence, and what answers mean. It knows
// no thread, clock or socket. Not thread-safe.
class Delivery {
 public:
  using TimePoint = Spool::TimePoint;

  struct Options {
    std::string address;  // What sentences call the server.
    size_t window = 16;   // Batches on their way at once.
    std::chrono::nanoseconds batch_age_max;
  };

  Delivery(Options options, Backoff backoff, std::unique_ptr<Spool> spool);

  // Takes a record, or counts it as dropped. True: it may be time to do something.
  bool Append(RecordType type, absl::string_view payload);
  void CountDropped(absl::string_view why);
  // The first one of its kind is told.
  void CountCorrected(Correction correction);

  // All records so far are to be sent without delay. Returns their number, which
  // settled_through() reaches in the end.
  uint64_t RequestFlush();
  uint64_t settled_through() const { return spool_->settled_through(); }

  // Whether a batch, a cut, a removal or a warning is due; and until when nothing
  // will be unless another function is called.
  bool HasWork(TimePoint now) const;
  TimePoint NextWake(TimePoint now) const;
  void CutAndTrim(TimePoint now);

  // A stream is begun with the Hello of BeginStream. Welcome is the server's answer:
  // false if another stream is needed, since the sequence begins anew.
  bool CanSend(TimePoint now) const;
  bool is_streaming() const { return is_streaming_; }
  Producer BeginStream();
  bool Welcome(uint64_t last_sequence);
  // The stream is of no more use; what is not acknowledged will be sent over another.
  void EndStream(const absl::Status& status, TimePoint now);

  // The next batch, if there is one. Once it has been packed, Dispatch notes that it
  // goes out; false if the stream ended meanwhile.
  std::optional<Parcel> Next() const;
  bool Dispatch(Parcel parcel);
  // The oldest parcel, if it is that of `sequence`: the only one that may be
  // acknowledged. Until Settle or EndStream.
  Parcel* Awaited(uint64_t sequence);
  // The oldest parcel, if there still is one, is acknowledged.
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
  uint64_t next_batch_;         // It is sent next.
  std::deque<Parcel> parcels_;  // What this stream has sent.
  uint64_t flush_through_;      // Records below are sent without delay.
  bool is_streaming_ = false;
  bool streamed_before_ = false;
  bool fenced_before_ = false;
  bool renumbered_ = false;  // A new sequence began and nothing of it is acknowledged.
  bool dropping_ = false;    // The last record was dropped.
  bool refused_before_ = false;
  std::set<Correction::Of> corrected_before_;
  TimePoint retry_at_;  // Nothing is sent before.
  TimePoint trim_at_ = TimePoint::max();
  std::deque<std::string> warnings_;
  TracerStats stats_;
};

}  // namespace itemized::client
