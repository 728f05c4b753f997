// SPDX-License-Identifier: Apache-2.0
// What providers report of usage: objects, responses, and streams in arrays.

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/model/limits.h"
#include "storage/usage_shapes/reported_usage.h"
#include "tests/fuzz/fuzz.h"
#include "tests/storage/usage_shapes/usage_vectors.h"

namespace itemized::fuzz {
namespace {

void CheckUsage(const Usage& usage) {
  const auto [least, most] = std::minmax_element(usage.counts.begin(), usage.counts.end());
  CHECK(*least >= 0 && *most <= kTokensMax);
  CHECK(usage[UsageClass::kReasoning] <= usage[UsageClass::kOutput]);
}

// A report may be told to people, and may go into the bill.
void CheckReport(const ReportedUsage& report) {
  if (report.usage.has_value()) {
    CheckUsage(*report.usage);
  }
  CHECK(!report.reported_cost.has_value() || *report.reported_cost >= 0);
  CHECK((!report.is_unknown && !report.is_misreported) || !report.troubles.empty());
  for (const UsageTrouble& trouble : report.troubles) {
    CHECK(!trouble.kind.empty() && !trouble.sentence.empty() && trouble.sentence.back() == '.');
    CHECK(trouble.sentence.size() < 4'096);
  }
}

bool AreSame(const ReportedUsage& a, const ReportedUsage& b) {
  return a.usage == b.usage && a.shape == b.shape && a.provider == b.provider &&
         a.model == b.model && a.service_tier == b.service_tier && a.region == b.region &&
         a.reported_cost == b.reported_cost && a.is_unknown == b.is_unknown &&
         a.is_misreported == b.is_misreported;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const testing::UsageVector& vector : testing::ReadUsageVectors()) {
    seeds.push_back(testing::InAnArray(vector.pieces));
    if (vector.pieces.size() == 1) {
      seeds.push_back(vector.pieces.front());
    }
  }
  return seeds;
}

bool Accepts(absl::string_view input) {
  const absl::StatusOr<ReportedUsage> report = ReadReportedUsage(input);
  if (!report.ok()) {
    CHECK(absl::IsInvalidArgument(report.status()) && report.status().message().back() == '.');
    return false;
  }
  CheckReport(*report);
  // An array of one element says what the element says, as long as it may be larger and deeper.
  if (const auto listed = ReadReportedUsage(absl::StrCat("[", input, "]")); listed.ok()) {
    CHECK(input.find('[') != absl::string_view::npos || AreSame(*report, *listed));
  }
  return true;
}

}  // namespace itemized::fuzz
