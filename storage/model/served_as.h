// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace itemized {

// Attributes of a call that say how it was served. They are attributes so that calls can be grouped
// and filtered by them, and take no room where they are not used; the prefix keeps them apart from
// those that senders name themselves.
inline constexpr absl::string_view kServiceTierAttribute = "itemized.service_tier";
inline constexpr absl::string_view kRegionAttribute = "itemized.region";

// Returns the service tier as rates name it: "" for the standard one, whatever it is called.
inline absl::string_view CanonicalServiceTier(absl::string_view tier) {
  for (const absl::string_view standard : {"standard", "default", "auto", "on_demand"}) {
    if (absl::EqualsIgnoreCase(tier, standard)) {
      return "";
    }
  }
  return tier;
}

// Returns the region as rates name it: "" where a call may be served anywhere.
inline absl::string_view CanonicalRegion(absl::string_view region) {
  for (const absl::string_view anywhere : {"global", "not_available"}) {
    if (absl::EqualsIgnoreCase(region, anywhere)) {
      return "";
    }
  }
  return region;
}

// How a call was served, where that decides its price; views into names of the call, canonical.
// Most calls are served in the standard tier, anywhere.
struct ServedAs {
  absl::string_view service_tier;  // "batch", "flex" or "priority", in the provider's words.
  absl::string_view region;        // A region or a data zone, such as "us".

  bool is_standard() const { return service_tier.empty() && region.empty(); }

  // Takes note of an attribute, if it is one of these two.
  void Note(absl::string_view key, absl::string_view value) {
    if (key == kServiceTierAttribute) {
      service_tier = CanonicalServiceTier(value);
    } else if (key == kRegionAttribute) {
      region = CanonicalRegion(value);
    }
  }

  bool operator==(const ServedAs&) const = default;
};

}  // namespace itemized
