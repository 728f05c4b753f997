// SPDX-License-Identifier: Apache-2.0
// What pricing calls again, or reading their usage again, would change.

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/block/column_codec.h"
#include "storage/query/queries.h"
#include "storage/query/row_filter.h"
#include "storage/query/snapshot.h"
#include "storage/store/pricer.h"
#include "storage/store/usage_again.h"

namespace itemized {
namespace {

constexpr ColumnMask kPricingColumns =
    Columns(ColumnId::kSeries, ColumnId::kTime, ColumnId::kCost, ColumnId::kFlags,
            ColumnId::kNegativeWeights, ColumnId::kStrings, ColumnId::kAttributeSets,
            ColumnId::kAttributeSet, ColumnId::kStatus, ColumnId::kReportedCost,
            ColumnId::kOtherModel) |
    kUsageColumns;
constexpr ColumnMask kReportColumns =
    Columns(ColumnId::kReportedUsageRecipes, ColumnId::kReportedUsageRecipe,
            ColumnId::kReportedUsageNumbers);

Picos SizeOfChange(const RepricingRow& row) {
  const Picos change = row.cost_after - row.cost_before;
  return change < 0 ? -change : change;
}

// Adds up what would change. A row that takes another one out takes back what that one added.
class Changes {
 public:
  explicit Changes(const Catalog& catalog) : catalog_(catalog) {}

  // Returns the model of a call; nothing if its name was lost.
  std::optional<absl::string_view> ModelOf(const LogRow& row) const {
    const absl::string_view other = row.calls().OtherModelAt(row.row);
    const NameId model = catalog_.Series(row.series())[NameKind::kModel];
    if (other.empty() && model == kOtherNameId) {
      return std::nullopt;
    }
    return other.empty() ? catalog_.Name(NameKind::kModel, model) : other;
  }

  // Counts a call that would not change.
  void AddUnchanged(const LogRow& row) { looked_at_ += row.block.calls.weight[row.row]; }

  void Add(const LogRow& row, absl::string_view model, const RowUsage& usage, CallCost after) {
    const CallRows& calls = row.block.calls;
    const int64_t weight = calls.weight[row.row];
    looked_at_ += weight;
    const CallCost before = calls.CostAt(row.row);
    const RowUsage usage_before = calls.RowUsageAt(row.row);
    if (before == after && usage_before == usage) {
      return;
    }
    const SeriesKey& key = catalog_.Series(calls.SeriesAt(row.row));
    RepricingRow& sums =
        rows_[{key[NameKind::kStep], key[NameKind::kProvider], std::string(model)}];
    sums.calls += weight;
    sums.cost_before += before.picos * weight;
    sums.cost_after += Picos(after.picos) * weight;
    sums.unpriced_before += before.unpriced ? weight : 0;
    sums.unpriced_after += after.unpriced ? weight : 0;
    sums.tokens_before += Picos(usage_before.usage.TotalTokens()) * weight;
    sums.tokens_after += Picos(usage.usage.TotalTokens()) * weight;
  }

  int64_t looked_at() const { return looked_at_; }

  std::vector<RepricingRow> Rows() const {
    std::vector<RepricingRow> rows;
    for (const auto& [key, sums] : rows_) {
      if (sums.calls == 0) {
        continue;
      }
      RepricingRow& row = rows.emplace_back(sums);
      row.step = catalog_.Name(NameKind::kStep, std::get<0>(key));
      row.provider = catalog_.Name(NameKind::kProvider, std::get<1>(key));
      row.model = std::get<2>(key);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const RepricingRow& a, const RepricingRow& b) {
      return SizeOfChange(a) > SizeOfChange(b);
    });
    return rows;
  }

 private:
  const Catalog& catalog_;
  std::map<std::tuple<NameId, NameId, std::string>, RepricingRow>
      rows_;  // Keyed by step, provider and model.
  int64_t looked_at_ = 0;
};

// Returns what of the range is kept, with nothing after the newest call.
TimeRange KeptRange(const State& state, TimeRange range) {
  return {std::max(range.start_us, HourStartUs(state.blocks.first_hour())),
          std::min(range.end_us, state.views.latest_call_us() + 1)};
}

}  // namespace

absl::StatusOr<RepricingPreview> AnswerRepricingPreview(const QueryContext& context,
                                                        const RepricingRequest& request,
                                                        const Cancellation* cancellation) {
  const State& state = context.state;
  RepricingPreview preview;
  std::optional<BlockStore::Reader> log;
  CallFilter filter;
  filter[NameKind::kProvider] = request.provider;
  std::optional<RowFilter> matching;
  {
    const Snapshot snapshot(state);
    preview.range = KeptRange(state, request.range);
    if (preview.range.empty()) {
      return preview;
    }
    matching.emplace(filter, state.catalog);
    const ColumnMask more = request.rederive ? kReportColumns : 0;
    ASSIGN_OR_RETURN(log, snapshot.Open(preview.range, kPricingColumns | more));
  }
  RateLookups rates;
  rates.SetBook(state.rates.book());
  Pricer pricer(&rates, state.catalog, state.trusted_costs);
  Changes changes(state.catalog);
  RETURN_IF_ERROR(ScanRows(
      state, *std::move(log), preview.range,
      [&](const LogRow& row) {
        const std::optional<absl::string_view> model = changes.ModelOf(row);
        if (!model.has_value() || request.model.value_or(std::string(*model)) != *model ||
            !matching->Matches(row.block, row.row)) {
          return absl::OkStatus();
        }
        const CallRows& calls = row.block.calls;
        const RowUsage before = calls.RowUsageAt(row.row);
        RowUsage usage = before;
        if (request.rederive) {
          ASSIGN_OR_RETURN(usage, ReadUsageAgain(calls, row.row));
        }
        if (request.rederive && usage == before) {
          changes.AddUnchanged(row);
        } else {
          changes.Add(row, *model, usage, pricer.PriceRow(calls, row.row, usage));
        }
        return absl::OkStatus();
      },
      cancellation));
  preview.looked_at = changes.looked_at();
  const ReaderLock lock(state.mutex);
  preview.rows = changes.Rows();
  return preview;
}

}  // namespace itemized
