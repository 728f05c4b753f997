// SPDX-License-Identifier: Apache-2.0
#include "bench/load/queries.h"

#include <chrono>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "itemized/v1/rates.grpc.pb.h"

#include "bench/load/asker.h"
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
  const Asker asker(address, plan);
  for (const Question question : questions) {
    ASSIGN_OR_RETURN(const std::vector<NamedTotal> rows,
                     asker.Answer(question, asker.Everything()));
    RETURN_IF_ERROR(expected.Check("itemized", question, rows));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<QueryFigures>> RunQueries(const std::string& address,
                                                     const QueryPlan& plan, double kind_seconds) {
  const Asker asker(address, plan);
  std::vector<std::pair<std::string, Query>> kinds = {
      {"top", [&](int) { return asker.Top(v1::GROUP_BY_STEP, asker.last_days()); }},
      {"top_by_model", [&](int) { return asker.Top(v1::GROUP_BY_MODEL, asker.last_days()); }},
      {"workflows", [&](int) { return asker.Workflows(); }},
      {"series", [&](int i) { return asker.Series(kMicrosPerDay, i); }},
      {"series_hourly", [&](int i) { return asker.Series(kMicrosPerHour, i); }},
      {"show", [&](int i) { return asker.Show(i); }},
      {"outliers", [&](int i) { return asker.Outliers(i); }},
      {"broken_range", [&](int i) { return asker.Top(v1::GROUP_BY_STEP, asker.BrokenRange(i)); }},
      {"filtered_name", [&](int i) { return asker.FilteredByName(i); }},
      {"filtered_attribute", [&](int i) { return asker.FilteredByAttribute(i); }},
      {"series_split", [&](int i) { return asker.SplitSeries(i); }},
      {"by_attribute", [&](int) { return asker.Top(v1::GROUP_BY_ATTRIBUTE, asker.last_days()); }},
  };
  for (const Question question : kQuestions) {
    kinds.emplace_back(absl::StrCat("same.", NameOf(question)),
                       [&asker, question](int) { return asker.Ask(question); });
  }
  std::vector<QueryFigures> figures;
  for (const auto& [name, query] : kinds) {
    ASSIGN_OR_RETURN(QueryFigures timed, Time(name, query, kind_seconds));
    figures.push_back(std::move(timed));
  }
  return figures;
}

}  // namespace itemized::bench
