// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/kept_report.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/usage_shapes/usage_tree.h"

namespace itemized {
namespace {

constexpr size_t kNameBytesMax = 64;

constexpr char kAccounting[] = "cache_accounting";
constexpr char kInclusive[] = "inclusive";
constexpr char kExclusive[] = "exclusive";

// Puts in what the sender says of the cache.
void WriteAccounting(CacheAccounting accounting, std::string& kept) {
  if (accounting == CacheAccounting::kUnsaid || kept.empty()) {
    return;
  }
  const size_t first_field = kept.find('{') + 1;
  kept.insert(first_field,
              absl::StrCat("\"", kAccounting, "\":\"",
                           accounting == CacheAccounting::kInclusive ? kInclusive : kExclusive,
                           kept[first_field] == '}' ? "\"" : "\","));
}

CacheAccounting AccountingOf(const UsageNode& usage) {
  const UsageNode* said = usage.Find(kAccounting);
  const absl::string_view text = said == nullptr ? "" : said->value.text;
  return text == kInclusive   ? CacheAccounting::kInclusive
         : text == kExclusive ? CacheAccounting::kExclusive
                              : CacheAccounting::kUnsaid;
}

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-' || c == '[' ||
                  c == ']';
         });
}

// Returns a fraction as a whole number with an exponent, "42e-4", since whole numbers are what
// shrinks; "" if it is not finite.
std::string FractionText(double value) {
  if (!std::isfinite(value)) {
    return "";
  }
  std::string digits = ShortestDecimal(value);
  int exponent = 0;
  if (const size_t e = digits.find('e'); e != digits.npos) {
    const absl::string_view text = absl::string_view(digits).substr(e + 1);
    if (!absl::SimpleAtoi(text.substr(text[0] == '+' ? 1 : 0), &exponent)) {
      return "";
    }
    digits.resize(e);
  }
  if (const size_t point = digits.find('.'); point != digits.npos) {
    exponent -= static_cast<int>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  const size_t sign = digits[0] == '-' ? 1 : 0;
  digits.erase(sign, std::min(digits.find_first_not_of('0', sign), digits.size() - 1) - sign);
  return absl::StrCat(digits, "e", exponent);
}

class Writer {
 public:
  explicit Writer(const UsageTable& table) : table_(table) {}

  // Returns false, and writes nothing, for what is not kept.
  bool Write(const UsageNode& node) {
    switch (node.value.kind) {
      case JsonValue::Kind::kNothing:
        return false;
      case JsonValue::Kind::kBool:
        text.append(node.value.truth ? "true" : "false");
        return true;
      case JsonValue::Kind::kText:
        WriteText(node.value.text);
        return true;
      case JsonValue::Kind::kWhole:
        return WriteNumber(DecimalText(node.value.whole));
      case JsonValue::Kind::kFraction:
        return WriteNumber(FractionText(node.value.fraction));
      case JsonValue::Kind::kList:
        WriteItems(node);
        return true;
      case JsonValue::Kind::kObject:
        WriteFields(node);
        return true;
    }
    return false;
  }

  std::string text;

 private:
  // A text that is no label counts as there, and is no number; more is not known of it.
  void WriteText(absl::string_view value) {
    const bool is_label = IsName(value) && table_.IsLabel(value);
    absl::StrAppend(&text, "\"", is_label ? value : "", "\"");
  }

  bool WriteNumber(const std::string& number) {
    text.append(number);
    return !number.empty();
  }

  void WriteFields(const UsageNode& object) {
    char before = '{';
    for (const UsageField& field : object.fields) {
      const size_t size = text.size();
      absl::StrAppend(&text, absl::string_view(&before, 1), "\"", field.name, "\":");
      if (IsName(field.name) && Write(field.node)) {
        before = ',';
      } else {
        text.resize(size);
      }
    }
    text.append(before == '{' ? "{}" : "}");
  }

  void WriteItems(const UsageNode& list) {
    char before = '[';
    for (const UsageNode& item : list.items) {
      const size_t size = text.size();
      text.push_back(before);
      if (Write(item)) {
        before = ',';
      } else {
        text.resize(size);
      }
    }
    text.append(before == '[' ? "[]" : "]");
  }

  const UsageTable& table_;
};

}  // namespace

std::string KeptReport(const std::vector<ReportedMessage>& messages, CacheAccounting accounting,
                       const UsageTable& table) {
  Writer writer(table);
  size_t written = 0;
  for (const ReportedMessage& message : messages) {
    if (!message.usage.fields.empty()) {
      writer.text.append(written++ == 0 ? "" : ",");
      writer.Write(message.usage);
    }
  }
  WriteAccounting(accounting, writer.text);
  return written > 1 ? absl::StrCat("[", writer.text, "]") : std::move(writer.text);
}

absl::StatusOr<KeptMessages> ReadKeptMessages(JsonElement kept, const UsageTable& table) {
  KeptMessages read;
  const auto add = [&](JsonElement usage) -> absl::Status {
    if (!usage.is_object()) {
      return absl::InvalidArgumentError("A kept report has a usage that is no object.");
    }
    ASSIGN_OR_RETURN(read.messages.emplace_back().usage, CopyUsage(usage, table.spellings()));
    return absl::OkStatus();
  };
  if (kept.is_array()) {
    for (const JsonElement usage : ToArray(kept)) {
      RETURN_IF_ERROR(add(usage));
    }
  } else {
    RETURN_IF_ERROR(add(kept));
  }
  if (!read.messages.empty()) {
    read.accounting = AccountingOf(read.messages.front().usage);
  }
  return read;
}

}  // namespace itemized
