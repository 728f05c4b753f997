// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/demo/traffic.h"
#include "storage/base/money.h"
#include "storage/pricing/rate_book.h"

namespace itemized::demo {

// What traffic amounts to, reckoned here and without a server. Prices are
// exact; medians are over all calls of a step, outliers being calls above
// five times it. Not thread-safe.
class Shape {
 public:
  struct Step {
    std::string name;
    int64_t calls = 0;
    Picos cost = 0;
    int64_t median_picos = 0;
    int64_t outliers = 0;
    double call_share = 0;       // Its part of all calls, 0 to 1.
    double spend_share = 0;      // Its part of all spend, 0 to 1.
    double median_multiple = 0;  // Median cost of an outlier over the step's median.
  };

  explicit Shape(const RateBook& book) : book_(book) {}  // `book` must outlive this.

  void Add(const Delivery& delivery);

  std::vector<Step> Steps() const;  // The dearest comes first.
  int64_t calls() const { return calls_; }
  int64_t unpriced_calls() const { return unpriced_; }
  int64_t late_calls() const { return late_; }
  int64_t runs(Outcome outcome) const;
  Picos cost() const { return cost_; }

  // A table for people.
  std::string ToString() const;

 private:
  const RateBook& book_;
  std::map<std::pair<std::string, std::string>, RateBook::Schedule> schedules_;
  std::map<std::string, std::vector<int64_t>> costs_;  // Each step has those of its priced calls.
  std::map<std::string, int64_t> step_calls_;
  std::map<Outcome, int64_t> runs_;
  int64_t calls_ = 0;
  int64_t unpriced_ = 0;
  int64_t late_ = 0;
  Picos cost_ = 0;
};

}  // namespace itemized::demo
