// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a sender hands to the database: calls as columns, and completions.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/model/call.h"
#include "storage/model/usage.h"

namespace itemized {

// Calls as parallel arrays over memory that `owner` keeps alive. Row i is made
// of element i of each array; an empty array stands for zeros. Names are
// indices into `strings`. Nothing is validated yet: Database refuses rows with
// bad values, and all rows if lengths disagree.
struct CallColumns {
  std::vector<absl::string_view> strings;
  int64_t base_time_us = 0;
  absl::Span<const int64_t> time_offset_us;  // Its size is the number of rows.
  absl::string_view event_id_data;
  absl::Span<const uint32_t> event_id_sizes;
  absl::Span<const uint32_t> workflow, workflow_id, step, provider, model;
  std::array<absl::Span<const int64_t>, kUsageClassCount> usage;
  absl::Span<const bool> usage_missing;
  absl::Span<const bool> usage_unknown;  // See Call; where usage is not missing it says nothing.
  absl::Span<const absl::string_view> reported_usage;  // See Call.
  absl::Span<const int64_t> reported_cost;  // Pico-dollars plus one; 0 where none was reported.
  absl::Span<const int64_t> duration_us;
  absl::Span<const int32_t> status;  // Numbers of CallStatus.
  absl::Span<const uint32_t> revision;
  absl::Span<const uint32_t> attribute_counts, attribute_keys, attribute_values;
  std::shared_ptr<const void> owner;

  size_t size() const { return time_offset_us.size(); }
};

struct EventBatch {
  CallColumns calls;
  std::vector<Completion> completions;

  size_t size() const { return calls.size() + completions.size(); }
};

// Builds columns from single calls. Not thread-safe.
class CallColumnsBuilder {
 public:
  CallColumnsBuilder();
  ~CallColumnsBuilder();
  CallColumnsBuilder(CallColumnsBuilder&&) noexcept;
  CallColumnsBuilder& operator=(CallColumnsBuilder&&) noexcept;

  void Add(const Call& call);
  size_t size() const;

  // Returns the columns of all calls added. The builder is then spent.
  CallColumns Finish() &&;

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

// Makes a batch of a few calls, for callers that have rows.
EventBatch MakeBatch(absl::Span<const Call> calls, std::vector<Completion> completions = {});

// Why an event was not stored; the numbers are those of itemized.v1.RefusalCode.
enum class RefusalCode : uint8_t {
  kMissingField = 1,
  kNameTooLong = 2,
  kInvalidUtf8 = 3,
  kTokensOutOfRange = 4,
  kTimeOutOfRange = 5,
  kDurationOutOfRange = 6,
  kCostOutOfRange = 7,
  kTotalOverflow = 8,
  kInvalidEnum = 9,
  kTooManyAttributes = 10,
  kMalformed = 11,
  kBatchTooLarge = 12,
  kConflict = 13,
  kTooOld = 14,
};

struct Refusal {
  uint32_t index = 0;  // The row of a call, or calls.size() + the place of a completion.
  RefusalCode code = RefusalCode::kMalformed;
  std::string message;  // A sentence that says what to mend.
};

// What became of a batch: accepted + duplicate + refused() = its events.
struct BatchResult {
  int64_t accepted = 0;
  int64_t duplicate = 0;
  // The refusals by rising index: the first kRefusalsToldMax of the calls, and as many of the
  // completions. So a batch of nothing but bad events is not answered with more than was sent.
  std::vector<Refusal> refusals;
  int64_t refusals_omitted = 0;   // Refused events that `refusals` leaves out.
  int64_t conflicts_omitted = 0;  // How many of those left out are conflicts.

  int64_t refused() const { return static_cast<int64_t>(refusals.size()) + refusals_omitted; }
};

// Counts the refusal of an event of a batch that has `calls` calls, and keeps it if it is one
// of the first.
void AddRefusal(Refusal refusal, size_t calls, BatchResult* result);

}  // namespace itemized
