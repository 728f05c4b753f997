// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <optional>
#include <utility>

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <spdlog/spdlog.h>

#include "server/address.h"
#include "server/answer_pools.h"
#include "server/api/answers.h"
#include "server/api/backup_directory.h"
#include "server/api/ingest_queue.h"
#include "server/api/memory_budget.h"
#include "server/budgets/budgets.h"
#include "server/bundled_rates.h"
#include "server/data_directory.h"
#include "server/grpc/admin_service.h"
#include "server/grpc/analysis_service.h"
#include "server/grpc/budget_service.h"
#include "server/grpc/connections.h"
#include "server/grpc/grpc_setup.h"
#include "server/grpc/ingest_service.h"
#include "server/grpc/otlp_services.h"
#include "server/grpc/query_service.h"
#include "server/grpc/rates_service.h"
#include "server/grpc/server_info_service.h"
#include "server/http/api.h"
#include "server/http/host_guard.h"
#include "server/http/http_server.h"
#include "server/http/pages.h"
#include "server/otlp/span_assembler.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

// Questions under way when the last sender is done have so long. Health watches never end by
// themselves.
constexpr std::chrono::seconds kLastCallsGrace{1};

void WarnIfOpen(const Address& address) {
  if (!IsLoopback(address)) {
    spdlog::warn(
        "WARNING: {} can be reached from other machines, and itemized has no authentication yet: "
        "anybody who reaches it can read and change the bill. Bind 127.0.0.1, or put a proxy with "
        "authentication in front.",
        address.ToString());
  }
}

// The members are destroyed from the last to the first: calls end before the
// services they run in, and the database before the queue that it answers to.
class ServerImpl final : public Server {
 public:
  explicit ServerImpl(ServerOptions options)
      : options_(std::move(options)), memory_(options_.memory_limit) {}
  ~ServerImpl() override;

  absl::Status Open();

  const std::string& grpc_address() const override { return grpc_address_; }
  const std::string& http_address() const override { return facts_.http_address; }
  std::shared_ptr<grpc::Channel> InProcessChannel() override {
    return grpc_->InProcessChannel(grpc::ChannelArguments());
  }
  absl::Status Drain() override;

 private:
  absl::Status OpenDatabase();
  absl::Status ServeHttp();
  void MakeServices(bool is_local);
  absl::Status ServeGrpc();
  Router HttpRoutes();

  const ServerOptions options_;
  MemoryBudget memory_;
  std::string grpc_address_;
  ServerFacts facts_;                    // It does not change while anything is served.
  std::atomic<bool> listening_ = false;  // It is set once both protocols are served.
  std::atomic<bool> draining_ = false;
  bool drained_ = false;

  std::unique_ptr<IngestService> ingest_;
  std::unique_ptr<IngestQueue> queue_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Budgets> budgets_;
  SpanCounters span_counters_;
  std::unique_ptr<SpanAssembler> spans_;
  std::unique_ptr<HttpPools> http_pools_;
  std::unique_ptr<AnswerPools> pools_;
  std::unique_ptr<QueryService> query_;
  std::unique_ptr<AnalysisService> analysis_;
  std::unique_ptr<RatesService> rates_;
  std::unique_ptr<BudgetService> budget_service_;
  std::unique_ptr<ServerInfoService> info_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<TraceService> traces_;
  std::unique_ptr<LogsService> logs_;
  MetricsService metrics_{span_counters_};
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<grpc::Server> grpc_;
};

ServerImpl::~ServerImpl() {
  const absl::Status drained = Drain();
  if (!drained.ok()) {
    spdlog::error("{}", std::string(drained.message()));
  }
}

absl::Status ServerImpl::Open() {
  facts_ = {.version = Version(), .started_at_us = options_.clock->NowUs(), .http_address = ""};
  RETURN_IF_ERROR(PrepareDataDirectory(options_.data_dir));
  if (!options_.backup_dir.empty()) {
    RETURN_IF_ERROR(PrepareBackupDirectory(options_.backup_dir, options_.data_dir));
  }
  RETURN_IF_ERROR(OpenDatabase());
  RETURN_IF_ERROR(ServeHttp());
  return ServeGrpc();
}

absl::Status ServerImpl::OpenDatabase() {
  DatabaseOptions options;
  options.directory = options_.data_dir;
  options.clock = options_.clock;
  options.retain_events_us = options_.retain_events_us;
  options.retain_rollups_us = options_.retain_rollups_us;
  options.free_bytes_min = options_.free_bytes_min;
  options.accept_clock = options_.accept_clock;
  options.trusted_cost_providers = options_.trusted_cost_providers;
  options.warn = [](const std::string& sentence) { spdlog::warn("{}", sentence); };
  options.open_kv = [accept = options_.accept_missing_mark](const std::string& path) {
    return OpenRocksKv(path, nullptr, accept);
  };
  IngestRoom room = options_.ingest_room;
  // Streams are held back before the memory is used up, so that they need not be ended.
  room.bytes = std::min(room.bytes, options_.memory_limit / (2 * kMemoryPerMessageByte));
  options.pending_events_max = room.events;  // The queue sees to it that it is never exceeded.
  ASSIGN_OR_RETURN(database_, Database::Open(std::move(options)));
  PutBundledRates(options_.bundled_rates, *database_);
  queue_ = std::make_unique<IngestQueue>(
      [this](Submission submission, IngestQueue::Done done) {
        database_->Submit(std::move(submission), std::move(done));
      },
      room);
  spans_ = std::make_unique<SpanAssembler>(
      [this](const Principal& principal, Submission submission, SubmitDone done) {
        queue_->Submit(principal, std::move(submission), /*bytes=*/0, std::move(done));
      },
      [this](absl::string_view prefix) { return database_->ReadNotes(prefix); },
      options_.span_mapping, span_counters_);
  facts_.spans = &span_counters_;
  facts_.usage_reports = &queue_->usage_reports();
  ASSIGN_OR_RETURN(budgets_, Budgets::Open(*database_, options_.budgets, *options_.clock));
  http_pools_ = std::make_unique<HttpPools>(options_.query_threads);
  pools_ = std::make_unique<AnswerPools>(options_, memory_);
  return absl::OkStatus();
}

Router ServerImpl::HttpRoutes() {
  Router router;
  for (const char* path : {"/healthz", "/readyz"}) {
    router.Handle("GET", path, [this](const HttpRequest&, const Respond& respond) {
      if (draining_ || !listening_) {
        return respond(
            HttpError(503, draining_ ? "The server is shutting down." : "The server is starting."));
      }
      HttpResponse response;
      response.body = "{\"status\":\"serving\"}\n";
      respond(std::move(response));
    });
  }
  AddApi({.database = *database_,
          .pools = *http_pools_,
          .queue = *queue_,
          .spans = *spans_,
          .budgets = *budgets_,
          .memory = memory_,
          .connections = http_->counters(),
          .clock = *options_.clock,
          .facts = facts_},
         &router);
  AddPages(EmbeddedPages(), &router);
  router.SetGuard([this, guard = MakeHostGuard(options_.http_hosts)](const HttpRequest& request) {
    const bool is_too_late = draining_ && request.method != "GET";
    return is_too_late
               ? std::make_unique<HttpResponse>(HttpError(503, "The server is shutting down."))
               : guard(request);
  });
  return router;
}

absl::Status ServerImpl::ServeHttp() {
  if (options_.http_address.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Address named, ParseAddress(options_.http_address));
  ASSIGN_OR_RETURN(const Address address, Resolve(named));
  WarnIfOpen(address);
  ASSIGN_OR_RETURN(http_, HttpServer::Listen(address, HttpLimits(), &memory_));
  facts_.http_address = http_->address().ToString();
  http_->Run(HttpRoutes());
  return absl::OkStatus();
}

void ServerImpl::MakeServices(bool is_local) {
  const auto begin_session = [this](const Principal& principal, const ProducerHello& hello,
                                    Database::BeginDone done) {
    BeginSession(principal, *database_, hello, std::move(done));
  };
  ingest_ = std::make_unique<IngestService>(*queue_, begin_session, memory_, options_.ingest);
  query_ = std::make_unique<QueryService>(*database_, pools_->questions);
  analysis_ = std::make_unique<AnalysisService>(*database_, pools_->questions);
  rates_ = std::make_unique<RatesService>(*database_, pools_->questions, pools_->rate_changes);
  budget_service_ = std::make_unique<BudgetService>(*budgets_, pools_->questions,
                                                    pools_->budget_changes, *options_.clock);
  info_ = std::make_unique<ServerInfoService>(*database_, pools_->infos, facts_);
  admin_ = std::make_unique<AdminService>(
      *database_, pools_->admin_calls,
      BackupPlace{.root = options_.backup_dir, .is_allowed = is_local});
  traces_ = std::make_unique<TraceService>(*spans_, memory_);
  logs_ = std::make_unique<LogsService>(*spans_, memory_);
}

absl::Status ServerImpl::ServeGrpc() {
  std::optional<Address> address;
  if (!options_.grpc_address.empty()) {
    ASSIGN_OR_RETURN(const Address named, ParseAddress(options_.grpc_address));
    ASSIGN_OR_RETURN(address, Resolve(named));
    WarnIfOpen(*address);
  }
  MakeServices(/*is_local=*/!address.has_value() || IsLoopback(*address));
  EnableGrpcPlugins();
  grpc::ServerBuilder builder;
  SetGrpcLimits(options_.memory_limit, builder);
  for (grpc::Service* const service : std::initializer_list<grpc::Service*>{
           ingest_.get(), query_.get(), analysis_.get(), rates_.get(), budget_service_.get(),
           info_.get(), admin_.get(), traces_.get(), logs_.get(), &metrics_}) {
    builder.RegisterService(service);
  }
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
  if (address.has_value()) {
    ASSIGN_OR_RETURN(const size_t connections_max, ConnectionsAffordable(options_.connections_max));
    ASSIGN_OR_RETURN(connections_, Connections::Listen(*address, connections_max, memory_));
    using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
    acceptor = builder.experimental().AddExternalConnectionAcceptor(
        Type::FROM_FD, grpc::InsecureServerCredentials());
  }
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr) {
    return absl::UnavailableError("The server cannot serve gRPC at " + options_.grpc_address +
                                  "; the log above says why.");
  }
  if (connections_ != nullptr) {
    grpc_address_ = connections_->address().ToString();
    connections_->Serve(std::move(acceptor));
  }
  listening_ = true;
  return absl::OkStatus();
}

absl::Status ServerImpl::Drain() {
  if (std::exchange(drained_, true)) {
    return absl::OkStatus();
  }
  draining_ = true;
  if (database_ != nullptr) {
    database_->AbandonRateChanges();
  }
  if (grpc_ != nullptr) {
    grpc_->GetHealthCheckService()->SetServingStatus(false);
    budget_service_->Drain();
    ingest_->Drain();
    const auto now = [] { return std::chrono::system_clock::now(); };
    if (!ingest_->AwaitStreams(now() + options_.drain_timeout)) {
      spdlog::warn("Some senders did not take their acknowledgements in time and are cut off.");
    }
    budget_service_->AwaitStreams(now() + kLastCallsGrace);
    if (connections_ != nullptr) {
      connections_->Stop();
    }
    grpc_->Shutdown(now() + kLastCallsGrace);
  }
  if (http_pools_ != nullptr) {
    http_pools_->Close();
  }
  if (spans_ != nullptr) {
    spans_->WaitUntilIdle();
  }
  if (queue_ != nullptr) {
    queue_->WaitUntilIdle();
  }
  if (http_ != nullptr) {
    http_->AwaitAnswers(std::chrono::steady_clock::now() + kLastCallsGrace);
  }
  if (pools_ != nullptr) {
    pools_->Close();
  }
  if (budgets_ != nullptr) {
    budgets_->Stop();
  }
  http_.reset();  // It has told until now that the server is shutting down.
  const absl::Status saved = database_ != nullptr ? database_->Checkpoint() : absl::OkStatus();
  spans_.reset();
  budgets_.reset();
  database_.reset();
  return saved;
}

}  // namespace

const char* Version() {
  return ITEMIZED_VERSION;
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  auto server = std::make_unique<ServerImpl>(std::move(options));
  RETURN_IF_ERROR(server->Open());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace itemized::server
