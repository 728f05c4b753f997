// SPDX-License-Identifier: Apache-2.0
#pragma once

// Why an amount changed, if it is a product of factors several of which changed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "boost/multiprecision/cpp_int.hpp"

#include "storage/base/money.h"

namespace itemized {

// What a difference in spend comes from. The comment of itemized.v1.CompareResponse says what each
// of them is.
enum class ChangeCause : uint8_t {
  kNewStep,
  kRemovedStep,
  kVolume,
  kCallsPerRun,
  kInputTokens,
  kOutputTokens,
  kSearches,
  kCache,
  kModelMix,
  kPrice,
};
inline constexpr size_t kChangeCauseCount = 10;
using PicosByCause = std::array<Picos, kChangeCauseCount>;

// A quotient of two amounts that are not negative; undefined if the denominator is 0.
struct Quotient {
  Picos numerator = 0;
  Picos denominator = 1;
};

// One of the factors that an amount is the product of, before and after. Where it is undefined on
// one side, such as the price of a model that is not used there, it has not changed.
struct ChangedFactor {
  ChangeCause cause = ChangeCause::kVolume;
  Quotient before;
  Quotient after;
};

// What each cause adds to the changes of some amounts. The parts are Shapley values: the mean,
// over all orders in which the factors could have changed one after the other, of what a factor
// changes when it is its turn. So they do not depend on an order, and add up to the change. They
// are the one way to share it out which does that, treats equal factors alike and gives nothing to
// one that has not changed (L. Shapley, "A Value for n-Person Games", 1953; for changes of a
// product: A. Shorrocks, "Decomposition procedures for distributional analysis", Journal of
// Economic Inequality 11, 2013). Not thread-safe.
class Attribution {
 public:
  // Adds the change of the product of `factors`, of which there are at most kFactorsMax.
  static constexpr size_t kFactorsMax = 8;
  void AddProduct(absl::Span<const ChangedFactor> factors);

  // Adds a change that has one cause.
  void AddWhole(ChangeCause cause, Picos change);

  // Returns the parts in whole pico-dollars. They add up to `change`, which is what was added:
  // each is rounded, and the largest takes what that leaves.
  PicosByCause Rounded(Picos change) const;

 private:
  // A fixed-point number with kFractionBits: the factors are quotients, so that no float is needed.
  using Fixed = boost::multiprecision::int512_t;

  static Fixed ToFixed(const Quotient& quotient);
  static Fixed Product(const Fixed& a, const Fixed& b);
  static Fixed ShapleyValue(absl::Span<const std::pair<Fixed, Fixed>> factors, size_t which);

  std::array<Fixed, kChangeCauseCount> parts_{};
};

// Shares `total` out by `weights`, which are not negative and not all 0, in whole pico-dollars.
// What rounding leaves goes to the largest weight.
std::vector<Picos> ShareOut(Picos total, absl::Span<const Picos> weights);

}  // namespace itemized
