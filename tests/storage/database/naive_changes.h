// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one change makes of one call, by hand, for the naive model.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "boost/multiprecision/cpp_int.hpp"

#include "storage/model/call.h"
#include "storage/model/usage.h"
#include "storage/query/what_if.h"
#include "tests/storage/database/naive_pricing.h"

namespace itemized::testing {

using Fraction = boost::multiprecision::cpp_rational;
using Whole = boost::multiprecision::cpp_int;

inline constexpr char kTierAttribute[] = "itemized.service_tier";
inline constexpr char kRegionAttributeName[] = "itemized.region";

// Returns the nearest whole number, the even one of two. Amounts of the random histories fit 64
// bits.
int64_t Rounded(const Fraction& value);
// Does so with a value that is not negative and fits 128 bits: what a gate costs over what next to
// nothing costs.
Picos RoundedWide(const Fraction& value);

// Sets an attribute of a call; "" takes it away.
void SetAttribute(Call* call, const std::string& key, const std::string& value);
// Whether both are priced by the same names.
bool AreNamesEqual(const Call& a, const Call& b);
// Returns the provider, or that which the model tells.
std::string NaiveMakerOf(const Call& call);

// The providers whose calls a swap can send to a model, and where it sends the others.
struct NaiveTargets {
  bool of_any = false;
  std::set<std::string> owners;
  std::string maker;
  std::optional<std::string> given;

  NaiveTargets(const std::vector<NaiveRate>& book, const ModelSwap& swap);
  bool Has(const std::string& provider) const;
  std::optional<std::string> For(const std::string& provider) const;
  bool IsSure() const { return given.has_value() ? Has(*given) : For("nobody").has_value(); }
};

// Return whether they change the usage.
bool CapNaively(int64_t cap, Usage* usage);
bool CacheNaively(int64_t share, Usage* usage);

}  // namespace itemized::testing
