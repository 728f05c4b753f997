// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/simulated_server.h"

#include <filesystem>
#include <future>
#include <utility>

#include "server/convert/batch_result.h"
#include "storage/kv/rocks_kv.h"

namespace itemized::testing {

namespace pb = itemized::v1;
namespace fs = std::filesystem;

SimulatedServer::SimulatedServer(World& world) : world_(world) {
  Start();
}

DatabaseOptions SimulatedServer::Options() {
  DatabaseOptions options;
  options.directory = directory_.path() + "/store";
  options.clock = &clock_;
  options.resident_runs_max = 20;
  options.open_kv = [files = files_](const std::string& path) { return OpenRocksKv(path, files); };
  options.wrap_log = [this](std::unique_ptr<CommitLog> log) {
    return std::make_unique<FaultyLog>(std::move(log), &log_faults_);
  };
  return options;
}

void SimulatedServer::Start() {
  files_ = std::make_shared<FaultyFileSystem>();
  log_fault_ = LogFault::kNone;
  absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(Options());
  ASSERT_TRUE(db.ok()) << db.status();
  db_ = *std::move(db);
  ++life_;
}

void SimulatedServer::Crash() {
  files_->CutPowerAt(1);
  db_.reset();
  files_->LoseUnsynced(world_.Below(UINT64_MAX));
}

void SimulatedServer::Copy() {
  fs::remove_all(directory_.path() + "/copy");
  fs::copy(directory_.path() + "/store", directory_.path() + "/copy", fs::copy_options::recursive);
}

bool SimulatedServer::Restore() {
  if (!fs::exists(directory_.path() + "/copy")) {
    return false;
  }
  fs::remove_all(directory_.path() + "/store");
  fs::copy(directory_.path() + "/copy", directory_.path() + "/store", fs::copy_options::recursive);
  return true;
}

void SimulatedServer::SetDiskFull(bool full) {
  files_->SetFreeBytes(full ? std::optional<uint64_t>(0) : std::nullopt);
}

void SimulatedServer::Receive(ServerStream& stream, const std::string& message) {
  if (!is_up() || stream.ended || stream.life != life_) {
    return;
  }
  clock_.Set(kNowUs + world_.elapsed_us());
  const auto bytes = std::make_shared<const std::string>(message);
  const auto request = server::DecodeIngestRequest({.bytes = *bytes, .owner = bytes});
  if (!request.ok()) {
    return End(stream, request.status());
  }
  if (request->hello.has_value()) {
    Greet(stream, *request->hello);
  } else {
    Store(stream, *request);
  }
}

void SimulatedServer::Greet(ServerStream& stream, const ProducerHello& hello) {
  std::promise<absl::StatusOr<ProducerSession>> begun;
  db_->BeginSession(hello, [&](auto session) { begun.set_value(std::move(session)); });
  const absl::StatusOr<ProducerSession> session = begun.get_future().get();
  if (!session.ok()) {
    return End(stream, session.status());
  }
  stream.position = {.producer = hello.id, .session = session->session};
  stream.lease = session->lease;
  pb::IngestResponse answer;
  answer.mutable_welcome()->set_last_sequence(session->last_sequence);
  stream.answer(answer);
}

void SimulatedServer::Store(ServerStream& stream, const server::DecodedIngestRequest& request) {
  auto [submission, outline] = server::ToSubmission(request.batch);
  if (forget_once_in_ == 0 || !world_.OneIn(forget_once_in_)) {
    submission.position = stream.position;
    submission.position->sequence = request.sequence;
    submission.position->content = request.content;
  }
  std::promise<absl::StatusOr<SubmissionResult>> stored;
  db_->Submit(std::move(submission), [&](auto result) { stored.set_value(std::move(result)); });
  const absl::StatusOr<SubmissionResult> result = stored.get_future().get();
  if (!result.ok()) {
    return End(stream, result.status());
  }
  pb::IngestResponse answer;
  answer.set_sequence(request.sequence);
  *answer.mutable_result() = *server::ToBatchResult(outline, result);
  stream.answer(answer);
}

void SimulatedServer::End(ServerStream& stream, const absl::Status& status) {
  world_.Note(static_cast<uint64_t>(status.code()));
  stream.ended = true;
  stream.end(status);
}

}  // namespace itemized::testing
