#include "storage/engine/column_reader.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

using Reason = std::pair<RefusalCode, std::string>;

constexpr std::array<const char*, kUsageClassCount> kUsageNames = {
    "input_tokens",        "cache_read_tokens",  "cache_write_5m_tokens", "cache_write_1h_tokens",
    "output_tokens",       "reasoning_tokens",   "input_audio_tokens",    "cache_read_audio_tokens",
    "output_audio_tokens", "input_image_tokens", "output_image_tokens",   "web_searches"};

template <typename T>
bool Fits(absl::Span<const T> column, size_t rows) {
  return column.empty() || column.size() == rows;
}

template <typename T>
T At(absl::Span<const T> column, size_t row) {
  return column.empty() ? T{} : column[row];
}

std::string TooLong(const char* field, size_t size) {
  return absl::StrCat(field, " is ", size, " bytes long; shorten it to ", kNameBytesMax);
}

}  // namespace

// Bytes that no UTF-8 text has are found by its grammar (RFC 3629, section 4).
bool IsUtf8(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    uint64_t eight = 0;
    if (i + sizeof(eight) <= text.size()) {
      std::memcpy(&eight, text.data() + i, sizeof(eight));
      if ((eight & 0x8080808080808080u) == 0) {  // Plain ASCII, as most names are.
        i += sizeof(eight);
        continue;
      }
    }
    const uint8_t lead = static_cast<uint8_t>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) {
      return false;
    }
    const uint8_t second = static_cast<uint8_t>(text[i + 1]);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<uint8_t>(text[i + k]) & 0xC0) != 0x80) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

std::optional<Reason> CheckText(const char* field, absl::string_view text, bool required) {
  if (text.empty() && required) {
    return Reason(RefusalCode::kMissingField, absl::StrCat(field, " is empty; name it"));
  }
  if (text.size() > kNameBytesMax) {
    return Reason(RefusalCode::kNameTooLong, TooLong(field, text.size()));
  }
  if (!IsUtf8(text)) {
    return Reason(RefusalCode::kInvalidUtf8,
                  absl::StrCat(field, " ", Quoted(text), " is not UTF-8; encode it as UTF-8"));
  }
  return std::nullopt;
}

std::optional<Reason> CheckTime(int64_t time_us, int64_t latest_us) {
  if (time_us < kTimeMinUs || time_us >= kTimeMaxUs) {
    return Reason(RefusalCode::kTimeOutOfRange,
                  absl::StrCat("time ", time_us,
                               " us since 1970 is outside 1970 to 2200; send microseconds since "
                               "1970-01-01 UTC"));
  }
  if (time_us > latest_us) {
    return Reason(RefusalCode::kTimeOutOfRange,
                  absl::StrCat("time ", FormatTime(time_us), " is more than ",
                               kFutureMaxUs / kMicrosPerSecond / 60,
                               " minutes in the future; check the sender's clock"));
  }
  return std::nullopt;
}

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
              Fits(columns_.status, rows) && Fits(columns_.attribute_counts, rows);
  for (const auto& column : columns_.usage) {
    fits = fits && Fits(column, rows);
  }
  if (!fits) {
    return Refuse(RefusalCode::kMalformed,
                  "the columns have unequal lengths; give each as many elements as "
                  "time_offset_us, or none");
  }
  const auto sum = [](absl::Span<const uint32_t> sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), uint64_t{0});
  };
  if (sum(columns_.event_id_sizes) != columns_.event_id_data.size()) {
    return Refuse(RefusalCode::kMalformed,
                  "event_id_sizes do not add up to the length of event_id_data");
  }
  const uint64_t attributes = sum(columns_.attribute_counts);
  if (attributes != columns_.attribute_keys.size() ||
      attributes != columns_.attribute_values.size()) {
    return Refuse(RefusalCode::kMalformed,
                  "attribute_counts do not add up to the number of attribute keys and values");
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::CheckName(const char* field, uint32_t name, bool required) {
  if (name != kEmptyName && name >= good_.size()) {
    return Refuse(RefusalCode::kMalformed,
                  absl::StrCat(field, " has index ", name, " but the dictionary has ", good_.size(),
                               " strings"));
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
  if (auto reason = CheckText("event_id", call->event_id, false)) {
    return Refuse(reason->first, std::move(reason->second));
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::ReadTime(CallView* call) const {
  if (__builtin_add_overflow(columns_.base_time_us, columns_.time_offset_us[row_],
                             &call->time_us)) {
    call->time_us = -1;
  }
  if (auto reason = CheckTime(call->time_us, latest_us_)) {
    return Refuse(reason->first, std::move(reason->second));
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::ReadUsage(CallView* call) const {
  call->usage_missing = At(columns_.usage_missing, row_);
  for (const size_t c : usage_classes_) {
    const int64_t count = columns_.usage[c][row_];
    if (count < 0 || count > kTokensMax) {
      return Refuse(
          RefusalCode::kTokensOutOfRange,
          absl::StrCat(kUsageNames[c], " is ", count, "; it must be between 0 and ", kTokensMax));
    }
  }
  return call->usage_missing ? std::nullopt : CheckReasoning();
}

std::optional<Refusal> BatchReader::CheckReasoning() const {
  const auto count = [&](UsageClass c) { return At(columns_.usage[static_cast<size_t>(c)], row_); };
  if (count(UsageClass::kReasoning) > count(UsageClass::kOutput)) {
    return Refuse(RefusalCode::kTokensOutOfRange,
                  absl::StrCat("reasoning_tokens is ", count(UsageClass::kReasoning),
                               ", more than the ", count(UsageClass::kOutput),
                               " output_tokens it is a part of; count reasoning in output_tokens"));
  }
  return std::nullopt;
}

std::optional<Refusal> BatchReader::ReadRest(CallView* call) const {
  call->duration_us = At(columns_.duration_us, row_);
  if (call->duration_us < 0 || call->duration_us > kDurationMaxUs) {
    return Refuse(RefusalCode::kDurationOutOfRange,
                  absl::StrCat("the duration is ", call->duration_us,
                               " us; it must be between 0 and 30 days"));
  }
  const int32_t status = At(columns_.status, row_);
  if (status < 0 || status > static_cast<int32_t>(CallStatus::kCancelled)) {
    return Refuse(RefusalCode::kInvalidEnum,
                  absl::StrCat("status ", status, " is unknown; use ok, error or cancelled"));
  }
  call->status = static_cast<CallStatus>(status);
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
        absl::StrCat("the call has ", count, " attributes; send at most ", kAttributesMax));
  }
  for (size_t i = begin; i < begin + count; ++i) {
    const uint32_t key = columns_.attribute_keys[i];
    const uint32_t value = columns_.attribute_values[i];
    if (auto refusal = CheckName("the key of an attribute", key, true)) {
      return refusal;
    }
    if (auto refusal = CheckName("the value of an attribute", value, false)) {
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
                  absl::StrCat("the attribute ", Quoted(Text(repeated->first)),
                               " is given twice; send each key once"));
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
  if (!refusal) {
    refusal = ReadTime(call);
  }
  if (!refusal) {
    refusal = ReadUsage(call);
  }
  if (!refusal) {
    refusal = ReadRest(call);
  }
  ++row_;
  return refusal;
}

}  // namespace itemized
