// SPDX-License-Identifier: Apache-2.0
// What the rate book lacks.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "storage/base/nearest_words.h"
#include "storage/base/status_macros.h"
#include "storage/pricing/explanation.h"
#include "storage/query/call_totals.h"
#include "storage/query/queries.h"
#include "storage/query/snapshot.h"
#include "storage/views/rollup_scan.h"

namespace itemized {
namespace {

constexpr size_t kNearestFor = 50;  // So many models are compared with every name of the book.

// What tells the rows of the answer apart: provider, model, service tier, region, and the reason.
using Key = std::tuple<std::string, std::string, std::string, std::string, std::string>;

// Adds up unpriced calls. A call whose price came later, or that was retracted, has a row that
// takes it out.
class Missing {
 public:
  explicit Missing(const State& state) : state_(state), book_(state.rates.book()) {}

  void Add(const LogRow& row) {
    const CallRows& calls = row.calls();
    if (!calls.Has(row.row, kFlagUnpriced) || calls.Has(row.row, kFlagUsageMissing)) {
      return;
    }
    MissingRate& missing = RowFor(calls, row.row);
    missing.calls += row.weight();
    missing.tokens += row.weight() * Picos(calls.UsageAt(row.row).TotalTokens());
  }

  std::vector<MissingRate> Take() {
    std::vector<MissingRate> rows;
    for (auto& [key, row] : rows_) {
      if (row.calls != 0) {
        rows.push_back(std::move(row));
      }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
      return std::tie(b.tokens, b.calls) < std::tie(a.tokens, a.calls);
    });
    AddNearest(&rows);
    return rows;
  }

 private:
  MissingRate& RowFor(const CallRows& calls, size_t row) {
    const Call call = ToBilledCall(calls, row, state_.catalog).call;
    const ServedAs served = ServedOf(call, book_->contracts());
    Key key{call.provider, call.model, served.service_tier, served.region, reasons_.Of(call)};
    const auto [it, inserted] = rows_.try_emplace(std::move(key));
    MissingRate& found = it->second;
    if (inserted) {
      std::tie(found.provider, found.model, found.service_tier, found.region, found.reason) =
          it->first;
    }
    return found;
  }

  void AddNearest(std::vector<MissingRate>* rows) const {
    const std::vector<std::string> names = book_->Names();
    for (size_t i = 0; i < std::min(rows->size(), kNearestFor); ++i) {
      MissingRate& row = (*rows)[i];
      // The last form is without the routes and dates that are around a name.
      row.nearest = Nearest(FormsOf(row.provider, row.model).back().model, names);
    }
  }

  const State& state_;
  const std::shared_ptr<const RateBook> book_;
  std::map<Key, MissingRate> rows_;
  UnpricedReasons reasons_{book_};
};

}  // namespace

absl::StatusOr<MissingRatesAnswer> AnswerMissingRates(const QueryContext& context,
                                                      const Window& window,
                                                      const Cancellation* cancellation) {
  RETURN_IF_ERROR(CheckNotCancelled(cancellation));
  MissingRatesAnswer answer;
  std::optional<BlockStore::Reader> reader;
  {
    const Snapshot snapshot(context.state);
    ASSIGN_OR_RETURN(answer.range, snapshot.Resolve(window));
    ASSIGN_OR_RETURN(reader, snapshot.Open(answer.range, kAllColumns));
  }
  Missing missing(context.state);
  RETURN_IF_ERROR(ScanRows(
      context.state, *std::move(reader), answer.range,
      [&](const LogRow& row) {
        missing.Add(row);
        return absl::OkStatus();
      },
      cancellation));
  answer.rows = missing.Take();
  return answer;
}

std::vector<UnpricedModel> ListUnpricedModels(const State& state) {
  const std::shared_ptr<const RateBook> book = state.rates.book();
  const ReaderLock lock(state.mutex);
  std::map<std::pair<NameId, NameId>, int64_t> counts;
  ForEachDay(state.views.rollups(), RollupScan(), [&](NameId, Day, const NameDay& row) {
    for (const auto& [id, sums] : row.series) {
      const SeriesKey& key = state.catalog.Series(id);
      counts[{key[NameKind::kProvider], key[NameKind::kModel]}] +=
          sums.unpriced_calls - sums.usage_missing_calls;
    }
  });
  std::vector<UnpricedModel> models;
  for (const auto& [key, calls] : counts) {
    if (calls > 0) {
      models.push_back({.provider = state.catalog.Name(NameKind::kProvider, key.first),
                        .model = state.catalog.Name(NameKind::kModel, key.second),
                        .calls = calls});
      UnpricedModel& model = models.back();
      model.has_rate = book->HasPrices(model.provider, model.model);
    }
  }
  std::stable_sort(models.begin(), models.end(),
                   [](const auto& a, const auto& b) { return a.calls > b.calls; });
  return models;
}

}  // namespace itemized
