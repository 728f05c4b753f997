// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/block: blocks of calls in columns, their bytes, and where they lie by hour.
// May use base, model, kv and catalog.

// A block is the part of one commit whose events lie in one hour. It is written and read as a
// whole. Its calls are columns, so that folding and scanning touch little memory.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/base/time.h"
#include "storage/block/string_column.h"
#include "storage/catalog/catalog.h"
#include "storage/model/call.h"
#include "storage/model/served_as.h"
#include "storage/model/usage.h"

namespace itemized {

// The number of a block, which is its position in the log. Numbers begin at 1 and are never reused.
using BlockSequence = uint64_t;

struct BlockRef {
  Hour hour{};
  BlockSequence sequence = 0;

  bool operator==(const BlockRef&) const = default;
};

// PERSISTED: never change or reuse a bit.
enum CallFlag : uint8_t {
  kFlagUnpriced = 1,      // No rate covered the call, or it had no usage.
  kFlagUsageMissing = 2,  // No usage was reported. Without kFlagUnpriced: it failed, and is free.
  kFlagOutlier = 4,       // It cost more than its threshold when it was judged; it has a receipt.
  kFlagLearning = 8,      // That threshold was the default one, so it is no outlier yet.
  kFlagJudgedWhenPriced = 16,  // It was judged when a rate that came later first priced it.
  kFlagUsageUnknown = 32,      // Usage was reported, but could not be counted; it is missing.
  kFlagCostReported = 64,      // Its cost is what the provider reported; no rate made it.
};

// The flags that say how a call compared with its threshold. A call without a price has none.
inline constexpr uint8_t kVerdictFlags = kFlagOutlier | kFlagLearning | kFlagJudgedWhenPriced;

// Whether a call has a cost that says what such calls cost. It has none while it is unpriced, or if
// it failed and used nothing.
constexpr bool IsRated(uint8_t flags) {
  return (flags & kFlagUnpriced) == 0 &&
         ((flags & kFlagUsageMissing) == 0 || (flags & kFlagCostReported) != 0);
}

// Whether a call cost more than a learned threshold. Calls over the default one do not count as
// outliers.
constexpr bool IsOutlier(uint8_t flags) {
  return (flags & (kFlagOutlier | kFlagLearning)) == kFlagOutlier;
}

// What a row says of the usage of its call.
struct RowUsage {
  Usage usage;  // All zero if it is missing.
  bool missing = false;
  bool unknown = false;  // It is missing because what was reported could not be counted.

  bool operator==(const RowUsage&) const = default;
};

// The calls of a block. Row i is made of element i of each column; a negative
// weight takes an earlier, otherwise identical row out of the log.
struct CallRows {
  // The dictionaries of this block, which the columns index.
  StringColumn run_names;  // workflow_ids, those of the completions too.
  StringColumn strings;    // Keys and values of attributes.
  // Each set is a list of keys with values, as indices into `strings`.
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> attribute_sets;

  // The columns. One that is said to be empty at times is left out if it would be all zero.

  std::vector<int8_t> weight;  // +1 or -1.
  std::vector<int64_t> time_us;
  std::vector<uint32_t> series;  // The numbers of SeriesIds, which SeriesAt makes of them.
  std::vector<uint32_t> run;     // An index into run_names.
  StringColumn event_ids;
  std::array<std::vector<int64_t>, kUsageClassCount> usage;  // Each may be empty.
  std::vector<int64_t> duration_us;
  std::vector<CallStatus> status;
  std::vector<int64_t> cost_picos;
  std::vector<uint8_t> flags;           // Bits of CallFlag.
  std::vector<int64_t> p50_picos;       // The receipt's median; may be empty.
  std::vector<int64_t> sample_count;    // The receipt's count of calls; may be empty.
  std::vector<uint32_t> attribute_set;  // An index into attribute_sets; may be empty.
  std::vector<uint32_t> revision;       // May be empty.
  // What was reported as usage, as KeptReport of storage/usage_shapes has it, "" for nothing; may
  // be empty.
  StringColumn reported_usage;
  // The model of a call whose series does not name it, because there were too many names or series:
  // an index into `strings` plus one, 0 elsewhere; may be empty.
  std::vector<uint32_t> other_model;
  std::vector<int64_t> reported_cost;  // Pico-dollars plus one, or 0 for none; may be empty.

  size_t size() const { return weight.size(); }
  SeriesId SeriesAt(size_t row) const { return SeriesId(series[row]); }
  absl::string_view EventId(size_t row) const { return event_ids[row]; }
  absl::string_view RunName(size_t row) const { return run_names[run[row]]; }
  int64_t UsageAt(size_t usage_class, size_t row) const {
    return usage[usage_class].empty() ? 0 : usage[usage_class][row];
  }
  Usage UsageAt(size_t row) const;
  RowUsage RowUsageAt(size_t row) const {
    return {UsageAt(row), Has(row, kFlagUsageMissing), Has(row, kFlagUsageUnknown)};
  }
  // The model that the call of a row names, if its series does not; else "".
  absl::string_view OtherModelAt(size_t row) const {
    const uint32_t plus_one = other_model.empty() ? 0 : other_model[row];
    return plus_one == 0 ? absl::string_view() : strings[plus_one - 1];
  }
  uint32_t RevisionAt(size_t row) const { return revision.empty() ? 0 : revision[row]; }
  std::optional<int64_t> ReportedCostAt(size_t row) const {
    const int64_t plus_one = reported_cost.empty() ? 0 : reported_cost[row];
    return plus_one == 0 ? std::nullopt : std::optional(plus_one - 1);
  }
  absl::string_view ReportedUsageAt(size_t row) const {
    return reported_usage.empty() ? absl::string_view() : reported_usage[row];
  }
  // `contracts` are those of the rate book.
  ServedAs ServedAt(size_t row, const Contracts& contracts) const;
  bool Has(size_t row, CallFlag flag) const { return (flags[row] & flag) != 0; }
  bool IsRatedAt(size_t row) const { return IsRated(flags[row]); }
  CallCost CostAt(size_t row) const {
    return {cost_picos[row], Has(row, kFlagUnpriced), Has(row, kFlagCostReported)};
  }
};

// The usage classes that rows have a column of, by rising class. Most calls use few of all there
// are.
class UsedClasses {
 public:
  explicit UsedClasses(const CallRows& calls);

  const size_t* begin() const { return classes_.data(); }
  const size_t* end() const { return classes_.data() + count_; }

 private:
  std::array<size_t, kUsageClassCount> classes_{};
  size_t count_ = 0;
};

// A completion. Its unused steps are names, for there need be no call of them.
struct CompletionRow {
  int64_t time_us = 0;
  uint32_t run = 0;  // An index into run_names of the block's calls.
  NameId workflow = kUnnamed;
  Outcome outcome = Outcome::kCompleted;  // kOpen takes the completion in force back.
  std::vector<std::string> unused_steps;  // Sorted, without repetition.

  bool operator==(const CompletionRow&) const = default;
};

struct Block {
  BlockRef ref;
  CallRows calls;
  std::vector<CompletionRow> completions;
};

// Whether a call has been priced again here: row `row` takes it out, and the next row brings it
// back at another cost, or with another usage. All else of the call stays.
bool IsRepriced(const CallRows& calls, size_t row);

// Returns the call that row `row` stands for, with names from `catalog`.
BilledCall ToBilledCall(const CallRows& calls, size_t row, const Catalog& catalog);

}  // namespace itemized
