// SPDX-License-Identifier: Apache-2.0
#pragma once

// A client that asks the server the questions whose time is measured.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "itemized/v1/query.grpc.pb.h"

#include "bench/load/questions.h"

namespace itemized::bench {

struct QueryPlan {
  int64_t end_us = 0;  // When the workload ends.
  int days = 30;
  std::vector<std::string> runs;  // Ids of runs that exist.
};

// A channel whose messages may be of any size.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address);

// INTERNAL with the words of a call that failed.
absl::Status ToStatus(const grpc::Status& status);

// Each `i` asks another question of its kind. Thread-safe.
class Asker {
 public:
  // `plan` outlives it.
  Asker(const std::string& address, const QueryPlan& plan);

  grpc::Status Top(v1::GroupBy by, const v1::WindowSpec& window,
                   v1::GetTopResponse* answer = nullptr,
                   const v1::CallFilter& filter = v1::CallFilter()) const;
  // The ranking by step of one workflow, one model or both, or the steps of one by model.
  grpc::Status FilteredByName(int i) const;
  grpc::Status FilteredByAttribute(int i) const;
  // Days of one step by model, in a time zone whose days are not those of UTC.
  grpc::Status SplitSeries(int i) const;
  // What every database is asked. Peers count in days of UTC; this one does not.
  grpc::Status Ask(Question question) const;
  absl::StatusOr<std::vector<NamedTotal>> Answer(Question question,
                                                 const v1::WindowSpec& window) const;
  grpc::Status Workflows() const;
  grpc::Status Series(int64_t every_us, int i) const;
  grpc::Status Show(int i) const;
  grpc::Status Outliers(int i) const;

  // Ten to twenty days that start and end within an hour.
  v1::WindowSpec BrokenRange(int i) const;
  const v1::WindowSpec& last_days() const { return last_days_; }
  v1::WindowSpec Everything() const;

 private:
  grpc::Status SplitSeries(const std::string& step, const v1::WindowSpec& window, const char* zone,
                           v1::GetSeriesResponse* answer) const;
  grpc::Status Ranking(Question question, const v1::WindowSpec& window,
                       v1::GetTopResponse* answer) const;

  const QueryPlan& plan_;
  const std::unique_ptr<v1::QueryService::Stub> stub_;
  v1::WindowSpec last_days_;
};

}  // namespace itemized::bench
