// SPDX-License-Identifier: Apache-2.0
#pragma once

// A server in this process with canned answers, and the command line run
// against it.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "itemized/v1/analysis.grpc.pb.h"
#include "itemized/v1/ingest.grpc.pb.h"
#include "itemized/v1/query.grpc.pb.h"
#include "itemized/v1/rates.grpc.pb.h"
#include "itemized/v1/server_info.grpc.pb.h"

#include "client/cli/environment.h"
#include "storage/base/mutex.h"

namespace itemized::cli {

namespace pb = itemized::v1;

// One rpc: what it was asked last and what it answers. Set before it is called.
template <typename Request, typename Response>
struct Canned {
  Request request;
  Response response;
  grpc::Status status;

  grpc::Status Answer(const Request* asked, Response* answered) {
    request = *asked;
    *answered = response;
    return status;
  }
};

class FakeServer final : public pb::QueryService::Service,
                         public pb::AnalysisService::Service,
                         public pb::RatesService::Service,
                         public pb::ServerInfoService::Service,
                         public pb::IngestService::Service {
 public:
  // What becomes of a batch; by default every event is accepted.
  using Judge = std::function<pb::BatchResult(const pb::Batch&)>;

  FakeServer();
  ~FakeServer() override;

  const std::string& address() const { return address_; }

  Canned<pb::GetTopRequest, pb::GetTopResponse> top;
  Canned<pb::GetWorkflowsRequest, pb::GetWorkflowsResponse> workflows;
  Canned<pb::GetRunRequest, pb::GetRunResponse> run;
  Canned<pb::GetSpansRequest, pb::GetSpansResponse> spans;
  // What `show` gets for each page_token; it gets `run` for any other.
  std::map<std::string, pb::GetRunResponse> run_pages;
  Canned<pb::GetSeriesRequest, pb::GetSeriesResponse> series;
  Canned<pb::GetOutliersRequest, pb::GetOutliersResponse> outliers;
  Canned<pb::ListRatesRequest, pb::ListRatesResponse> list_rates;
  Canned<pb::SetRatesRequest, pb::SetRatesResponse> set_rates;
  std::function<void()> while_setting_rates = [] {
  };  // It is called before `set_rates` is answered.
  Canned<pb::RemoveRatesRequest, pb::RemoveRatesResponse> remove_rates;
  Canned<pb::RepriceRequest, pb::RepriceResponse> reprice;
  Canned<pb::UndoRepricingRequest, pb::RepriceResponse> undo;
  Canned<pb::ListRepricingsRequest, pb::ListRepricingsResponse> repricings;
  Canned<pb::ExplainCallRequest, pb::ExplainCallResponse> explained;
  Canned<pb::GetMissingRatesRequest, pb::GetMissingRatesResponse> missing_rates;
  Canned<pb::WhatIfRequest, pb::WhatIfResponse> what_if;
  Canned<pb::GetServerInfoRequest, pb::GetServerInfoResponse> info;
  std::atomic<int> infos_asked = 0;
  Judge judge;
  std::atomic<int> batches_max = 1'000'000;  // A stream breaks after so many.

  // All that arrived so far.
  std::vector<pb::Event> events() const;
  std::vector<int> batch_sizes() const;

 private:
  using Ingested = grpc::ServerReaderWriter<pb::IngestResponse, pb::IngestRequest>;

  grpc::Status GetTop(grpc::ServerContext*, const pb::GetTopRequest* q,
                      pb::GetTopResponse* a) override {
    return top.Answer(q, a);
  }
  grpc::Status WhatIf(grpc::ServerContext*, const pb::WhatIfRequest* q,
                      pb::WhatIfResponse* a) override {
    return what_if.Answer(q, a);
  }
  grpc::Status GetWorkflows(grpc::ServerContext*, const pb::GetWorkflowsRequest* q,
                            pb::GetWorkflowsResponse* a) override {
    return workflows.Answer(q, a);
  }
  grpc::Status GetRun(grpc::ServerContext*, const pb::GetRunRequest* q,
                      pb::GetRunResponse* a) override {
    const auto page = run_pages.find(q->page_token());
    if (page != run_pages.end()) {
      run.response = page->second;
    }
    return run.Answer(q, a);
  }
  grpc::Status GetSpans(grpc::ServerContext*, const pb::GetSpansRequest* q,
                        pb::GetSpansResponse* a) override {
    return spans.Answer(q, a);
  }
  grpc::Status GetSeries(grpc::ServerContext*, const pb::GetSeriesRequest* q,
                         pb::GetSeriesResponse* a) override {
    return series.Answer(q, a);
  }
  grpc::Status GetOutliers(grpc::ServerContext*, const pb::GetOutliersRequest* q,
                           pb::GetOutliersResponse* a) override {
    return outliers.Answer(q, a);
  }
  grpc::Status ListRates(grpc::ServerContext*, const pb::ListRatesRequest* q,
                         pb::ListRatesResponse* a) override {
    return list_rates.Answer(q, a);
  }
  grpc::Status SetRates(grpc::ServerContext*, const pb::SetRatesRequest* q,
                        pb::SetRatesResponse* a) override {
    while_setting_rates();
    return set_rates.Answer(q, a);
  }
  grpc::Status RemoveRates(grpc::ServerContext*, const pb::RemoveRatesRequest* q,
                           pb::RemoveRatesResponse* a) override {
    return remove_rates.Answer(q, a);
  }
  grpc::Status Reprice(grpc::ServerContext*, const pb::RepriceRequest* q,
                       pb::RepriceResponse* a) override {
    return reprice.Answer(q, a);
  }
  grpc::Status UndoRepricing(grpc::ServerContext*, const pb::UndoRepricingRequest* q,
                             pb::RepriceResponse* a) override {
    return undo.Answer(q, a);
  }
  grpc::Status ListRepricings(grpc::ServerContext*, const pb::ListRepricingsRequest* q,
                              pb::ListRepricingsResponse* a) override {
    return repricings.Answer(q, a);
  }
  grpc::Status ExplainCall(grpc::ServerContext*, const pb::ExplainCallRequest* q,
                           pb::ExplainCallResponse* a) override {
    return explained.Answer(q, a);
  }
  grpc::Status GetMissingRates(grpc::ServerContext*, const pb::GetMissingRatesRequest* q,
                               pb::GetMissingRatesResponse* a) override {
    return missing_rates.Answer(q, a);
  }
  grpc::Status GetServerInfo(grpc::ServerContext*, const pb::GetServerInfoRequest* q,
                             pb::GetServerInfoResponse* a) override {
    ++infos_asked;
    return info.Answer(q, a);
  }
  grpc::Status Ingest(grpc::ServerContext*, Ingested* stream) override;

  pb::BatchResult TakeOnce(const std::string& producer, const pb::IngestRequest& request);
  pb::BatchResult Take(const pb::Batch& batch);

  mutable Mutex mutex_;
  std::map<std::string, uint64_t> last_sequences_
      ABSL_GUARDED_BY(mutex_);  // The key is a producer.
  std::vector<pb::Event> events_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> batch_sizes_ ABSL_GUARDED_BY(mutex_);
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

// A loopback address where nothing listens.
std::string AbsentAddress();

struct Outcome {
  int exit_status = -1;
  std::string out;
  std::string err;
};

// The time at which the command lines of tests run: 2026-11-01T00:00:00Z.
inline constexpr int64_t kTestNowUs = 1'793'491'200'000'000;

struct RunOptions {
  size_t width = 100;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int stdin_fd = -1;
  bool interrupted = false;
  absl::Duration patience = absl::ZeroDuration();
};

// Runs `itemize WORD...` against the server at `address`.
Outcome RunAt(const std::string& address, const std::vector<std::string>& words,
              const RunOptions& options = {});

// A new file with that content; its path.
std::string TestFile(const std::string& name, const std::string& content);

}  // namespace itemized::cli
