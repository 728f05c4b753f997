// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ledger knows what became of each line of an import.

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "itemized/v1/ingest.pb.h"
#include "proto/text/ndjson.h"

#include "storage/base/mutex.h"

namespace itemized::cli {

namespace pb = itemized::v1;

// A line of an import. Places are ordered as they are read.
struct Place {
  size_t file = 0;    // An index into the files of the command.
  uint64_t line = 0;  // The first is 1.

  auto operator<=>(const Place&) const = default;
};

// A batch of an import.
struct BatchPlace {
  size_t file = 0;
  uint64_t sequence = 0;  // The first of a file is 1.

  auto operator<=>(const BatchPlace&) const = default;
};

struct ImportTotals {
  int64_t accepted = 0;
  int64_t duplicate = 0;
  int64_t refused = 0;         // We or the server refused them.
  int64_t unacknowledged = 0;  // They were sent, and nothing was heard of them since.

  int64_t Known() const { return accepted + duplicate + refused; }
};

// Thread-safe.
class ImportLedger {
 public:
  // Keeps the reasons of the first `refusals_max` refused lines.
  explicit ImportLedger(size_t refusals_max) : refusals_max_(refusals_max) {}

  // Notes a line that is not sent at all. It counts once, though a file may be read again.
  void Refuse(Place place, text::LineRefusal refusal);

  // Notes a batch that is about to be sent; `places` are those of its events.
  void Send(BatchPlace batch, std::vector<Place> places);

  // Notes the server's answer to a batch.
  void Acknowledge(BatchPlace batch, const pb::BatchResult& result);

  // Notes that no answer will come to what is under way, which is sent again.
  void Abandon();

  // Returns the newest batch of `file` that was answered; 0 if none was.
  uint64_t acknowledged(size_t file) const;

  ImportTotals totals() const;

  // Returns all refusals that are kept, in the order of their places.
  std::vector<std::pair<Place, text::LineRefusal>> Refusals() const;

 private:
  void Keep(Place place, text::LineRefusal refusal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t refusals_max_;
  mutable Mutex mutex_;
  ImportTotals totals_ ABSL_GUARDED_BY(mutex_);
  std::map<BatchPlace, std::vector<Place>> in_flight_ ABSL_GUARDED_BY(mutex_);
  std::map<size_t, uint64_t> acknowledged_ ABSL_GUARDED_BY(mutex_);  // The key is a file.
  Place last_refused_ ABSL_GUARDED_BY(mutex_);                       // We refused it.
  std::map<Place, text::LineRefusal> refusals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized::cli
