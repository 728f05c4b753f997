// SPDX-License-Identifier: Apache-2.0
#pragma once

// What providers reported becomes the usage of calls.

#include <deque>
#include <string>

#include "absl/status/status.h"

#include "server/convert/event_decoder.h"
#include "storage/usage_shapes/report_tally.h"

namespace itemized::server {

// Reads the reports of one batch. It has to outlive the calls, which point into it. Not
// thread-safe.
class UsageReports {
 public:
  // Fills in what the `usage_reported` of `call`, which is not empty, tells of it. What the
  // sender says itself of provider, model, service tier and region stays. Returns INVALID_ARGUMENT,
  // with a sentence for the sender, if the call has a usage as well, or the report cannot be read;
  // a report that cannot be counted is no error, and leaves the call without usage. The cost that a
  // report may name is not kept: calls have no field for it.
  absl::Status ReadInto(WireCall& call);

  const UsageReportTally& tally() const { return tally_; }

 private:
  // Puts `told` into a field of a call that is empty.
  void Fill(std::string told, absl::string_view& field);

  std::deque<std::string> texts_;  // Their addresses stay when more are added.
  UsageReportTally tally_;
};

}  // namespace itemized::server
