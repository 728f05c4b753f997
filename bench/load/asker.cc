// SPDX-License-Identifier: Apache-2.0
#include "bench/load/asker.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "bench/load/workload.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::bench {
namespace {

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

}  // namespace

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

Asker::Asker(const std::string& address, const QueryPlan& plan)
    : plan_(plan), stub_(v1::QueryService::NewStub(OpenChannel(address))) {
  last_days_.set_last_us(plan.days * kMicrosPerDay);
}

grpc::Status Asker::Top(v1::GroupBy by, const v1::WindowSpec& window, v1::GetTopResponse* answer,
                        const v1::CallFilter& filter) const {
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

grpc::Status Asker::FilteredByName(int i) const {
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

grpc::Status Asker::FilteredByAttribute(int i) const {
  v1::CallFilter filter;
  (*filter.mutable_attributes())["tenant"] = TenantName(i % kTenants);
  return Top(v1::GROUP_BY_STEP, last_days_, nullptr, filter);
}

grpc::Status Asker::SplitSeries(const std::string& step, const v1::WindowSpec& window,
                                const char* zone, v1::GetSeriesResponse* answer) const {
  v1::GetSeriesRequest request;
  *request.mutable_window() = window;
  request.set_step(step);
  request.set_every_us(kMicrosPerDay);
  request.set_time_zone(zone);
  request.set_by(v1::GROUP_BY_MODEL);
  grpc::ClientContext context;
  return stub_->GetSeries(&context, request, answer);
}

grpc::Status Asker::SplitSeries(int i) const {
  v1::GetSeriesResponse answer;
  return SplitSeries(StepName(i % kSteps), last_days_, "Europe/Berlin", &answer);
}

grpc::Status Asker::Ranking(Question question, const v1::WindowSpec& window,
                            v1::GetTopResponse* answer) const {
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

grpc::Status Asker::Ask(Question question) const {
  if (question == Question::kSeriesSplit) {
    return SplitSeries(0);
  }
  v1::GetTopResponse ignored;
  return Ranking(question, last_days_, &ignored);
}

absl::StatusOr<std::vector<NamedTotal>> Asker::Answer(Question question,
                                                      const v1::WindowSpec& window) const {
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

grpc::Status Asker::Workflows() const {
  v1::GetWorkflowsRequest request;
  *request.mutable_window() = last_days_;
  v1::GetWorkflowsResponse answer;
  grpc::ClientContext context;
  return stub_->GetWorkflows(&context, request, &answer);
}

grpc::Status Asker::Series(int64_t every_us, int i) const {
  v1::GetSeriesRequest request;
  *request.mutable_window() = last_days_;
  request.set_step(StepName(i % kSteps));
  request.set_every_us(every_us);
  v1::GetSeriesResponse answer;
  grpc::ClientContext context;
  return stub_->GetSeries(&context, request, &answer);
}

grpc::Status Asker::Show(int i) const {
  v1::GetRunRequest request;
  request.set_workflow_id(plan_.runs[static_cast<size_t>(i) * 31 % plan_.runs.size()]);
  v1::GetRunResponse answer;
  grpc::ClientContext context;
  return stub_->GetRun(&context, request, &answer);
}

grpc::Status Asker::Outliers(int i) const {
  v1::GetOutliersRequest request;
  *request.mutable_window() = last_days_;
  request.set_step(i % 2 == 0 ? "" : StepName(i % kSteps));
  v1::GetOutliersResponse answer;
  grpc::ClientContext context;
  return stub_->GetOutliers(&context, request, &answer);
}

v1::WindowSpec Asker::BrokenRange(int i) const {
  v1::WindowSpec window;
  const int64_t start_us = plan_.end_us - plan_.days * kMicrosPerDay + kMicrosPerDay +
                           int64_t{i} * 37 * 61 * kMicrosPerSecond + 123'457;
  window.set_start_unix_us(start_us);
  window.set_end_unix_us(start_us + (10 + i % 10) * kMicrosPerDay +
                         int64_t{17} * 60 * kMicrosPerSecond + 654'321);
  return window;
}

v1::WindowSpec Asker::Everything() const {
  v1::WindowSpec window;
  window.set_start_unix_us(plan_.end_us - (plan_.days + 1) * kMicrosPerDay);
  window.set_end_unix_us(plan_.end_us + kMicrosPerDay);
  return window;
}

}  // namespace itemized::bench
