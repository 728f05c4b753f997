// SPDX-License-Identifier: Apache-2.0
#pragma once

// A shape says what the numbers of one form of usage mean.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

#include "storage/model/cache_accounting.h"
#include "storage/model/usage.h"
#include "storage/usage_shapes/expression.h"
#include "storage/usage_shapes/flat_usage.h"
#include "storage/usage_shapes/json_value.h"
#include "storage/usage_shapes/reported_usage.h"

namespace itemized {

// What a usage object means.
struct DerivedUsage {
  Usage usage;
  bool is_counted = false;            // Otherwise there is no usage.
  std::optional<UsageTrouble> fault;  // Why it cannot be counted.
  std::optional<UsageTrouble> doubt;  // Why it may be wrong though it is counted.
  absl::Status refusal;               // Why it contradicts what its sender says of it.
};

// Immutable once made, so thread-safe.
class UsageShape {
 public:
  explicit UsageShape(JsonElement source);

  const std::string& name() const { return name_; }
  const std::string& provider() const { return provider_; }  // May be empty.
  // Whether it is a form of usage that has no tokens.
  bool has_classes() const { return !classes_.empty(); }

  bool Fits(const FlatUsage& flat) const;
  // Whether a number at this path is counted, or known to be of no matter.
  bool Knows(absl::string_view path) const;

  // Calls `visit` with each path that is counted, or known to be of no matter.
  void VisitPaths(absl::FunctionRef<void(absl::string_view)> visit) const;

  // `accounting` is what the sender says of the input, if it knows better than the shape.
  DerivedUsage Derive(const FlatUsage& flat,
                      CacheAccounting accounting = CacheAccounting::kUnsaid) const;

 private:
  using Paths = std::vector<std::string>;

  // The numbers of a report by name.
  struct Counts {
    std::vector<int64_t> values;  // Numbers and lets, by index.
    std::vector<bool> is_there;   // Whether the report has the number.
    std::optional<UsageTrouble> fault;
  };

  // A usage class and what it is made of.
  struct Class {
    size_t number = 0;  // Number of a UsageClass.
    Expression expression;
    std::vector<size_t> names;  // Indexes of the names in it.
  };

  void ReadRecognition(JsonElement source);
  void ReadExpressions(JsonElement source);
  void ReadKnown(JsonElement source);

  Counts CountsOf(const FlatUsage& flat) const;
  std::optional<UsageTrouble> TakeCount(size_t number, const FlatUsage& flat, Counts& counts) const;
  Usage ComputeClasses(const Counts& counts, CacheAccounting accounting) const;
  void CheckClass(const Class& derived, const Counts& counts, DerivedUsage& result) const;
  void CheckSums(const Counts& counts, DerivedUsage& result) const;
  UsageTrouble Fault(absl::string_view kind, absl::string_view why) const;
  std::string NumbersShown(const Counts& counts) const;

  std::string name_;
  std::string provider_;
  bool is_cache_in_input_ = false;  // The input that providers tell includes the cache.
  Paths has_, any_, lacks_;
  std::vector<std::pair<std::string, Paths>> numbers_;  // Those that may be shown.
  std::vector<Expression> lets_;                        // Each may use those before it.
  std::vector<Class> classes_;
  std::optional<size_t> total_;  // Index of the provider's own sum.
  std::vector<Expression> sums_;
  std::set<std::string, std::less<>> known_;
  Paths known_prefixes_;
};

}  // namespace itemized
