// SPDX-License-Identifier: Apache-2.0
// Why spend changed between two sets of calls. ARCHITECTURE.md, "Comparing two bills", says how it
// is made.

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "storage/base/mutex.h"
#include "storage/base/status_macros.h"
#include "storage/pricing/provider_names.h"
#include "storage/query/compared_side.h"
#include "storage/query/comparison.h"
#include "storage/query/queries.h"
#include "storage/query/snapshot.h"

namespace itemized {
namespace {

// Whether no call can be on both sides because of this name.
bool AreOtherNames(NameKind kind, const CallFilter& before, const CallFilter& after) {
  const std::optional<std::string>& a = before[kind];
  const std::optional<std::string>& b = after[kind];
  const bool both = a.has_value() && b.has_value();
  return both && *a != *b && (kind != NameKind::kProvider || !IsSameProvider(*a, *b));
}

bool AreOtherCalls(const CallFilter& before, const CallFilter& after) {
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    if (AreOtherNames(static_cast<NameKind>(kind), before, after)) {
      return true;
    }
  }
  for (const auto& [key, value] : before.attributes) {
    for (const auto& [other_key, other_value] : after.attributes) {
      if (key == other_key && value != other_value) {
        return true;
      }
    }
  }
  return false;
}

// INVALID_ARGUMENT if a call could be on both sides.
absl::Status CheckApart(const CompareQuery& query, TimeRange before, TimeRange after) {
  if (before.end_us <= after.start_us || after.end_us <= before.start_us ||
      AreOtherCalls(query.before.filter, query.after.filter)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "The windows overlap: ", FormatTime(before.start_us), " to ", FormatTime(before.end_us),
      ", and ", FormatTime(after.start_us), " to ", FormatTime(after.end_us),
      ". Compare windows that have no instant in common, or two values of a name or attribute."));
}

int64_t SumOfRuns(const ComparedSide& side) {
  return std::accumulate(side.runs().begin(), side.runs().end(), int64_t{0},
                         [](int64_t sum, const auto& runs) { return sum + runs.second; });
}

void AddTotals(const ComparedCalls& calls, ComparedCalls* total) {
  total->cost += calls.cost;
  total->calls += calls.calls;
  total->unpriced_calls += calls.unpriced_calls;
}

void SortRows(std::vector<CompareRow>* rows) {
  const auto size = [](const CompareRow& row) {
    return row.change() < 0 ? -row.change() : row.change();
  };
  std::sort(rows->begin(), rows->end(), [&](const CompareRow& a, const CompareRow& b) {
    return size(a) != size(b) ? size(a) > size(b) : a.key < b.key;
  });
}

CompareAnswer MakeAnswer(const Catalog& catalog, const CompareQuery& query,
                         const ComparedSide& before, const ComparedSide& after,
                         const Comparison::Rows& rows) {
  CompareAnswer answer;
  answer.before_range = before.range();
  answer.after_range = after.range();
  answer.before_runs = SumOfRuns(before);
  answer.after_runs = SumOfRuns(after);
  for (const auto& [name, parts] : rows) {
    CompareRow row{
        .key = catalog.Name(query.by, name), .before = parts.before, .after = parts.after};
    if (row.before.calls == 0 && row.after.calls == 0) {
      continue;
    }
    before.SetDurations(row.key, &row.before);
    after.SetDurations(row.key, &row.after);
    row.causes = parts.causes.Rounded(row.change());
    AddTotals(row.before, &answer.before);
    AddTotals(row.after, &answer.after);
    for (size_t cause = 0; cause < kChangeCauseCount; ++cause) {
      answer.causes[cause] += row.causes[cause];
    }
    answer.rows.push_back(std::move(row));
  }
  SortRows(&answer.rows);
  return answer;
}

}  // namespace

absl::StatusOr<CompareAnswer> AnswerCompare(const QueryContext& context, const CompareQuery& query,
                                            const Cancellation* cancellation) {
  std::optional<ComparedSide> before;
  std::optional<ComparedSide> after;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(const TimeRange range_before, snapshot.Resolve(query.before.window));
    ASSIGN_OR_RETURN(TimeRange range_after, snapshot.Resolve(query.after.window));
    if (query.before.window.last_us == query.after.window.last_us &&
        query.before.window.last_us.has_value()) {
      range_after = range_before;  // Both end now.
    }
    RETURN_IF_ERROR(CheckApart(query, range_before, range_after));
    ASSIGN_OR_RETURN(before, ComparedSide::Open(context, snapshot, query.before, range_before,
                                                query.by, cancellation));
    ASSIGN_OR_RETURN(after, ComparedSide::Open(context, snapshot, query.after, range_after,
                                               query.by, cancellation));
  }
  RETURN_IF_ERROR(before->Read(cancellation));
  RETURN_IF_ERROR(after->Read(cancellation));
  ASSIGN_OR_RETURN(const auto rows, Comparison(*before, *after, query.by).MakeRows(cancellation));
  const ReaderLock lock(context.state.mutex);
  return MakeAnswer(context.state.catalog, query, *before, *after, rows);
}

}  // namespace itemized
