// SPDX-License-Identifier: Apache-2.0
// How the cost of one call comes about.

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/query/call_totals.h"
#include "storage/query/queries.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

// Calls of a run that are looked at together.
constexpr size_t kCallsAtOnce = 1'000;

// Returns the runs that have a call of this id now, by reading the whole log that is kept.
// Retracted and revised calls have rows that take them out.
absl::StatusOr<std::vector<std::string>> FindRuns(const State& state, const std::string& event_id,
                                                  const Cancellation* cancellation) {
  std::optional<BlockStore::Reader> reader;
  TimeRange range;
  {
    const Snapshot snapshot(state);
    range = {HourStartUs(state.blocks.first_hour()), kTimeMaxUs};
    const ColumnMask columns = Columns(ColumnId::kRunNames, ColumnId::kRun, ColumnId::kEventIdShape,
                                       ColumnId::kEventIdBytes, ColumnId::kSeries);
    ASSIGN_OR_RETURN(reader, snapshot.Open(range, columns));
  }
  std::map<std::string, int64_t> weights;
  RETURN_IF_ERROR(ScanRows(
      state, *std::move(reader), range,
      [&](const LogRow& row) {
        if (row.calls().EventId(row.row) == event_id) {
          weights[std::string(row.calls().RunName(row.row))] += row.weight();
        }
        return absl::OkStatus();
      },
      cancellation));
  std::vector<std::string> runs;
  for (const auto& [run, weight] : weights) {
    if (weight > 0) {
      runs.push_back(run);
    }
  }
  return runs;
}

// Returns the call of this id in a run. NOT_FOUND if there is none that is kept.
absl::StatusOr<BilledCall> FindCall(const QueryContext& context, const std::string& workflow_id,
                                    const std::string& event_id, const Cancellation* cancellation) {
  RunQuery page{.workflow_id = workflow_id, .limit = kCallsAtOnce};
  do {
    ASSIGN_OR_RETURN(RunAnswer run, AnswerRun(context, page, cancellation));
    for (BilledCall& billed : run.calls) {
      if (billed.call.event_id == event_id) {
        return std::move(billed);
      }
    }
    page.after = run.next;
  } while (page.after.has_value());
  return absl::NotFoundError(absl::StrCat("The run ", Quoted(workflow_id), " has no call ",
                                          Quoted(event_id), " that is still kept."));
}

}  // namespace

absl::StatusOr<ExplainAnswer> AnswerExplain(const QueryContext& context, const ExplainQuery& query,
                                            const Cancellation* cancellation) {
  if (query.event_id.empty()) {
    return absl::InvalidArgumentError("The event_id is missing; name the call to explain.");
  }
  ExplainAnswer answer;
  std::string workflow_id = query.workflow_id;
  if (workflow_id.empty()) {
    ASSIGN_OR_RETURN(answer.runs, FindRuns(context.state, query.event_id, cancellation));
    if (answer.runs.empty()) {
      return absl::NotFoundError(
          absl::StrCat("There is no call ", Quoted(query.event_id), " that is still kept."));
    }
    workflow_id = answer.runs.front();
  }
  ASSIGN_OR_RETURN(answer.call, FindCall(context, workflow_id, query.event_id, cancellation));
  answer.price = ExplainPrice(*context.state.rates.book(), answer.call.call);
  return answer;
}

}  // namespace itemized
