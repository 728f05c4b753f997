// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/bytes.h"
#include "storage/block/block_codec.h"
#include "storage/block/reported_usage_columns.h"

namespace itemized {
namespace {

size_t CommonPrefix(absl::string_view a, absl::string_view b) {
  const size_t limit = std::min(a.size(), b.size());
  size_t length = 0;
  while (length < limit && a[length] == b[length]) {
    ++length;
  }
  return length;
}

// A column in which at most one row in this many is not zero has only those rows stored.
constexpr size_t kSparseShare = 4;

template <typename T>
void EncodeSparse(ColumnId id, const std::vector<T>& values, size_t used, std::string* out) {
  std::string raw(used * 2 * kVarintBytesMax, '\0');
  char* end = raw.data();
  size_t previous = 0;
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row] != T{}) {
      end = WriteVarint(end, row - previous);
      end = WriteVarint(end, static_cast<uint64_t>(values[row]));
      previous = row;
    }
  }
  raw.resize(static_cast<size_t>(end - raw.data()));
  AppendSparseColumn(id, raw, out);
}

// An absent column is all zero. The values that are looked for by their bytes are never packed.
enum class Form : uint8_t { kVarintsOrPacked, kVarints };

template <typename T>
void EncodeUnsigned(ColumnId id, const std::vector<T>& values, std::string* out,
                    Form form = Form::kVarintsOrPacked) {
  const size_t zeros = static_cast<size_t>(std::count(values.begin(), values.end(), T{}));
  const size_t used = values.size() - zeros;
  if (used * kSparseShare <= values.size()) {
    return EncodeSparse(id, values, used, out);
  }
  std::vector<uint64_t> numbers(values.size());
  std::transform(values.begin(), values.end(), numbers.begin(),
                 [](T value) { return static_cast<uint64_t>(value); });
  if (form == Form::kVarints) {
    AppendColumn(id, Varints(numbers), out);
  } else {
    AppendNumbers(id, numbers, out);
  }
}

void EncodeTime(const Block& block, std::string* out) {
  std::vector<uint64_t> steps;
  steps.reserve(block.calls.size());
  int64_t previous = HourStartUs(block.ref.hour);
  for (const int64_t time_us : block.calls.time_us) {
    steps.push_back(ToZigzag(time_us - previous));
    previous = time_us;
  }
  AppendNumbers(ColumnId::kTime, steps, out);
}

void EncodeStrings(ColumnId id, const StringColumn& strings, std::string* out) {
  std::string raw;
  for (const absl::string_view text : strings) {
    AppendSized(&raw, text);
  }
  AppendColumn(id, raw, out);
}

// Ids of one sender differ in their last characters, so each is stored as what
// it adds to the one before.
void EncodeEventIds(const CallRows& calls, std::string* out) {
  std::string shape;
  std::string bytes;
  absl::string_view previous;
  for (size_t row = 0; row < calls.size(); ++row) {
    const absl::string_view id = calls.EventId(row);
    const size_t shared = CommonPrefix(previous, id);
    AppendVarint(&shape, shared);
    AppendVarint(&shape, id.size() - shared);
    bytes.append(id.data() + shared, id.size() - shared);
    previous = id;
  }
  AppendColumn(ColumnId::kEventIdShape, shape, out);
  AppendColumn(ColumnId::kEventIdBytes, bytes, out);
}

void EncodeAttributeSets(const CallRows& calls, std::string* out) {
  std::string raw;
  for (const auto& set : calls.attribute_sets) {
    AppendVarint(&raw, set.size());
    for (const auto& [key, value] : set) {
      AppendVarint(&raw, key);
      AppendVarint(&raw, value);
    }
  }
  AppendColumn(ColumnId::kAttributeSets, raw, out);
}

void EncodeNegativeWeights(const CallRows& calls, std::string* out) {
  std::string raw;
  size_t previous = 0;
  for (size_t row = 0; row < calls.size(); ++row) {
    if (calls.weight[row] < 0) {
      AppendVarint(&raw, row - previous);
      previous = row;
    }
  }
  AppendColumn(ColumnId::kNegativeWeights, raw, out);
}

void EncodeReports(const CallRows& calls, std::string* out) {
  const ReportedUsageColumns columns = EncodeReportedUsage(calls);
  AppendColumn(ColumnId::kReportedUsageRecipes, columns.recipes, out);
  EncodeUnsigned(ColumnId::kReportedUsageRecipe, columns.recipe, out, Form::kVarints);
  AppendColumn(ColumnId::kReportedUsageNumbers, columns.numbers, out);
}

void EncodeCompletions(const Block& block, std::string* out) {
  std::string raw;
  for (const CompletionRow& row : block.completions) {
    AppendZigzag(&raw, row.time_us - HourStartUs(block.ref.hour));
    AppendVarint(&raw, row.run);
    AppendVarint(&raw, row.workflow.value());
    raw.push_back(static_cast<char>(row.outcome));
    AppendVarint(&raw, row.unused_steps.size());
    for (const std::string& step : row.unused_steps) {
      AppendSized(&raw, step);
    }
  }
  AppendColumn(ColumnId::kCompletions, raw, out);
}

}  // namespace

std::string EncodeBlock(const Block& block) {
  const CallRows& calls = block.calls;
  std::string out(1, kBlockVersion);
  out.reserve(64 + calls.size() * 40);
  AppendVarint(&out, calls.size());
  AppendVarint(&out, block.completions.size());
  EncodeStrings(ColumnId::kRunNames, calls.run_names, &out);
  EncodeStrings(ColumnId::kStrings, calls.strings, &out);
  EncodeAttributeSets(calls, &out);
  EncodeNegativeWeights(calls, &out);
  EncodeTime(block, &out);
  EncodeUnsigned(ColumnId::kSeries, calls.series, &out);
  EncodeUnsigned(ColumnId::kRun, calls.run, &out, Form::kVarints);
  EncodeEventIds(calls, &out);
  EncodeUnsigned(ColumnId::kDuration, calls.duration_us, &out);
  EncodeUnsigned(ColumnId::kStatus, calls.status, &out);
  EncodeUnsigned(ColumnId::kCost, calls.cost_picos, &out);
  EncodeUnsigned(ColumnId::kFlags, calls.flags, &out);
  EncodeUnsigned(ColumnId::kP50, calls.p50_picos, &out);
  EncodeUnsigned(ColumnId::kSampleCount, calls.sample_count, &out);
  EncodeUnsigned(ColumnId::kAttributeSet, calls.attribute_set, &out);
  EncodeUnsigned(ColumnId::kRevision, calls.revision, &out);
  EncodeUnsigned(ColumnId::kOtherModel, calls.other_model, &out);
  EncodeUnsigned(ColumnId::kReportedCost, calls.reported_cost, &out);
  EncodeReports(calls, &out);
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    const size_t id = static_cast<size_t>(ColumnId::kUsageFirst) + c;
    EncodeUnsigned(static_cast<ColumnId>(id), calls.usage[c], &out);
  }
  EncodeCompletions(block, &out);
  AppendBigEndian64(&out, XXH3_64bits(out.data(), out.size()));
  return out;
}

}  // namespace itemized
