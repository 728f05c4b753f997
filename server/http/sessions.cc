// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "server/api/log_sampler.h"
#include "server/http/session.h"

namespace itemized::server {
namespace {

using Phase = Connection::Phase;

// The most connections that are told at a time that there is no room for them.
constexpr size_t kRefusedAtATime = 64;

HttpResponse NoRoom() {
  return HttpError(absl::UnavailableError(
      "All connections of this server are in use; try again a little later."));
}

}  // namespace

Sessions::Sessions(HttpLimits limits, MemoryBudget* memory)
    : limits_(limits),
      bodies_(static_cast<int64_t>(limits.all_body_bytes)),
      own_memory_(INT64_MAX),
      memory_(memory != nullptr ? *memory : own_memory_) {}

Sessions::~Sessions() = default;

bool Sessions::IsFull() const {
  const auto open = std::count_if(sessions_.begin(), sessions_.end(), [](const auto& each) {
    return each->connection().phase != Phase::kClosing;
  });
  return static_cast<size_t>(open) >= limits_.connections;
}

// Ends the one that has had its answer for longest.
void Sessions::EndOldestRefused() {
  std::shared_ptr<Session> oldest;
  for (const std::shared_ptr<Session>& each : sessions_) {
    const Connection& connection = each->connection();
    if (connection.phase == Phase::kClosing &&
        (oldest == nullptr || connection.since < oldest->connection().since)) {
      oldest = each;
    }
  }
  if (oldest != nullptr) {
    oldest->GiveWay();
  }
}

void Sessions::Add(boost::asio::ip::tcp::socket socket) {
  boost::system::error_code error;
  const std::string peer = socket.remote_endpoint(error).address().to_string();
  if (error) {
    return;  // The client has gone already.
  }
  const bool has_room = !IsFull() || MakeRoom(Scarce::kConnections, peer, nullptr);
  if (sessions_.size() >= limits_.connections + kRefusedAtATime) {
    EndOldestRefused();
  }
  auto session = std::make_shared<Session>(std::move(socket), *this);
  sessions_.insert(session);
  counters_.connections = static_cast<int64_t>(sessions_.size());
  if (has_room) {
    return session->Start();
  }
  static auto* const sampler = new LogSampler;
  ++counters_.refused;
  if (const auto count = sampler->Count()) {
    spdlog::warn("All {} HTTP connections are in use: {} more refused with 503.",
                 limits_.connections, *count);
  }
  session->Refuse(NoRoom());
}

void Sessions::Remove(const std::shared_ptr<Session>& session) {
  sessions_.erase(session);
  counters_.connections = static_cast<int64_t>(sessions_.size());
}

void Sessions::Close() {
  {
    const MutexLock lock(gate_->mutex);
    gate_->is_open = false;
  }
  sessions_.clear();
}

void Sessions::Sweep() {
  const auto now = std::chrono::steady_clock::now();
  const std::vector<std::shared_ptr<Session>> all(sessions_.begin(), sessions_.end());
  for (const std::shared_ptr<Session>& each : all) {
    each->Sweep(now);
  }
}

bool Sessions::MakeRoom(Scarce scarce, const std::string& peer, const Session* spared) {
  std::vector<std::shared_ptr<Session>> candidates;
  std::vector<const Connection*> connections;
  for (const std::shared_ptr<Session>& each : sessions_) {
    const bool is_active = each->connection().phase == Phase::kIdle && each->HasUnread();
    if (each.get() != spared && !is_active) {
      candidates.push_back(each);
      connections.push_back(&each->connection());
    }
  }
  const auto found =
      FindToGiveWay(connections, scarce, peer, limits_, std::chrono::steady_clock::now());
  if (!found.has_value()) {
    return false;
  }
  ++counters_.gave_way;
  candidates[*found]->GiveWay();
  return true;
}

void Sessions::CountUnanswered(int change) {
  const MutexLock lock(mutex_);
  unanswered_ += change;
  changed_.notify_all();
}

void Sessions::AwaitAnswers(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (unanswered_ > 0 && changed_.wait_until(mutex_, deadline) == std::cv_status::no_timeout) {
  }
}

}  // namespace itemized::server
