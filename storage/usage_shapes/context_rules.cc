// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/context_rules.h"

#include <algorithm>

#include "absl/strings/match.h"

#include "storage/usage_shapes/table_json.h"

namespace itemized {

Condition::Condition(JsonElement source)
    : has_(PathsAt(source, "has")), any_(PathsAt(source, "any")), lacks_(PathsAt(source, "lacks")) {
  VisitFields(Member(source, "is"), [this](const std::string& name, JsonElement value) {
    std::vector<Wanted> wanted;
    if (value.is_array()) {
      VisitItems(value, [&](JsonElement item) { wanted.push_back(ToWanted(item)); });
    } else {
      wanted.push_back(ToWanted(value));
    }
    values_.emplace_back(ToJsonPath(name), std::move(wanted));
  });
}

Condition::Wanted Condition::ToWanted(JsonElement source) {
  const JsonValue value = ValueOf(source);
  Wanted wanted{.kind = value.kind, .truth = value.truth, .text = std::string(value.text)};
  wanted.is_prefix = absl::EndsWith(wanted.text, "*");
  if (wanted.is_prefix) {
    wanted.text.pop_back();
  }
  return wanted;
}

bool Condition::IsOneOf(const JsonValue& value, const std::vector<Wanted>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& one) {
    if (one.kind != value.kind) {
      return false;
    }
    return one.is_prefix ? absl::StartsWith(value.text, one.text)
                         : value.text == one.text && value.truth == one.truth;
  });
}

bool Condition::Holds(Lookup at) const {
  const auto is_there = [&](const JsonPath& path) { return !at(path).is_nothing(); };
  return std::all_of(values_.begin(), values_.end(),
                     [&](const auto& value) { return IsOneOf(at(value.first), value.second); }) &&
         std::all_of(has_.begin(), has_.end(), is_there) &&
         std::none_of(lacks_.begin(), lacks_.end(), is_there) &&
         (any_.empty() || std::any_of(any_.begin(), any_.end(), is_there));
}

bool Condition::HoldsOf(JsonElement element) const {
  return Holds([&](const JsonPath& path) {
    const std::optional<JsonElement> found = Look(element, path);
    return found.has_value() ? ValueOf(*found) : JsonValue{};
  });
}

JsonValue RuleContext::At(const JsonPath& path) const {
  if (usage != nullptr && path.front() == "usage") {
    return LookInUsage(*usage, path, 1);
  }
  const std::optional<JsonElement> found = Look(body, path);
  return found.has_value() ? ValueOf(*found) : JsonValue{};
}

Rule::Rule(JsonElement source) {
  if (source.is_string()) {
    path_ = ToJsonPath(TextOf(source));
    return;
  }
  says_ = TextAt(source, "as");
  if (const std::string path = TextAt(source, "path"); !path.empty()) {
    path_ = ToJsonPath(path);
  }
  if (const std::string plus = TextAt(source, "plus"); !plus.empty()) {
    plus_ = ToJsonPath(plus);
  }
  if (const auto scale = Member(source, "scale")) {
    scale_ = static_cast<int>(ValueOf(*scale).whole);
  }
  if (const auto values = Member(source, "values")) {
    has_values_ = true;
    VisitFields(values, [this](const std::string& name, JsonElement value) {
      values_.emplace_back(name, TextOf(value));
    });
  }
  if (const auto when = Member(source, "when")) {
    when_.emplace(*when);
  }
}

JsonValue Rule::Find(const RuleContext& context) const {
  JsonValue found;
  if (path_.empty()) {
    found.kind = JsonValue::Kind::kText;
    found.text = says_;
  } else if (path_.front() != "usage" || context.usage != nullptr) {
    found = context.At(path_);
  }
  const bool applies =
      !found.is_nothing() &&
      (!when_.has_value() || when_->Holds([&](const JsonPath& path) { return context.At(path); }));
  return applies ? found : JsonValue{};
}

std::optional<std::string> Rule::FindText(const RuleContext& context) const {
  const JsonValue found = Find(context);
  if (found.is_nothing()) {
    return std::nullopt;
  }
  std::string text = found.is_integer ? DecimalText(found.whole) : std::string(found.text);
  if (has_values_) {
    const auto value = std::find_if(values_.begin(), values_.end(),
                                    [&](const auto& pair) { return pair.first == text; });
    return value == values_.end() ? std::nullopt : std::optional(value->second);
  }
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

JsonValue Rule::FindMore(const RuleContext& context) const {
  return plus_.empty() ? JsonValue{} : context.At(plus_);
}

std::optional<std::string> FirstText(const std::vector<Rule>& rules, const RuleContext& context) {
  for (const Rule& rule : rules) {
    if (std::optional<std::string> text = rule.FindText(context)) {
      return text;
    }
  }
  return std::nullopt;
}

}  // namespace itemized
