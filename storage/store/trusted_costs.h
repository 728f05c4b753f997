// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

#include "storage/model/call.h"
#include "storage/pricing/provider_names.h"

namespace itemized {

// Providers whose word counts: what one of them reports as the cost of a call is its cost, whatever
// the rates say. Immutable, so thread-safe.
class TrustedCosts {
 public:
  // Each name stands for all synonyms of the provider.
  explicit TrustedCosts(const std::vector<std::string>& providers) {
    for (const std::string& provider : providers) {
      providers_.insert(CanonicalProvider(provider));
    }
  }

  // Returns what a call of `provider` costs for which it reported `picos`; nothing if it is not
  // trusted, or reported none.
  std::optional<CallCost> Of(absl::string_view provider, std::optional<int64_t> picos) const {
    if (!picos.has_value() || providers_.empty() ||
        !providers_.contains(CanonicalProvider(provider))) {
      return std::nullopt;
    }
    return CallCost{.picos = *picos, .unpriced = false, .reported = true};
  }

 private:
  absl::flat_hash_set<std::string> providers_;
};

}  // namespace itemized
