// SPDX-License-Identifier: Apache-2.0
#include "storage/query/attribution.h"

#include <algorithm>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/wide_integers.h"

namespace itemized {
namespace {

using boost::multiprecision::int512_t;

// Quotients down to 2^-64, such as one call among all of a store, keep 64 digits; and products of
// two numbers that an amount in 128 bits has room for fit 512.
constexpr unsigned kFractionBits = 128;

// Rounds a fixed-point number half away from zero.
Picos Round(const int512_t& fixed) {
  const int512_t half = int512_t(1) << (kFractionBits - 1);
  return fixed < 0 ? -ToPicos(int512_t((half - fixed) >> kFractionBits))
                   : ToPicos(int512_t((fixed + half) >> kFractionBits));
}

// n choose k.
int64_t Choose(size_t n, size_t k) {
  int64_t ways = 1;
  for (size_t i = 1; i <= k; ++i) {
    ways = ways * static_cast<int64_t>(n - k + i) / static_cast<int64_t>(i);
  }
  return ways;
}

}  // namespace

Attribution::Fixed Attribution::ToFixed(const Quotient& quotient) {
  return (ToWide<int512_t>(quotient.numerator) << kFractionBits) /
         ToWide<int512_t>(quotient.denominator);
}

Attribution::Fixed Attribution::Product(const Fixed& a, const Fixed& b) {
  return (a * b) >> kFractionBits;
}

// A subset of the other factors has changed before this one in |S|! (n - 1 - |S|)! of n! orders.
// `by_size[s]` is the sum, over the subsets of s others, of the product of all others with those of
// the subset changed.
Attribution::Fixed Attribution::ShapleyValue(absl::Span<const std::pair<Fixed, Fixed>> factors,
                                             size_t which) {
  const size_t n = factors.size();
  std::array<Fixed, kFactorsMax> by_size{};
  by_size[0] = Fixed(1) << kFractionBits;
  size_t others = 0;
  for (size_t i = 0; i < n; ++i) {
    if (i == which) {
      continue;
    }
    ++others;
    for (size_t s = others; s > 0; --s) {
      by_size[s] =
          Product(by_size[s], factors[i].first) + Product(by_size[s - 1], factors[i].second);
    }
    by_size[0] = Product(by_size[0], factors[i].first);
  }
  Fixed mean = 0;
  for (size_t s = 0; s < n; ++s) {
    mean += by_size[s] / (static_cast<int64_t>(n) * Choose(n - 1, s));
  }
  return Product(mean, factors[which].second - factors[which].first);
}

void Attribution::AddProduct(absl::Span<const ChangedFactor> factors) {
  CHECK(factors.size() <= kFactorsMax);
  std::vector<std::pair<Fixed, Fixed>> values;
  for (const ChangedFactor& factor : factors) {
    const bool has_before = factor.before.denominator != 0;
    const bool has_after = factor.after.denominator != 0;
    if (!has_before && !has_after) {
      return;  // Nothing is there on either side.
    }
    values.emplace_back(ToFixed(has_before ? factor.before : factor.after),
                        ToFixed(has_after ? factor.after : factor.before));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].first != values[i].second) {
      parts_[static_cast<size_t>(factors[i].cause)] += ShapleyValue(values, i);
    }
  }
}

void Attribution::AddWhole(ChangeCause cause, Picos change) {
  parts_[static_cast<size_t>(cause)] += ToWide<int512_t>(change) << kFractionBits;
}

PicosByCause Attribution::Rounded(Picos change) const {
  PicosByCause rounded{};
  Picos rest = change;
  size_t largest = 0;
  const auto size = [](Picos picos) { return picos < 0 ? -picos : picos; };
  for (size_t cause = 0; cause < kChangeCauseCount; ++cause) {
    rounded[cause] = Round(parts_[cause]);
    rest -= rounded[cause];
    largest = size(rounded[cause]) > size(rounded[largest]) ? cause : largest;
  }
  rounded[largest] += rest;
  return rounded;
}

std::vector<Picos> ShareOut(Picos total, absl::Span<const Picos> weights) {
  int512_t sum = 0;
  for (const Picos weight : weights) {
    sum += ToWide<int512_t>(weight);
  }
  CHECK(sum > 0);
  std::vector<Picos> shares;
  Picos rest = total;
  for (const Picos weight : weights) {
    shares.push_back(ToPicos(int512_t(ToWide<int512_t>(total) * ToWide<int512_t>(weight) / sum)));
    rest -= shares.back();
  }
  const auto largest = std::max_element(weights.begin(), weights.end());
  shares[static_cast<size_t>(largest - weights.begin())] += rest;
  return shares;
}

}  // namespace itemized
