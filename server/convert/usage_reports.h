// SPDX-License-Identifier: Apache-2.0
#pragma once

// What providers reported becomes the usage of calls.

#include <deque>
#include <string>

#include "absl/status/status.h"

#include "server/convert/event_decoder.h"
#include "storage/usage_shapes/report_tally.h"

namespace itemized::server {

// Reads what the sender says that the provider charged, which is not empty. Returns
// INVALID_ARGUMENT, with a sentence for the sender, if that is no amount that a call can cost.
absl::Status ReadReportedCost(WireCall& call);

// Makes disjoint classes of the usage of a call whose sender says how it counts the cache; what was
// reported is read so by ReadInto. Returns INVALID_ARGUMENT, with a sentence for the sender, if it
// says something unknown, or there is more of the cache than of the input that includes it.
absl::Status ReadCacheAccounting(WireCall& call);

// Reads the reports of one batch. It has to outlive the calls, which point into it. Not
// thread-safe.
class UsageReports {
 public:
  // Fills in what the `usage_reported` of `call`, which is not empty, tells of it. What the
  // sender says itself of provider, model, service tier and region stays. Returns INVALID_ARGUMENT,
  // with a sentence for the sender, if the call has a usage as well, or the report cannot be read;
  // a report that cannot be counted is no error, and leaves the call without usage. So is a cost in
  // it that is beyond what a call can cost, which is left out.
  absl::Status ReadInto(WireCall& call);

  const UsageReportTally& tally() const { return tally_; }

 private:
  // Puts `told` into a field of a call that is empty.
  void Fill(std::string told, absl::string_view& field);

  std::deque<std::string> texts_;  // Their addresses stay when more are added.
  UsageReportTally tally_;
};

}  // namespace itemized::server
