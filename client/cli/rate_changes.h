// SPDX-License-Identifier: Apache-2.0
#pragma once

// What changes in the rate book when rates are set or removed, in words.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"

#include "client/cli/arguments.h"
#include "client/cli/session.h"

namespace itemized::cli {

using Rates = google::protobuf::RepeatedPtrField<pb::Rate>;

// Returns the instant that --effective-from names; 0, which means always, if that or none is given.
absl::StatusOr<int64_t> EffectiveFrom(const RatesArguments& arguments);

// Returns what people call a rate: "claude-sonnet-4-6 from 2026-11-01", "gpt-5* [flex] of azure".
std::string RateName(const pb::Rate& rate);

// Names the models of a rate, and how their calls are served: "gpt-5-nano [flex, us]".
std::string ServedName(const pb::Rate& rate);

// Returns "16:30-00:30 UTC", with seconds where there are any.
std::string HoursText(const pb::HoursOfDay& hours);

// A rate of the book and the one that takes its place.
struct RateReplacement {
  pb::Rate before;
  pb::Rate after;
  std::vector<std::string> lost;  // Fields of pb::Prices that have a price only before.

  bool loses_prices() const {
    return !lost.empty() || (!before.tiers().empty() && after.tiers().empty());
  }
  bool changes_prices() const;
};

// Returns what `rates` will replace: rates of the book with the same provider, match and instant.
std::vector<RateReplacement> Replacements(const pb::ListRatesResponse& book, const Rates& rates);

// Prints a table of the prices before and after.
void PrintReplacement(const RateReplacement& replacement, Session& session);

// Prints how many rates have other prices now, and which have lost some.
void PrintReplacements(const std::vector<RateReplacement>& replacements, Session& session);

// Says which rate prices today's calls of the models that `rate` is for, if it is another one.
// `book` is as it was before `rate` was set.
void PrintWhatWins(const pb::ListRatesResponse& book, const pb::Rate& rate, Session& session);

}  // namespace itemized::cli
