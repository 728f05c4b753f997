// SPDX-License-Identifier: Apache-2.0
#include "client/cli/report/bill.h"

#include <algorithm>
#include <utility>

#include "storage/base/money.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

constexpr int kAttempts = 3;
constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr int64_t kHourlyUpTo = 3 * kMicrosPerDay;
constexpr int64_t kDailyUpTo = 4'000 * kMicrosPerDay;  // Nobody reads more; a server has a limit.
constexpr int32_t kOutliersMax = 100;                  // What 0 would mean to the server.

// Asks the questions about one window, whose instants are fixed: each is about the same calls.
class Asker {
 public:
  Asker(client::Connection& connection, const BillRequest& request)
      : connection_(connection), request_(request), window_(request.window) {}

  absl::StatusOr<Bill> Ask() {
    Bill bill;
    RETURN_IF_ERROR(FixWindow());
    ASSIGN_OR_RETURN(bill.steps, connection_.GetTop(Ranking<pb::GetTopRequest>()));
    auto by_model = Ranking<pb::GetTopRequest>();
    by_model.set_by(pb::GROUP_BY_MODEL);
    ASSIGN_OR_RETURN(bill.models, connection_.GetTop(by_model));
    ASSIGN_OR_RETURN(bill.series, AskSeries());
    pb::GetWorkflowsRequest workflows;
    *workflows.mutable_window() = window_;
    ASSIGN_OR_RETURN(bill.workflows, connection_.GetWorkflows(workflows));
    ASSIGN_OR_RETURN(bill.wasted, connection_.GetWasted(Ranking<pb::GetWastedRequest>()));
    ASSIGN_OR_RETURN(bill.outliers, AskOutliers());
    RETURN_IF_ERROR(AskChange(&bill));
    pb::AdviseRequest advise;
    *advise.mutable_window() = window_;
    advise.set_limit(request_.limit);
    ASSIGN_OR_RETURN(bill.advice, connection_.Advise(advise));
    if (bill.steps.total().unpriced_calls() > 0) {
      pb::GetMissingRatesRequest missing;
      *missing.mutable_window() = window_;
      ASSIGN_OR_RETURN(bill.missing_rates, connection_.GetMissingRates(missing));
    }
    return bill;
  }

 private:
  // Gives a window that ends now its instants, by the server's clock. It ends with a whole minute,
  // so that command lines with it read well.
  absl::Status FixWindow() {
    if (window_.last_us() == 0) {
      return absl::OkStatus();
    }
    pb::GetTopRequest request;
    *request.mutable_window() = window_;
    request.set_limit(1);
    ASSIGN_OR_RETURN(const pb::GetTopResponse top, connection_.GetTop(request));
    ASSIGN_OR_RETURN(int64_t end_us, ParseTime(top.window().end(), absl::UTCTimeZone()));
    if (window_.as_known_at_unix_us() == 0) {
      end_us = (end_us + kMicrosPerMinute - 1) / kMicrosPerMinute * kMicrosPerMinute;
    }
    window_.set_start_unix_us(std::max<int64_t>(0, end_us - window_.last_us()));
    window_.set_end_unix_us(end_us);
    window_.clear_last_us();
    return absl::OkStatus();
  }

  template <typename Request>
  Request Ranking() const {
    Request request;
    *request.mutable_window() = window_;
    request.set_by(pb::GROUP_BY_STEP);
    request.set_limit(request_.limit);
    return request;
  }

  absl::StatusOr<pb::GetSeriesResponse> AskSeries() {
    pb::GetSeriesRequest request;
    *request.mutable_window() = window_;
    const int64_t length_us = window_.end_unix_us() - window_.start_unix_us();
    if (length_us > kDailyUpTo) {
      return pb::GetSeriesResponse();
    }
    request.set_every_us(length_us <= kHourlyUpTo ? kMicrosPerHour : kMicrosPerDay);
    request.set_time_zone(request_.zone.name());
    return connection_.GetSeries(request);
  }

  absl::StatusOr<pb::GetOutliersResponse> AskOutliers() {
    pb::GetOutliersRequest request;
    *request.mutable_window() = window_;
    request.set_order(pb::OUTLIER_ORDER_COST);
    request.set_limit(request_.limit > 0 ? request_.limit : kOutliersMax);
    return connection_.GetOutliers(request);
  }

  absl::StatusOr<pb::CompareResponse> Compare(int64_t from_us, int64_t middle_us, int64_t to_us) {
    pb::CompareRequest request;
    pb::WindowSpec& before = *request.mutable_before()->mutable_window();
    pb::WindowSpec& after = *request.mutable_after()->mutable_window();
    before = window_;
    after = window_;
    before.set_start_unix_us(from_us);
    before.set_end_unix_us(middle_us);
    after.set_start_unix_us(middle_us);
    after.set_end_unix_us(to_us);
    request.set_by(pb::GROUP_BY_STEP);
    request.set_limit(request_.limit);
    return connection_.Compare(request);
  }

  absl::Status AskChange(Bill* bill) {
    const int64_t start_us = window_.start_unix_us();
    const int64_t end_us = window_.end_unix_us();
    const int64_t length_us = end_us - start_us;
    if (start_us >= length_us) {
      const absl::StatusOr<pb::CompareResponse> change =
          Compare(start_us - length_us, start_us, end_us);
      if (!change.ok() && !absl::IsInvalidArgument(change.status())) {
        return change.status();  // What is refused is about a time that is no longer kept.
      }
      bill->change = change.value_or(pb::CompareResponse());
    }
    const int64_t middle_us = (start_us + length_us / 2) / kMicrosPerHour * kMicrosPerHour;
    if (bill->change.before_calls() == 0 && middle_us > start_us) {
      bill->compared_with = ComparedWith::kFirstHalf;
      ASSIGN_OR_RETURN(bill->change, Compare(start_us, middle_us, end_us));
    }
    return absl::OkStatus();
  }

  client::Connection& connection_;
  const BillRequest& request_;
  pb::WindowSpec window_;
};

// Whether all answers are of the same calls, at the same prices.
bool Agree(const Bill& bill) {
  const std::string& spend = bill.steps.total().cost_usd();
  const std::string& changed = bill.change.after_usd();
  Picos series = 0;
  for (const pb::SeriesPoint& point : bill.series.points()) {
    series += ParseUsd(point.cost_usd()).value_or(0);
  }
  const bool same_series = bill.series.points().empty() || FormatUsd(series) == spend;
  const bool same_change = bill.compared_with == ComparedWith::kFirstHalf || changed == spend;
  return bill.models.total().cost_usd() == spend && bill.wasted.spend_usd() == spend &&
         bill.advice.spend_usd() == spend && same_series && same_change &&
         bill.outliers.total() == bill.steps.total().outliers();
}

}  // namespace

absl::StatusOr<Bill> AskBill(client::Connection& connection, const BillRequest& request) {
  Bill bill;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ASSIGN_OR_RETURN(bill, Asker(connection, request).Ask());
    bill.is_moving = !Agree(bill);
    if (!bill.is_moving) {
      break;
    }
  }
  return bill;
}

}  // namespace itemized::cli
