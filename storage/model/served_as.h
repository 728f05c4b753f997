// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace itemized {

// Attributes of a call that say how it was served. They are attributes so that calls can be grouped
// and filtered by them, and take no room where they are not used; the prefix keeps them apart from
// those that senders name themselves.
inline constexpr absl::string_view kReservedAttributePrefix = "itemized.";
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

// An attribute of a call that some rate names: its key and value.
using Contract = std::pair<absl::string_view, absl::string_view>;

// The attributes that rates name, such as those of tenants with a contract. They have few keys.
// Thread-safe when const.
class Contracts {
 public:
  bool empty() const { return counts_.empty(); }
  size_t keys() const { return counts_.size(); }
  bool HasKey(absl::string_view key) const { return counts_.find(key) != counts_.end(); }
  bool Has(absl::string_view key, absl::string_view value) const {
    const auto values = counts_.find(key);
    return values != counts_.end() && values->second.find(value) != values->second.end();
  }
  // Adds one more rate that names it, or one less.
  void Add(const std::string& key, const std::string& value) { ++counts_[key][value]; }
  void Remove(const std::string& key, const std::string& value) {
    if (--counts_[key][value] == 0) {
      counts_[key].erase(value);
    }
    if (counts_[key].empty()) {
      counts_.erase(key);
    }
  }

 private:
  // How many rates name each value, by key. std::less<> finds views.
  using Values = std::map<std::string, int, std::less<>>;
  std::map<std::string, Values, std::less<>> counts_;
};

// How a call was served, and by which contracts, where that decides its price; views into names of
// the call, canonical. Most calls are served in the standard tier, anywhere, and by no contract.
struct ServedAs {
  absl::string_view service_tier;  // "batch", "flex" or "priority", in the provider's words.
  absl::string_view region;        // A region or a data zone, such as "us".
  absl::InlinedVector<Contract, 1> contracts = {};  // They are sorted.

  bool is_standard() const { return service_tier.empty() && region.empty() && contracts.empty(); }

  // Takes note of an attribute, if it is one of those that decide the price. `named` are the
  // contracts of the rate book.
  void Note(absl::string_view key, absl::string_view value, const Contracts& named) {
    if (key == kServiceTierAttribute) {
      service_tier = CanonicalServiceTier(value);
    } else if (key == kRegionAttribute) {
      region = CanonicalRegion(value);
    } else if (!named.empty() && named.Has(key, value)) {
      const Contract contract(key, value);
      contracts.insert(std::lower_bound(contracts.begin(), contracts.end(), contract), contract);
    }
  }

  bool operator==(const ServedAs&) const = default;
};

}  // namespace itemized
