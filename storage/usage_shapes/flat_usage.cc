// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/flat_usage.h"

#include "absl/strings/str_cat.h"

namespace itemized {
namespace {

// Labels are words such as "AUDIO"; a longer text is cut, since paths repeat it.
constexpr size_t kLabelBytesMax = 200;

double AsDouble(const JsonValue& number) {
  return number.kind == JsonValue::Kind::kWhole ? static_cast<double>(number.whole)
                                                : number.fraction;
}

void AddNumber(const JsonValue& number, JsonValue& sum) {
  if (sum.kind == JsonValue::Kind::kWhole && number.kind == JsonValue::Kind::kWhole) {
    sum.whole += number.whole;  // There are 2,000 at most, each below 10^30.
    return;
  }
  sum.fraction = AsDouble(sum) + AsDouble(number);
  sum.kind = JsonValue::Kind::kFraction;
}

class Flattener {
 public:
  explicit Flattener(const std::vector<std::string>& labels) : labels_(labels) {}

  void AddFields(const UsageNode& object, const std::string& prefix, bool in_list) {
    for (const UsageField& field : object.fields) {
      Add(field.node, absl::StrCat(prefix, field.name), in_list);
    }
  }

  FlatUsage flat;

 private:
  void Add(const UsageNode& node, std::string path, bool in_list) {
    if (node.is_object()) {
      AddFields(node, path + ".", in_list);
      flat.others[std::move(path)] = node.value;
    } else if (node.is_list()) {
      AddItems(node, path);
      flat.others[std::move(path)] = node.value;
    } else if (!node.value.is_number()) {
      flat.others[std::move(path)] = node.value;
    } else if (const auto found = flat.numbers.find(path); in_list && found != flat.numbers.end()) {
      AddNumber(node.value, found->second);
    } else {
      flat.numbers[std::move(path)] = node.value;
    }
  }

  void AddItems(const UsageNode& list, const std::string& path) {
    for (const UsageNode& item : list.items) {
      if (item.is_object()) {
        AddFields(item, absl::StrCat(path, "[", LabelOf(item), "]."), true);
      }
    }
  }

  absl::string_view LabelOf(const UsageNode& item) const {
    for (const std::string& label : labels_) {
      const UsageNode* found = item.Find(label);
      if (found != nullptr && !found->value.text.empty()) {
        return found->value.text.substr(0, kLabelBytesMax);
      }
    }
    return "";
  }

  const std::vector<std::string>& labels_;
};

}  // namespace

bool FlatUsage::Has(absl::string_view path) const {
  return numbers.find(path) != numbers.end() || others.find(path) != others.end();
}

FlatUsage Flatten(const UsageNode& usage, const std::vector<std::string>& labels) {
  Flattener flattener(labels);
  flattener.AddFields(usage, "", false);
  return std::move(flattener.flat);
}

}  // namespace itemized
