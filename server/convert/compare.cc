// SPDX-License-Identifier: Apache-2.0
#include "server/convert/compare.h"

#include <algorithm>
#include <string>

#include "server/convert/query_answers.h"
#include "server/convert/query_requests.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// The names of the causes on the wire, by ChangeCause.
constexpr const char* kCauseNames[kChangeCauseCount] = {
    "new_step",      "removed_step", "volume", "calls_per_run", "input_tokens",
    "output_tokens", "searches",     "cache",  "model_mix",     "price"};

absl::StatusOr<CompareSide> ToSide(const pb::CompareSide& from) {
  CompareSide side;
  ASSIGN_OR_RETURN(side.window, ToWindow(from.window()));
  ASSIGN_OR_RETURN(side.filter, ToCallFilter(from.filter()));
  return side;
}

absl::StatusOr<NameKind> ToKind(pb::GroupBy from) {
  ASSIGN_OR_RETURN(const GroupBy by, ToGroupBy(from));
  switch (by) {
    case GroupBy::kStep:
      return NameKind::kStep;
    case GroupBy::kWorkflow:
      return NameKind::kWorkflow;
    case GroupBy::kProvider:
      return NameKind::kProvider;
    case GroupBy::kModel:
      return NameKind::kModel;
    case GroupBy::kAttribute:
      break;
  }
  return absl::InvalidArgumentError(
      "A change is shown by step, model, workflow or provider, and not by attribute; compare two "
      "values of the attribute with each other instead.");
}

double Milliseconds(int64_t micros) {
  return static_cast<double>(micros) / 1000;
}

// `to` is a map from the names of causes to USD.
template <typename Map>
void SetCauses(const PicosByCause& causes, Map* to) {
  for (size_t cause = 0; cause < kChangeCauseCount; ++cause) {
    if (causes[cause] != 0) {
      (*to)[kCauseNames[cause]] = FormatUsd(causes[cause]);
    }
  }
}

void SetRow(const CompareRow& row, pb::CompareRow* to) {
  to->set_key(row.key);
  to->set_before_usd(FormatUsd(row.before.cost));
  to->set_after_usd(FormatUsd(row.after.cost));
  to->set_change_usd(FormatUsd(row.change()));
  SetCauses(row.causes, to->mutable_causes());
  to->set_before_calls(row.before.calls);
  to->set_after_calls(row.after.calls);
  if (row.before.p50_duration_us.has_value()) {
    to->set_before_p50_duration_ms(Milliseconds(*row.before.p50_duration_us));
    to->set_before_p95_duration_ms(Milliseconds(*row.before.p95_duration_us));
  }
  if (row.after.p50_duration_us.has_value()) {
    to->set_after_p50_duration_ms(Milliseconds(*row.after.p50_duration_us));
    to->set_after_p95_duration_ms(Milliseconds(*row.after.p95_duration_us));
  }
}

}  // namespace

absl::StatusOr<CompareQuery> ToCompareQuery(const pb::CompareRequest& request) {
  CompareQuery query;
  ASSIGN_OR_RETURN(query.before, ToSide(request.before()));
  ASSIGN_OR_RETURN(query.after, ToSide(request.after()));
  ASSIGN_OR_RETURN(query.by, ToKind(request.by()));
  RETURN_IF_ERROR(CheckLimit(request.limit()));
  if (query.before.window.as_known_at_us != query.after.window.as_known_at_us) {
    return absl::InvalidArgumentError(
        "The two windows differ in as_known_at_unix_us; compare bills that were known at the same "
        "instant.");
  }
  return query;
}

pb::CompareResponse ToCompareResponse(const CompareAnswer& answer, int32_t limit) {
  pb::CompareResponse to;
  *to.mutable_before_window() = ToWindowMessage(answer.before_range);
  *to.mutable_after_window() = ToWindowMessage(answer.after_range);
  to.set_before_usd(FormatUsd(answer.before.cost));
  to.set_after_usd(FormatUsd(answer.after.cost));
  to.set_change_usd(FormatUsd(answer.after.cost - answer.before.cost));
  SetCauses(answer.causes, to.mutable_causes());
  to.set_before_calls(answer.before.calls);
  to.set_after_calls(answer.after.calls);
  to.set_before_runs(answer.before_runs);
  to.set_after_runs(answer.after_runs);
  to.set_before_unpriced_calls(answer.before.unpriced_calls);
  to.set_after_unpriced_calls(answer.after.unpriced_calls);
  const size_t all = answer.rows.size();
  const size_t shown = limit > 0 ? std::min(all, static_cast<size_t>(limit)) : all;
  for (size_t i = 0; i < shown; ++i) {
    SetRow(answer.rows[i], to.add_rows());
  }
  to.set_rows_omitted(static_cast<int64_t>(all - shown));
  return to;
}

}  // namespace itemized::server
