// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace itemized::bench {

// Figures by name. If a name is reported several times, its median counts.
class Report {
 public:
  void Add(const std::string& name, double value, const std::string& unit);
  // Returns the median of a figure; 0 if there is none.
  double Value(const std::string& name) const;
  // Adds the quotient of two figures, if both are there.
  void AddRatio(const std::string& name, const std::string& over, const std::string& under);
  void Describe(const std::string& key, const std::string& text);  // A line of context.

  std::string ToTable() const;

  // {"figures":[{"name","value","unit","low","high"}...], and the lines of context}; low
  // and high are the extremes of several rounds.
  std::string ToJson() const;
  absl::Status WriteJson(const std::string& path) const;

 private:
  struct Figure {
    std::string name;
    std::string unit;
    std::vector<double> values;

    double Median() const;
  };
  std::vector<Figure> figures_;
  std::vector<std::pair<std::string, std::string>> context_;
};

}  // namespace itemized::bench
