// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/usage_shape.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "storage/base/usage_classes.h"
#include "storage/model/limits.h"
#include "storage/usage_shapes/table_json.h"

namespace itemized {
namespace {

size_t NumberOfClass(absl::string_view name) {
  const auto found =
      std::find_if(kUsageClasses.begin(), kUsageClasses.end(),
                   [&](const UsageClassInfo& usage_class) { return usage_class.count == name; });
  CHECK(found != kUsageClasses.end());
  return static_cast<size_t>(found - kUsageClasses.begin());
}

bool IsCount(int64_t count) {
  return count >= 0 && count <= kTokensMax;
}

}  // namespace

UsageShape::UsageShape(JsonElement source)
    : name_(TextAt(source, "name")), provider_(TextAt(source, "provider")) {
  ReadRecognition(source);
  is_cache_in_input_ = Member(source, "cache_in_input").has_value();
  VisitFields(Member(source, "numbers"), [&](const std::string& name, JsonElement) {
    numbers_.emplace_back(name, TextsAt(*Member(source, "numbers"), name.c_str()));
  });
  ReadExpressions(source);
  ReadKnown(source);
}

void UsageShape::ReadRecognition(JsonElement source) {
  const std::optional<JsonElement> by = Member(source, "recognised_by");
  CHECK(by.has_value());
  has_ = TextsAt(*by, "has");
  any_ = TextsAt(*by, "any");
  lacks_ = TextsAt(*by, "lacks");
}

void UsageShape::ReadExpressions(JsonElement source) {
  NameIndexes names;
  for (const auto& [name, paths] : numbers_) {
    names.emplace(name, names.size());
  }
  VisitFields(Member(source, "let"), [&](const std::string& name, JsonElement text) {
    lets_.push_back(Expression::Parse(TextOf(text), names));
    CHECK(names.emplace(name, names.size()).second);
  });
  VisitFields(Member(source, "classes"), [&](const std::string& name, JsonElement text) {
    Class& added = classes_.emplace_back();
    added.number = NumberOfClass(name);
    added.expression = Expression::Parse(TextOf(text), names);
    added.expression.AddNames(added.names);
  });
  if (const auto total = Member(source, "total")) {
    total_ = names.at(TextAt(*total, "number"));
    for (const std::string& sum : TextsAt(*total, "sums")) {
      sums_.push_back(Expression::Parse(sum, names));
    }
  }
}

void UsageShape::ReadKnown(JsonElement source) {
  for (const auto& [name, paths] : numbers_) {
    known_.insert(paths.begin(), paths.end());
  }
  for (std::string& path : TextsAt(source, "ignored")) {
    if (absl::EndsWith(path, "*")) {
      path.pop_back();
      known_prefixes_.push_back(std::move(path));
    } else {
      known_.insert(std::move(path));
    }
  }
}

bool UsageShape::Fits(const FlatUsage& flat) const {
  const auto is_there = [&](const std::string& path) { return flat.Has(path); };
  return std::all_of(has_.begin(), has_.end(), is_there) &&
         (any_.empty() || std::any_of(any_.begin(), any_.end(), is_there)) &&
         std::none_of(lacks_.begin(), lacks_.end(), is_there);
}

bool UsageShape::Knows(absl::string_view path) const {
  return known_.find(path) != known_.end() ||
         std::any_of(known_prefixes_.begin(), known_prefixes_.end(),
                     [&](const std::string& prefix) { return absl::StartsWith(path, prefix); });
}

void UsageShape::VisitPaths(absl::FunctionRef<void(absl::string_view)> visit) const {
  for (const std::string& path : known_) {
    visit(path);
  }
  for (const std::string& prefix : known_prefixes_) {
    visit(prefix);
  }
}

UsageTrouble UsageShape::Fault(absl::string_view kind, absl::string_view why) const {
  return {absl::StrCat("misreport ", name_, " ", kind),
          absl::StrCat("A usage of the shape ", name_, " cannot be counted: ", why,
                       ". The call is recorded without usage.")};
}

// Takes the number from the first of its paths that is there.
std::optional<UsageTrouble> UsageShape::TakeCount(size_t number, const FlatUsage& flat,
                                                  Counts& counts) const {
  for (const std::string& path : numbers_[number].second) {
    if (!flat.Has(path)) {
      continue;
    }
    const auto found = flat.numbers.find(path);
    const JsonValue& value =
        found != flat.numbers.end() ? found->second : flat.others.find(path)->second;
    if (value.kind != JsonValue::Kind::kWhole || value.whole < 0 || value.whole > kTokensMax) {
      return Fault(path, absl::StrCat(path, " is ", Shown(value), ", which is no count"));
    }
    counts.values[number] = static_cast<int64_t>(value.whole);
    counts.is_there[number] = true;
    break;
  }
  return std::nullopt;
}

UsageShape::Counts UsageShape::CountsOf(const FlatUsage& flat) const {
  Counts counts;
  counts.values.assign(numbers_.size() + lets_.size(), 0);
  counts.is_there.assign(counts.values.size(), false);
  for (size_t number = 0; number < numbers_.size() && !counts.fault.has_value(); ++number) {
    counts.fault = TakeCount(number, flat, counts);
  }
  for (size_t let = 0; let < lets_.size(); ++let) {
    counts.values[numbers_.size() + let] = lets_[let].Compute(counts.values);
  }
  return counts;
}

std::string UsageShape::NumbersShown(const Counts& counts) const {
  std::string shown;
  for (size_t number = 0; number < numbers_.size(); ++number) {
    if (counts.is_there[number]) {
      absl::StrAppend(&shown, shown.empty() ? "" : " ", numbers_[number].first, "=",
                      counts.values[number]);
    }
  }
  return shown;
}

Usage UsageShape::ComputeClasses(const Counts& counts, CacheAccounting accounting) const {
  Usage usage;
  for (const Class& derived : classes_) {
    usage.counts[derived.number] = derived.expression.Compute(counts.values);
  }
  if (accounting == CacheAccounting::kExclusive && is_cache_in_input_) {
    MoveCache(1, &usage);
  } else if (accounting == CacheAccounting::kInclusive && !is_cache_in_input_) {
    MoveCache(-1, &usage);
  }
  return usage;
}

void UsageShape::CheckClass(const Class& derived, const Counts& counts,
                            DerivedUsage& result) const {
  const int64_t count = result.usage.counts[derived.number];
  const absl::string_view name = kUsageClasses[derived.number].count;
  if (!IsCount(count)) {
    result.fault =
        Fault(name, absl::StrCat(name, " would be ", count, ", from ", NumbersShown(counts)));
    return;
  }
  const bool is_named = std::any_of(derived.names.begin(), derived.names.end(),
                                    [&](size_t name_index) { return counts.is_there[name_index]; });
  result.is_counted = result.is_counted || count > 0 || is_named;
}

void UsageShape::CheckSums(const Counts& counts, DerivedUsage& result) const {
  if (result.usage[UsageClass::kReasoning] > result.usage[UsageClass::kOutput]) {
    result.fault = Fault("reasoning", absl::StrCat("there is more reasoning than output, in ",
                                                   NumbersShown(counts)));
    return;
  }
  const bool is_told = total_.has_value() && counts.is_there[*total_];
  if (is_told && std::none_of(sums_.begin(), sums_.end(), [&](const Expression& sum) {
        return sum.Compute(counts.values) == counts.values[*total_];
      })) {
    result.doubt = UsageTrouble{
        absl::StrCat("total ", name_),
        absl::StrCat("A usage of the shape ", name_,
                     " is counted as it stands, though the provider's total is not the sum of its "
                     "parts, in ",
                     NumbersShown(counts), ".")};
  }
}

DerivedUsage UsageShape::Derive(const FlatUsage& flat, CacheAccounting accounting) const {
  DerivedUsage result;
  const Counts counts = CountsOf(flat);
  result.fault = counts.fault;
  if (!result.fault.has_value()) {
    result.usage = ComputeClasses(counts, accounting);
    if (accounting == CacheAccounting::kInclusive) {
      result.refusal = CheckRemainders(result.usage);
    }
  }
  for (const Class& derived : classes_) {
    if (!result.fault.has_value()) {
      CheckClass(derived, counts, result);
    }
  }
  if (!result.fault.has_value()) {
    CheckSums(counts, result);
  }
  return result;
}

}  // namespace itemized
