// SPDX-License-Identifier: Apache-2.0
#pragma once

// EventsReport makes the answer to a body of events.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "itemized/v1/ingest.pb.h"

#include "server/api/memory_budget.h"
#include "server/http/router.h"
#include "storage/base/mutex.h"

namespace itemized::server {

// An answer tells of the first refused events of the body, up to this many; others are counted.
inline constexpr size_t kRefusalsTold = 100;

// Says where in its body an event is.
struct EventPlace {
  uint64_t line = 0;              // Lines are counted from 1.
  std::optional<uint64_t> index;  // Places in an array are counted from 0.
};

// Collects what became of the events of one body, which goes to the queue in batches. Answers
// when the last batch is settled and the body is read. Thread-safe.
class EventsReport {
 public:
  // `memory` is given back when the body is answered.
  EventsReport(Respond respond, MemoryBudget::Charge memory);

  void Refuse(EventPlace place, itemized::v1::RefusalCode code, std::string message);
  // Both are called once for each batch: before it is submitted, and when it is settled.
  void Expect();
  void Settle(const std::vector<EventPlace>& places,
              const absl::StatusOr<itemized::v1::BatchResult>& result);
  // Says that all batches are submitted.
  void FinishReading();

 private:
  struct Told {
    EventPlace place;
    itemized::v1::RefusalCode code = itemized::v1::REFUSAL_CODE_UNSPECIFIED;
    std::string message;
  };

  void Tell(EventPlace place, itemized::v1::RefusalCode code, std::string message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Add(const std::vector<EventPlace>& places, const itemized::v1::BatchResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  HttpResponse Answer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndOne();

  const Respond respond_;
  Mutex mutex_;
  MemoryBudget::Charge memory_ ABSL_GUARDED_BY(mutex_);
  size_t open_ ABSL_GUARDED_BY(mutex_) = 1;  // Batches under way count, and so does reading.
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  int64_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t duplicate_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t conflict_ ABSL_GUARDED_BY(mutex_) = 0;
  // The key is the index or, without one, the line, so that the order is that of the body.
  std::multimap<uint64_t, Told> told_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized::server
