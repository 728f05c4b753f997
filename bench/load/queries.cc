// SPDX-License-Identifier: Apache-2.0
#include "bench/load/queries.h"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "itemized/v1/query.grpc.pb.h"
#include "itemized/v1/rates.grpc.pb.h"

#include "bench/load/ingest.h"
#include "bench/load/workload.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kWarmUp = 20;
constexpr int kTimed = 200;
constexpr int kTimedMin = 5;

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status ToStatus(const grpc::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat("A request failed: ", status.error_message()));
}

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// Answers the `i`-th query of one kind.
using Query = std::function<grpc::Status(int i)>;

absl::StatusOr<QueryFigures> Time(const std::string& name, const Query& query,
                                  double kind_seconds) {
  const auto start = SteadyClock::now();
  for (int i = 0; i < kWarmUp && (i == 0 || SecondsSince(start) < kind_seconds / 10); ++i) {
    RETURN_IF_ERROR(ToStatus(query(i)));
  }
  std::vector<double> times_ms;
  const auto timed = SteadyClock::now();
  for (int i = 0; i < kTimed && (i < kTimedMin || SecondsSince(timed) < kind_seconds); ++i) {
    const auto sent = SteadyClock::now();
    RETURN_IF_ERROR(ToStatus(query(i)));
    times_ms.push_back(SecondsSince(sent) * 1000);
  }
  return QueryFigures{.name = name,
                      .p50_ms = QuantileOf(times_ms, 0.5),
                      .p99_ms = QuantileOf(times_ms, 0.99),
                      .count = static_cast<int>(times_ms.size())};
}

// The rows of Question::kSeriesSplit.
absl::StatusOr<std::vector<NamedTotal>> DaysOf(const v1::GetSeriesResponse& series) {
  std::vector<NamedTotal> totals;
  for (const v1::SeriesGroup& group : series.groups()) {
    for (int i = 0; i < series.points_size(); ++i) {
      absl::Time start;
      std::string error;
      if (!absl::ParseTime(absl::RFC3339_full, series.points(i).start(), &start, &error)) {
        return absl::InternalError(error);
      }
      ASSIGN_OR_RETURN(const Picos cost, ParseUsd(group.point_cost_usd(i)));
      if (group.point_calls(i) != 0) {
        const int64_t day = absl::ToUnixMicros(start) / kMicrosPerDay;
        totals.push_back({.key = absl::StrCat(day, "/", group.key()),
                          .calls = group.point_calls(i),
                          .cost = cost});
      }
    }
  }
  return totals;
}

class Queries {
 public:
  Queries(const std::string& address, const QueryPlan& plan)
      : plan_(plan), stub_(v1::QueryService::NewStub(OpenChannel(address))) {
    last_days_.set_last_us(plan.days * kMicrosPerDay);
  }

  grpc::Status Top(v1::GroupBy by, const v1::WindowSpec& window,
                   v1::GetTopResponse* answer = nullptr,
                   const v1::CallFilter& filter = v1::CallFilter()) {
    v1::GetTopRequest request;
    *request.mutable_window() = window;
    *request.mutable_filter() = filter;
    request.set_by(by);
    if (by == v1::GROUP_BY_ATTRIBUTE) {
      request.set_attribute_key("tenant");
    }
    v1::GetTopResponse ignored;
    grpc::ClientContext context;
    return stub_->GetTop(&context, request, answer != nullptr ? answer : &ignored);
  }

  // The ranking by step of one workflow, one model or both, or the steps of one by model.
  grpc::Status FilteredByName(int i) {
    v1::CallFilter filter;
    if (i % 4 == 3) {
      filter.set_step(StepName(i % kSteps));
      return Top(v1::GROUP_BY_MODEL, last_days_, nullptr, filter);
    }
    if (i % 4 != 1) {
      filter.set_workflow(WorkflowName(i % kWorkflows));
    }
    if (i % 4 != 0) {
      filter.set_model(kModels[static_cast<size_t>(i) % kModels.size()].name);
    }
    return Top(v1::GROUP_BY_STEP, last_days_, nullptr, filter);
  }

  grpc::Status FilteredByAttribute(int i) {
    v1::CallFilter filter;
    (*filter.mutable_attributes())["tenant"] = TenantName(i % kTenants);
    return Top(v1::GROUP_BY_STEP, last_days_, nullptr, filter);
  }

  // Days of one step by model.
  grpc::Status SplitSeries(const std::string& step, const v1::WindowSpec& window, const char* zone,
                           v1::GetSeriesResponse* answer) {
    v1::GetSeriesRequest request;
    *request.mutable_window() = window;
    request.set_step(step);
    request.set_every_us(kMicrosPerDay);
    request.set_time_zone(zone);
    request.set_by(v1::GROUP_BY_MODEL);
    grpc::ClientContext context;
    return stub_->GetSeries(&context, request, answer);
  }

  // The zone has other days than UTC.
  grpc::Status SplitSeries(int i) {
    v1::GetSeriesResponse answer;
    return SplitSeries(StepName(i % kSteps), last_days_, "Europe/Berlin", &answer);
  }

  // A ranking that every database is asked for.
  grpc::Status Ranking(Question question, const v1::WindowSpec& window,
                       v1::GetTopResponse* answer) {
    v1::CallFilter filter;
    v1::GroupBy by = v1::GROUP_BY_STEP;
    switch (question) {
      case Question::kFiltered:
        filter.set_workflow(AskedWorkflow());
        break;
      case Question::kFilteredModel:
        filter.set_model(AskedModel());
        break;
      case Question::kFilteredAttribute:
        (*filter.mutable_attributes())["tenant"] = AskedTenant();
        break;
      case Question::kStepByModel:
        filter.set_step(AskedStep());
        by = v1::GROUP_BY_MODEL;
        break;
      case Question::kStepByWorkflow:
        filter.set_step(AskedStep());
        by = v1::GROUP_BY_WORKFLOW;
        break;
      case Question::kByAttribute:
        by = v1::GROUP_BY_ATTRIBUTE;
        break;
      case Question::kTop:
      case Question::kSeriesSplit:
        break;
    }
    return Top(by, window, answer, filter);
  }

  // Asks what every database is asked. Peers count in days of UTC; this one may not.
  grpc::Status Ask(Question question) {
    if (question == Question::kSeriesSplit) {
      return SplitSeries(0);
    }
    v1::GetTopResponse ignored;
    return Ranking(question, last_days_, &ignored);
  }

  absl::StatusOr<std::vector<NamedTotal>> Answer(Question question, const v1::WindowSpec& window) {
    std::vector<NamedTotal> totals;
    if (question == Question::kSeriesSplit) {
      v1::GetSeriesResponse series;
      RETURN_IF_ERROR(ToStatus(SplitSeries(AskedStep(), window, "UTC", &series)));
      return DaysOf(series);
    }
    v1::GetTopResponse top;
    RETURN_IF_ERROR(ToStatus(Ranking(question, window, &top)));
    for (const v1::TopRow& row : top.rows()) {
      ASSIGN_OR_RETURN(const Picos cost, ParseUsd(row.cost_usd()));
      totals.push_back({.key = row.key(), .calls = row.calls(), .cost = cost});
    }
    return totals;
  }

  grpc::Status Workflows() {
    v1::GetWorkflowsRequest request;
    *request.mutable_window() = last_days_;
    v1::GetWorkflowsResponse answer;
    grpc::ClientContext context;
    return stub_->GetWorkflows(&context, request, &answer);
  }

  grpc::Status Series(int64_t every_us, int i) {
    v1::GetSeriesRequest request;
    *request.mutable_window() = last_days_;
    request.set_step(StepName(i % kSteps));
    request.set_every_us(every_us);
    v1::GetSeriesResponse answer;
    grpc::ClientContext context;
    return stub_->GetSeries(&context, request, &answer);
  }

  grpc::Status Show(int i) {
    v1::GetRunRequest request;
    request.set_workflow_id(plan_.runs[static_cast<size_t>(i) * 31 % plan_.runs.size()]);
    v1::GetRunResponse answer;
    grpc::ClientContext context;
    return stub_->GetRun(&context, request, &answer);
  }

  grpc::Status Outliers(int i) {
    v1::GetOutliersRequest request;
    *request.mutable_window() = last_days_;
    request.set_step(i % 2 == 0 ? "" : StepName(i % kSteps));
    v1::GetOutliersResponse answer;
    grpc::ClientContext context;
    return stub_->GetOutliers(&context, request, &answer);
  }

  // Ten to twenty days that start and end within an hour.
  v1::WindowSpec BrokenRange(int i) const {
    v1::WindowSpec window;
    const int64_t start_us = plan_.end_us - plan_.days * kMicrosPerDay + kMicrosPerDay +
                             int64_t{i} * 37 * 61 * kMicrosPerSecond + 123'457;
    window.set_start_unix_us(start_us);
    window.set_end_unix_us(start_us + (10 + i % 10) * kMicrosPerDay +
                           int64_t{17} * 60 * kMicrosPerSecond + 654'321);
    return window;
  }

  const v1::WindowSpec& last_days() const { return last_days_; }

  v1::WindowSpec Everything() const {
    v1::WindowSpec window;
    window.set_start_unix_us(plan_.end_us - (plan_.days + 1) * kMicrosPerDay);
    window.set_end_unix_us(plan_.end_us + kMicrosPerDay);
    return window;
  }

 private:
  const QueryPlan& plan_;
  const std::unique_ptr<v1::QueryService::Stub> stub_;
  v1::WindowSpec last_days_;
};

}  // namespace

absl::Status SetModelRates(const std::string& address, int times) {
  v1::SetRatesRequest request;
  const auto price = [times](const char* usd) { return FormatUsd(times * *ParseUsd(usd)); };
  for (const Model& model : kModels) {
    v1::Rate& rate = *request.add_rates();
    rate.set_provider(model.provider);
    rate.mutable_match()->set_equals(model.name);
    rate.mutable_prices()->set_input(price(model.input));
    rate.mutable_prices()->set_cache_read(price(model.cache_read));
    rate.mutable_prices()->set_output(price(model.output));
  }
  const auto stub = v1::RatesService::NewStub(OpenChannel(address));
  v1::SetRatesResponse answer;
  grpc::ClientContext context;
  return ToStatus(stub->SetRates(&context, request, &answer));
}

absl::Status CheckAnswers(const std::string& address, const ExpectedAnswers& expected,
                          const QueryPlan& plan, absl::Span<const Question> questions) {
  Queries queries(address, plan);
  for (const Question question : questions) {
    ASSIGN_OR_RETURN(const std::vector<NamedTotal> rows,
                     queries.Answer(question, queries.Everything()));
    RETURN_IF_ERROR(expected.Check("itemized", question, rows));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<QueryFigures>> RunQueries(const std::string& address,
                                                     const QueryPlan& plan, double kind_seconds) {
  Queries queries(address, plan);
  std::vector<std::pair<std::string, Query>> kinds = {
      {"top", [&](int) { return queries.Top(v1::GROUP_BY_STEP, queries.last_days()); }},
      {"top_by_model", [&](int) { return queries.Top(v1::GROUP_BY_MODEL, queries.last_days()); }},
      {"workflows", [&](int) { return queries.Workflows(); }},
      {"series", [&](int i) { return queries.Series(kMicrosPerDay, i); }},
      {"series_hourly", [&](int i) { return queries.Series(kMicrosPerHour, i); }},
      {"show", [&](int i) { return queries.Show(i); }},
      {"outliers", [&](int i) { return queries.Outliers(i); }},
      {"broken_range",
       [&](int i) { return queries.Top(v1::GROUP_BY_STEP, queries.BrokenRange(i)); }},
      {"filtered_name", [&](int i) { return queries.FilteredByName(i); }},
      {"filtered_attribute", [&](int i) { return queries.FilteredByAttribute(i); }},
      {"series_split", [&](int i) { return queries.SplitSeries(i); }},
      {"by_attribute",
       [&](int) { return queries.Top(v1::GROUP_BY_ATTRIBUTE, queries.last_days()); }},
  };
  for (const Question question : kQuestions) {
    kinds.emplace_back(absl::StrCat("same.", NameOf(question)),
                       [&queries, question](int) { return queries.Ask(question); });
  }
  std::vector<QueryFigures> figures;
  for (const auto& [name, query] : kinds) {
    ASSIGN_OR_RETURN(QueryFigures timed, Time(name, query, kind_seconds));
    figures.push_back(std::move(timed));
  }
  return figures;
}

}  // namespace itemized::bench
