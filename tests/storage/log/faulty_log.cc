// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/log/faulty_log.h"

#include <utility>

#include "storage/base/check.h"

namespace itemized::testing {

using Outcome = AppendResult::Outcome;

AppendResult FaultyLog::AppendToInner(const Entry& entry, KvBatch rows) {
  AppendResult result = inner_->Append(entry, std::move(rows));
  last_ = inner_->last();
  return result;
}

AppendResult FaultyLog::BecomeUnknown() {
  is_unknown_ = true;
  failing_resolves_ = faults_.failed_resolves();
  return {Outcome::kUnknown, absl::UnavailableError("The log did not answer.")};
}

AppendResult FaultyLog::Append(const Entry& entry, KvBatch rows) {
  CHECK(!is_unknown_);
  const LogFault fault = is_fenced_ ? LogFault::kFenced : faults_.next(entry);
  switch (fault) {
    case LogFault::kRefused:
      return AppendResult::NotAppended(absl::UnavailableError("The log refused."));
    case LogFault::kLost:
      return BecomeUnknown();
    case LogFault::kAppendedUnknown:
      CHECK(inner_->Append(entry, std::move(rows)).outcome == Outcome::kAppended);
      return BecomeUnknown();
    case LogFault::kFenced:
      is_fenced_ = true;
      return {Outcome::kFenced, absl::UnavailableError("Epoch 2 has begun.")};
    case LogFault::kNone:
      break;
  }
  return AppendToInner(entry, std::move(rows));
}

absl::Status FaultyLog::Resolve() {
  if (failing_resolves_-- > 0) {
    return absl::UnavailableError("The log does not answer.");
  }
  is_unknown_ = false;
  last_ = inner_->last();
  return absl::OkStatus();
}

}  // namespace itemized::testing
