// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/kept_report.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace itemized {
namespace {

constexpr size_t kNameBytesMax = 64;

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
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
        return WriteText(node.value.text);
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
  bool WriteText(absl::string_view value) {
    if (!IsName(value) || !table_.IsLabel(value)) {
      return false;
    }
    absl::StrAppend(&text, "\"", value, "\"");
    return true;
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

std::string KeptReport(const std::vector<ReportedMessage>& messages, const UsageTable& table) {
  Writer writer(table);
  size_t written = 0;
  for (const ReportedMessage& message : messages) {
    if (!message.usage.fields.empty()) {
      writer.text.append(written++ == 0 ? "" : ",");
      writer.Write(message.usage);
    }
  }
  return written > 1 ? absl::StrCat("[", writer.text, "]") : std::move(writer.text);
}

}  // namespace itemized
