// SPDX-License-Identifier: Apache-2.0
// Histograms as rows of the views hold them.

#include "storage/sketch/histogram.h"

#include "absl/status/statusor.h"

#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

// There is one form for each histogram, so encoding gives back what was read.
void CheckRoundTrip(const Histogram& histogram, absl::string_view bytes) {
  std::string encoded;
  histogram.EncodeTo(&encoded);
  CHECK(encoded == bytes);
}

// What is read can be computed with as if it had been added up here.
void CheckArithmetic(const Histogram& histogram) {
  CHECK(histogram.Quantile(0) <= histogram.Quantile(0.5));
  CHECK(histogram.Quantile(0.5) <= histogram.Quantile(1));
  Histogram sum;
  sum.Merge(histogram);
  CHECK(sum == histogram);
  sum.Subtract(histogram);
  CHECK(sum.empty() && sum.sum() == 0);
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds(2);
  Histogram histogram;
  histogram.EncodeTo(&seeds[0]);
  for (const int64_t value : {int64_t{0}, int64_t{1}, int64_t{300}, int64_t{300}, INT64_MAX}) {
    histogram.Add(value);
  }
  histogram.EncodeTo(&seeds[1]);
  return seeds;
}

bool Accepts(absl::string_view input) {
  absl::string_view rest = input;
  const absl::StatusOr<Histogram> histogram = Histogram::DecodeFrom(&rest);
  if (!histogram.ok()) {
    CHECK(histogram.status().code() == absl::StatusCode::kDataLoss && rest == input);
    return false;
  }
  CheckRoundTrip(*histogram, input.substr(0, input.size() - rest.size()));
  CheckArithmetic(*histogram);
  return true;
}

}  // namespace itemized::fuzz
