// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"
#include "storage/query/queries.h"
#include "storage/query/run_page.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

// The blocks that have calls of a run, by hour, each hour's in log order.
using BlocksByHour = std::map<Hour, std::vector<BlockRef>>;

// What is known of a run without its calls, and where they are.
struct RunHead {
  RunAnswer answer;
  BlocksByHour blocks;
  Hour first_hour{};  // Blocks of earlier hours are no longer kept.
};

absl::StatusOr<RunHead> ReadHead(const State& state, absl::string_view workflow_id) {
  const Snapshot snapshot(state);
  RunHead head;
  head.first_hour = state.blocks.first_hour();
  bool exists = false;
  const auto visit = [&](const Run& run) {
    exists = run.exists();
    RunAnswer& answer = head.answer;
    answer.workflow = state.catalog.Name(NameKind::kWorkflow, run.workflow());
    answer.outcome = run.outcome();
    answer.cost = run.cost();
    answer.unsurfaced = UnsurfacedOf(run, state.catalog);
    answer.unpriced_calls = run.unpriced_calls();
    answer.call_count = run.calls();
    if (run.completion().has_value()) {
      answer.completed_at_us = run.completion()->time_us;
      answer.unused_steps = run.completion()->unused_steps;
    }
    for (const BlockRef& ref : run.blocks()) {
      head.blocks[ref.hour].push_back(ref);
    }
  };
  ASSIGN_OR_RETURN(const bool found, state.views.runs().Visit(workflow_id, visit));
  if (!found || !exists) {
    return absl::NotFoundError(absl::StrCat("There is no run ", Quoted(workflow_id), "."));
  }
  head.answer.workflow_id = std::string(workflow_id);
  return head;
}

bool IsKept(const State& state, Hour hour) {
  const ReaderLock lock(state.mutex);
  return hour >= state.blocks.first_hour();
}

// Adds the run's rows of one hour to `page`. A block at a time is in memory, and the lock
// is taken for its rows only.
absl::Status ReadHour(const State& state, const std::vector<BlockRef>& refs,
                      absl::string_view workflow_id, const Cancellation* cancellation,
                      RunPage* page) {
  RunNames runs;
  runs.insert(workflow_id);
  for (const BlockRef& ref : refs) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    const absl::StatusOr<Block> block = state.blocks.ReadRows(ref, runs);
    if (!block.ok()) {
      // It may have been dropped since the run was looked up.
      return IsKept(state, ref.hour) ? block.status() : absl::OkStatus();
    }
    const ReaderLock lock(state.mutex);
    page->Add(block->calls, state.catalog);
  }
  return absl::OkStatus();
}

// Completes the calls with what is not of the log.
void Finish(const State& state, RunAnswer* answer) {
  UnpricedReasons reasons(state.rates.book());
  for (BilledCall& call : answer->calls) {
    call.unpriced_reason = call.cost.unpriced ? reasons.Of(call.call) : "";
    call.unsurfaced =
        std::count(answer->unused_steps.begin(), answer->unused_steps.end(), call.call.step) > 0;
  }
}

}  // namespace

absl::StatusOr<RunAnswer> AnswerRun(const QueryContext& context, const RunQuery& query,
                                    const Cancellation* cancellation) {
  const State& state = context.state;
  RETURN_IF_ERROR(CheckNotCancelled(cancellation));
  ASSIGN_OR_RETURN(RunHead head, ReadHead(state, query.workflow_id));
  RunAnswer& answer = head.answer;
  std::optional<RunPosition> position = query.after;
  size_t bytes = 0;
  const auto first = position.has_value() ? head.blocks.lower_bound(HourOf(position->key.time_us))
                                          : head.blocks.begin();
  for (auto hour = first; hour != head.blocks.end() && query.limit > 0; ++hour) {
    for (bool more = hour->first >= head.first_hour; more;) {
      if (answer.calls.size() >= query.limit || bytes >= query.bytes_max) {
        answer.next = position;
        Finish(state, &answer);
        return std::move(answer);
      }
      RunPage page(position, query.limit - answer.calls.size(), query.bytes_max - bytes);
      RETURN_IF_ERROR(ReadHour(state, hour->second, query.workflow_id, cancellation, &page));
      more = page.Take(&answer.calls, &position);
      bytes += page.bytes();
    }
  }
  Finish(state, &answer);
  return std::move(answer);
}

}  // namespace itemized
