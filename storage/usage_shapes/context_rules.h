// SPDX-License-Identifier: Apache-2.0
#pragma once

// Conditions and rules of the table of usage shapes: what must hold of a response, and where it
// says its model, its tier and so on.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

#include "storage/usage_shapes/json_value.h"
#include "storage/usage_shapes/usage_tree.h"

namespace itemized {

// Returns what stands at a path.
using Lookup = absl::FunctionRef<JsonValue(const JsonPath&)>;

// Says what must hold of a response, or of an element of a list in it. Immutable once made.
class Condition {
 public:
  // CHECK-fails if `source` is none, as do all readers of the table.
  explicit Condition(JsonElement source);

  bool Holds(Lookup at) const;
  // Does the same where paths are those of `element`.
  bool HoldsOf(JsonElement element) const;

 private:
  // A value that counts. A text that ends in * stands for all that begin so.
  struct Wanted {
    JsonValue::Kind kind = JsonValue::Kind::kNothing;
    bool truth = false;
    std::string text;
    bool is_prefix = false;
  };

  static Wanted ToWanted(JsonElement source);
  static bool IsOneOf(const JsonValue& value, const std::vector<Wanted>& wanted);

  std::vector<std::pair<JsonPath, std::vector<Wanted>>> values_;
  std::vector<JsonPath> has_, any_, lacks_;
};

// What rules are asked of: the body of a response, and the merged usage, whose paths begin with
// "usage". Either may be missing.
struct RuleContext {
  std::optional<JsonElement> body;
  const UsageNode* usage = nullptr;

  JsonValue At(const JsonPath& path) const;
};

// Says where a response tells something of a call. Immutable once made.
class Rule {
 public:
  explicit Rule(JsonElement source);

  // Returns what stands at its path, or what it says; nothing if it does not apply.
  JsonValue Find(const RuleContext& context) const;
  // Returns what it says as a text; nothing if it does not apply, or the text is empty.
  std::optional<std::string> FindText(const RuleContext& context) const;
  // Returns what is to be added to a cost.
  JsonValue FindMore(const RuleContext& context) const;
  // Costs are to be multiplied by ten to the power of this.
  int scale() const { return scale_; }

 private:
  JsonPath path_, plus_;
  int scale_ = 0;
  bool has_values_ = false;
  std::vector<std::pair<std::string, std::string>> values_;
  std::string says_;
  std::optional<Condition> when_;
};

// Returns what the first rule that applies says, or nothing.
std::optional<std::string> FirstText(const std::vector<Rule>& rules, const RuleContext& context);

}  // namespace itemized
