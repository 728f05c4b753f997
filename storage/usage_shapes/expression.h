// SPDX-License-Identifier: Apache-2.0
#pragma once

// Expressions of the table of usage shapes: +, -, whole numbers, names, and the functions max,
// where_equal and where_less.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace itemized {

// Where the value of a name stands.
using NameIndexes = std::map<std::string, size_t, std::less<>>;

struct ExpressionTerm;

// Immutable, so thread-safe.
class Expression {
 public:
  // CHECK-fails if `text` is no expression, or has a name that is not one of `names`: the table
  // is ours.
  static Expression Parse(absl::string_view text, const NameIndexes& names);

  // Computes it from the values of all names. Each value is a count or a sum of a few, so that
  // nothing overflows.
  int64_t Compute(const std::vector<int64_t>& values) const;

  // Adds the indexes of the names in it to `indexes`.
  void AddNames(std::vector<size_t>& indexes) const;

 private:
  friend class ExpressionParser;

  std::vector<ExpressionTerm> terms_;
};

enum class ExpressionKind : uint8_t { kNumber, kName, kMax, kWhereEqual, kWhereLess };

struct ExpressionTerm {
  ExpressionKind kind = ExpressionKind::kNumber;
  int64_t sign = 1;
  int64_t number = 0;
  size_t name = 0;
  std::vector<Expression> arguments;
};

}  // namespace itemized
