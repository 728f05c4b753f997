// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/expression.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

#include "storage/base/check.h"

namespace itemized {
namespace {

int64_t Call(ExpressionKind function, const std::vector<Expression>& arguments,
             const std::vector<int64_t>& values) {
  const int64_t a = arguments[0].Compute(values);
  const int64_t b = arguments[1].Compute(values);
  if (function == ExpressionKind::kMax) {
    return std::max(a, b);
  }
  const bool holds = function == ExpressionKind::kWhereEqual ? a == b : a < b;
  return holds ? arguments[2].Compute(values) : 0;
}

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

}  // namespace

// Reads by recursive descent.
class ExpressionParser {
 public:
  ExpressionParser(absl::string_view text, const NameIndexes& names) : rest_(text), names_(names) {}

  Expression ParseWhole() {
    Expression expression = Sum();
    CHECK(Peek().empty());
    return expression;
  }

 private:
  // Returns the next word or sign; "" at the end.
  absl::string_view Peek() {
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    size_t size = 0;
    while (size < rest_.size() && IsWordCharacter(rest_[size])) {
      ++size;
    }
    return rest_.substr(0, std::max<size_t>(size, 1));
  }

  absl::string_view Take() {
    const absl::string_view token = Peek();
    rest_.remove_prefix(token.size());
    return token;
  }

  Expression Sum() {
    Expression sum;
    int64_t sign = 1;
    while (true) {
      ExpressionTerm term = Term();
      term.sign = sign;
      sum.terms_.push_back(std::move(term));
      if (Peek() != "+" && Peek() != "-") {
        return sum;
      }
      sign = Take() == "+" ? 1 : -1;
    }
  }

  ExpressionTerm Term() {
    static constexpr std::pair<absl::string_view, ExpressionKind> kFunctions[] = {
        {"max", ExpressionKind::kMax},
        {"where_equal", ExpressionKind::kWhereEqual},
        {"where_less", ExpressionKind::kWhereLess},
    };
    const absl::string_view token = Take();
    ExpressionTerm term;
    for (const auto& [name, kind] : kFunctions) {
      if (token == name) {
        term.kind = kind;
        term.arguments = Arguments(kind == ExpressionKind::kMax ? 2 : 3);
        return term;
      }
    }
    if (absl::SimpleAtoi(token, &term.number)) {
      return term;
    }
    const auto found = names_.find(token);
    CHECK(found != names_.end());
    term.kind = ExpressionKind::kName;
    term.name = found->second;
    return term;
  }

  std::vector<Expression> Arguments(size_t count) {
    std::vector<Expression> arguments;
    CHECK(Take() == "(");
    while (true) {
      arguments.push_back(Sum());
      const absl::string_view separator = Take();
      if (separator == ")") {
        break;
      }
      CHECK(separator == ",");
    }
    CHECK(arguments.size() == count);
    return arguments;
  }

  absl::string_view rest_;
  const NameIndexes& names_;
};

Expression Expression::Parse(absl::string_view text, const NameIndexes& names) {
  return ExpressionParser(text, names).ParseWhole();
}

int64_t Expression::Compute(const std::vector<int64_t>& values) const {
  int64_t sum = 0;
  for (const ExpressionTerm& term : terms_) {
    switch (term.kind) {
      case ExpressionKind::kNumber:
        sum += term.sign * term.number;
        break;
      case ExpressionKind::kName:
        sum += term.sign * values[term.name];
        break;
      default:
        sum += term.sign * Call(term.kind, term.arguments, values);
    }
  }
  return sum;
}

void Expression::AddNames(std::vector<size_t>& indexes) const {
  for (const ExpressionTerm& term : terms_) {
    if (term.kind == ExpressionKind::kName) {
      indexes.push_back(term.name);
    }
    for (const Expression& argument : term.arguments) {
      argument.AddNames(indexes);
    }
  }
}

}  // namespace itemized
