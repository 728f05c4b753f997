// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "storage/model/call.h"

namespace itemized {

// The dearest of many calls: by falling cost, then the newest, then by id. Not thread-safe.
class DearestCalls {
 public:
  // Keeps at most `calls_max` calls and about `bytes_max` bytes, but one call at least.
  DearestCalls(size_t calls_max, size_t bytes_max) : calls_max_(calls_max), bytes_max_(bytes_max) {}

  // Whether a call of that cost may be among them. Cheap: most are not.
  bool HasPlaceFor(int64_t cost_picos) const {
    return !last_.has_value() || cost_picos >= std::get<0>(*last_);
  }
  void Add(BilledCall call);

  // Gives them away in their order; to be called once.
  std::vector<BilledCall> Take();

 private:
  // Cost, time, event id and run.
  using Rank = std::tuple<int64_t, int64_t, std::string, std::string>;
  struct Dearer {
    bool operator()(const Rank& a, const Rank& b) const;
  };
  struct Kept {
    Rank rank;
    BilledCall call;
  };
  struct ByRank {
    bool operator()(const Kept& a, const Kept& b) const { return Dearer()(a.rank, b.rank); }
  };

  const size_t calls_max_;
  const size_t bytes_max_;
  std::multiset<Kept, ByRank> kept_;
  size_t bytes_ = 0;
  std::optional<Rank> last_;  // Nothing behind it is kept any more.
};

}  // namespace itemized
