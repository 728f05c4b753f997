// SPDX-License-Identifier: Apache-2.0
#include "storage/ingest/batch_reader.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"
#include "storage/model/value_checks.h"

namespace itemized {
namespace {

template <typename T>
bool Fits(absl::Span<const T> column, size_t rows) {
  return column.empty() || column.size() == rows;
}

template <typename T>
T At(absl::Span<const T> column, size_t row) {
  return column.empty() ? T{} : column[row];
}

// Returns a word whose sign bit is set if any value lies outside [0, highest]; `highest` is not
// negative. It has no branches, so that many values are looked at in one step.
template <typename T>
uint64_t OutOfRange(absl::Span<const T> column, T highest, uint64_t base = 0) {
  uint64_t bits = 0;
  for (const T value : column) {
    const uint64_t number = base + static_cast<uint64_t>(value);
    bits |= number | (static_cast<uint64_t>(highest) - number);
  }
  return bits;
}

bool IsAscii(absl::string_view text) {
  unsigned char bits = 0;
  for (const char byte : text) {
    bits |= static_cast<unsigned char>(byte);
  }
  return bits < 0x80;
}

}  // namespace

BatchReader::BatchReader(const CallColumns& columns, int64_t latest_us,
                         std::vector<AttributeView>* attributes)
    : columns_(columns),
      latest_us_(latest_us),
      attributes_(*attributes),
      good_(columns.strings.size()) {
  malformed_ = CheckShape();
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    if (!columns.usage[c].empty()) {
      usage_classes_.push_back(c);
    }
  }
  numbers_are_good_ = !malformed_ && NumbersAreGood();
  ids_are_good_ = IsAscii(columns.event_id_data) &&
                  std::all_of(columns.event_id_sizes.begin(), columns.event_id_sizes.end(),
                              [](uint32_t size) { return size <= kNameBytesMax; });
}

// Looks at column by column, which is faster than row by row. If a number is bad, CheckNumbers
// finds whose it is.
bool BatchReader::NumbersAreGood() const {
  // If the base is good, the sum of base and offset is negative where it wraps around.
  const bool is_base_good = columns_.base_time_us >= 0 && columns_.base_time_us < kTimeMaxUs;
  uint64_t bits = OutOfRange(columns_.time_offset_us, std::min(latest_us_, kTimeMaxUs - 1),
                             static_cast<uint64_t>(columns_.base_time_us)) |
                  OutOfRange(columns_.duration_us, kDurationMaxUs) |
                  OutOfRange(columns_.reported_cost, INT64_MAX) |
                  OutOfRange(columns_.status, static_cast<int32_t>(CallStatus::kCancelled));
  for (const size_t c : usage_classes_) {
    bits |= OutOfRange(columns_.usage[c], kTokensMax);
  }
  const auto reasoning = columns_.usage[static_cast<size_t>(UsageClass::kReasoning)];
  const auto output = columns_.usage[static_cast<size_t>(UsageClass::kOutput)];
  for (size_t row = 0; row < reasoning.size(); ++row) {
    bits |= static_cast<uint64_t>(At(output, row)) - static_cast<uint64_t>(reasoning[row]);
  }
  return is_base_good && static_cast<int64_t>(bits) >= 0;
}

Refusal BatchReader::Refuse(RefusalCode code, std::string message) const {
  return {.index = static_cast<uint32_t>(row_), .code = code, .message = std::move(message)};
}

std::optional<Refusal> BatchReader::CheckShape() const {
  const size_t rows = columns_.size();
  bool fits = Fits(columns_.event_id_sizes, rows) && Fits(columns_.workflow, rows) &&
              Fits(columns_.workflow_id, rows) && Fits(columns_.step, rows) &&
              Fits(columns_.provider, rows) && Fits(columns_.model, rows) &&
              Fits(columns_.usage_missing, rows) && Fits(columns_.duration_us, rows) &&
              Fits(columns_.reported_cost, rows) && Fits(columns_.usage_unknown, rows) &&
              Fits(columns_.reported_usage, rows) && Fits(columns_.status, rows) &&
              Fits(columns_.revision, rows) && Fits(columns_.attribute_counts, rows);
  for (const auto& column : columns_.usage) {
    fits = fits && Fits(column, rows);
  }
  if (!fits) {
    return Refuse(RefusalCode::kMalformed,
                  "The columns have unequal lengths; give each as many elements as "
                  "time_offset_us, or none.");
  }
  const auto sum = [](absl::Span<const uint32_t> sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), uint64_t{0});
  };
  if (sum(columns_.event_id_sizes) != columns_.event_id_data.size()) {
    return Refuse(
        RefusalCode::kMalformed,
        "The event_id_sizes do not add up to the length of event_id_data; mend the sender.");
  }
  const uint64_t attributes = sum(columns_.attribute_counts);
  if (attributes != columns_.attribute_keys.size() ||
      attributes != columns_.attribute_values.size()) {
    return Refuse(RefusalCode::kMalformed,
                  "The attribute_counts do not add up to the number of attribute keys and values; "
                  "mend the sender.");
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::CheckName(const char* field, uint32_t name, bool required) {
  if (name != kEmptyName && name >= good_.size()) {
    return Refuse(RefusalCode::kMalformed,
                  absl::StrCat("The ", field, " has index ", name, ", but the dictionary has ",
                               good_.size(), " strings; mend the sender."));
  }
  const absl::string_view text = Text(name);
  if (auto reason = CheckText(field, text, required)) {
    return Refuse(reason->first, std::move(reason->second));
  }
  if (!text.empty()) {
    good_[name] = 1;
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::ReadNames(CallView* call) {
  const auto at = [&](absl::Span<const uint32_t> column) {
    return column.empty() ? kEmptyName : column[row_];
  };
  const auto name = [&](NameKind kind) -> uint32_t& {
    return call->names[static_cast<size_t>(kind)];
  };
  name(NameKind::kStep) = at(columns_.step);
  name(NameKind::kWorkflow) = at(columns_.workflow);
  name(NameKind::kProvider) = at(columns_.provider);
  name(NameKind::kModel) = at(columns_.model);
  call->workflow_id = at(columns_.workflow_id);
  struct Field {
    const char* text;
    uint32_t name;
    bool required;
  };
  const Field fields[] = {{"step", name(NameKind::kStep), true},
                          {"model", name(NameKind::kModel), true},
                          {"workflow_id", call->workflow_id, true},
                          {"workflow", name(NameKind::kWorkflow), false},
                          {"provider", name(NameKind::kProvider), false}};
  for (const Field& field : fields) {
    if (IsGood(field.name)) {
      continue;
    }
    if (auto refusal = CheckName(field.text, field.name, field.required)) {
      return refusal;
    }
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::CheckId(const CallView& call) const {
  if (auto reason = CheckText("event_id", call.event_id, false)) {
    return Refuse(reason->first, std::move(reason->second));
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::CheckRevision(const CallView& call) const {
  if (call.revision != 0 && call.event_id.empty()) {
    return Refuse(RefusalCode::kMissingField,
                  "The call has a revision and no event_id. Give it the id of the call that it "
                  "replaces, or no revision.");
  }
  return std::nullopt;
}

void BatchReader::ReadNumbers(CallView* call) const {
  if (__builtin_add_overflow(columns_.base_time_us, columns_.time_offset_us[row_],
                             &call->time_us)) {
    call->time_us = -1;
  }
  call->usage_missing = At(columns_.usage_missing, row_);
  call->usage_unknown = call->usage_missing && At(columns_.usage_unknown, row_);
  call->duration_us = At(columns_.duration_us, row_);
  call->reported_cost = At(columns_.reported_cost, row_);
  call->revision = At(columns_.revision, row_);
  call->status = static_cast<CallStatus>(At(columns_.status, row_));
}

std::optional<Refusal> BatchReader::CheckNumbers(const CallView& call) const {
  if (auto reason = CheckTime(call.time_us, latest_us_)) {
    return Refuse(reason->first, std::move(reason->second));
  }
  if (auto refusal = CheckUsage(call)) {
    return refusal;
  }
  if (call.duration_us < 0 || call.duration_us > kDurationMaxUs) {
    return Refuse(RefusalCode::kDurationOutOfRange,
                  absl::StrCat("The duration is ", call.duration_us,
                               " us; it must be between 0 and 30 days."));
  }
  if (call.reported_cost < 0) {
    return Refuse(RefusalCode::kCostOutOfRange,
                  "The reported cost is negative, or above 9,223,372 USD; send what the provider "
                  "charged for this call.");
  }
  const int32_t status = At(columns_.status, row_);
  if (status < 0 || status > static_cast<int32_t>(CallStatus::kCancelled)) {
    return Refuse(RefusalCode::kInvalidEnum,
                  absl::StrCat("The status ", status, " is unknown; use ok, error or cancelled."));
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::CheckUsage(const CallView& call) const {
  for (const size_t c : usage_classes_) {
    const int64_t count = columns_.usage[c][row_];
    if (count < 0 || count > kTokensMax) {
      return Refuse(RefusalCode::kTokensOutOfRange,
                    absl::StrCat("The count of ", kUsageClasses[c].count, " is ", count,
                                 "; it must be between 0 and ", kTokensMax, "."));
    }
  }
  return call.usage_missing ? std::nullopt : CheckReasoning();
}

std::optional<Refusal> BatchReader::CheckReasoning() const {
  const auto count = [&](UsageClass c) { return At(columns_.usage[static_cast<size_t>(c)], row_); };
  if (count(UsageClass::kReasoning) > count(UsageClass::kOutput)) {
    return Refuse(
        RefusalCode::kTokensOutOfRange,
        absl::StrCat("The count of reasoning_tokens is ", count(UsageClass::kReasoning),
                     ", more than the ", count(UsageClass::kOutput),
                     " output_tokens it is a part of; count reasoning in output_tokens."));
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::ReadAttributes(CallView* call) {
  const uint32_t count = At(columns_.attribute_counts, row_);
  const size_t begin = attribute_begin_;
  attribute_begin_ += count;
  call->attributes_begin = static_cast<uint32_t>(attributes_.size());
  call->attributes_end = call->attributes_begin;
  if (count == 0) {
    return std::nullopt;
  }
  if (count > kAttributesMax) {
    return Refuse(
        RefusalCode::kTooManyAttributes,
        absl::StrCat("The call has ", count, " attributes; send at most ", kAttributesMax, "."));
  }
  for (size_t i = begin; i < begin + count; ++i) {
    const uint32_t key = columns_.attribute_keys[i];
    const uint32_t value = columns_.attribute_values[i];
    if (auto refusal = CheckName("key of an attribute", key, true)) {
      return refusal;
    }
    if (auto refusal = CheckName("value of an attribute", value, false)) {
      return refusal;
    }
    attributes_.emplace_back(key, value);
  }
  call->attributes_end = static_cast<uint32_t>(attributes_.size());
  const auto first = attributes_.begin() + call->attributes_begin;
  std::stable_sort(first, attributes_.end(),
                   [&](const auto& a, const auto& b) { return Text(a.first) < Text(b.first); });
  const auto repeated = std::adjacent_find(
      first, attributes_.end(),
      [&](const auto& a, const auto& b) { return Text(a.first) == Text(b.first); });
  if (repeated != attributes_.end()) {
    return Refuse(RefusalCode::kMalformed,
                  absl::StrCat("The attribute ", Quoted(Text(repeated->first)),
                               " is given twice; send each key once."));
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::Next(CallView* call) {
  call->row = static_cast<uint32_t>(row_);
  const size_t event_id_size = At(columns_.event_id_sizes, row_);
  call->event_id = columns_.event_id_data.substr(event_id_begin_, event_id_size);
  event_id_begin_ += event_id_size;
  // Attributes come first: they move on to the next row even if this one is refused.
  std::optional<Refusal> refusal = ReadAttributes(call);
  if (!refusal) {
    refusal = ReadNames(call);
  }
  if (!refusal && !ids_are_good_) {
    refusal = CheckId(*call);
  }
  ReadNumbers(call);
  if (!refusal && !columns_.revision.empty()) {
    refusal = CheckRevision(*call);
  }
  if (!refusal && !numbers_are_good_) {
    refusal = CheckNumbers(*call);
  }
  ++row_;
  return refusal;
}

}  // namespace itemized
