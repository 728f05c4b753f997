// SPDX-License-Identifier: Apache-2.0
#include "server/http/connection.h"

#include <algorithm>
#include <map>

namespace itemized::server {
namespace {

using Phase = Connection::Phase;

constexpr std::chrono::seconds kClosingTimeout{2};
// A sender as fast as this is never called slow, however long it has been sending.
constexpr uint64_t kBriskBytesPerSecond = 256 << 10;
// Takers of answers get more patience than senders: their request has been worked for.
constexpr int kPatienceWithTakers = 5;

// Returns how long `bytes` take at most.
std::chrono::milliseconds TimeOf(uint64_t bytes, uint64_t bytes_per_second) {
  return std::chrono::milliseconds(bytes * 1000 / bytes_per_second);
}

bool IsReceiving(const Connection& connection) {
  return connection.phase == Phase::kFresh || connection.phase == Phase::kHead ||
         connection.phase == Phase::kBody;
}

// Tells whether it took longer than a client on a good line would.
bool IsSlow(const Connection& connection, const HttpLimits& limits, Connection::Instant now) {
  const auto took = now - connection.since;
  const auto fair = TimeOf(connection.moved_bytes, kBriskBytesPerSecond);
  if (connection.phase == Phase::kWriting) {
    return took > kPatienceWithTakers * limits.patience + fair;
  }
  return IsReceiving(connection) && took > limits.patience + fair;
}

// Searches in the order of the connections, so that of two alike the first one is found.
class Search {
 public:
  Search(const std::vector<const Connection*>& connections, Scarce scarce)
      : connections_(connections), scarce_(scarce) {}

  // Finds, among those that `fits`, the one whose phase began first.
  template <typename Fits>
  std::optional<size_t> Oldest(const Fits& fits) const {
    std::optional<size_t> oldest;
    for (size_t i = 0; i < connections_.size(); ++i) {
      const Connection& each = *connections_[i];
      const bool is_older = !oldest.has_value() || each.since < connections_[*oldest]->since;
      if (AmountOf(each) > 0 && is_older && fits(each)) {
        oldest = i;
      }
    }
    return oldest;
  }

  // Returns how much `connection` has of what is scarce.
  uint64_t AmountOf(const Connection& connection) const {
    if (scarce_ == Scarce::kMemory) {
      return connection.held_bytes;
    }
    return connection.phase == Phase::kClosing ? 0 : 1;
  }

  // Finds one that is still sending, of the peer that has far more than `peer`.
  std::optional<size_t> OfTheGreediest(const std::string& peer) const {
    if (peer.empty()) {
      return std::nullopt;
    }
    std::map<std::string, uint64_t> amounts;
    amounts[peer];
    for (const Connection* each : connections_) {
      amounts[each->peer] += AmountOf(*each);
    }
    const auto greediest =
        std::max_element(amounts.begin(), amounts.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (greediest->second <= 2 * amounts[peer] + 1) {
      return std::nullopt;
    }
    return Oldest([&](const Connection& connection) {
      return connection.peer == greediest->first && IsReceiving(connection);
    });
  }

 private:
  const std::vector<const Connection*>& connections_;
  const Scarce scarce_;
};

}  // namespace

bool IsOverdue(const Connection& connection, const HttpLimits& limits, Connection::Instant now) {
  const auto took = now - connection.since;
  switch (connection.phase) {
    case Phase::kFresh:
    case Phase::kIdle:
      return took > limits.timeout;
    case Phase::kHead:
      return took > limits.head_timeout;
    case Phase::kBody:
    case Phase::kWriting:
      return took > limits.timeout + TimeOf(connection.moved_bytes, limits.bytes_per_second);
    case Phase::kAnswering:
      return false;  // The handler knows its deadline.
    case Phase::kClosing:
      return took > kClosingTimeout;
  }
  return false;
}

std::optional<size_t> FindToGiveWay(const std::vector<const Connection*>& connections,
                                    Scarce scarce, const std::string& peer,
                                    const HttpLimits& limits, Connection::Instant now) {
  const Search search(connections, scarce);
  if (const auto idle = search.Oldest(
          [](const Connection& connection) { return connection.phase == Phase::kIdle; })) {
    return idle;
  }
  if (const auto slow = search.Oldest(
          [&](const Connection& connection) { return IsSlow(connection, limits, now); })) {
    return slow;
  }
  return search.OfTheGreediest(peer);
}

}  // namespace itemized::server
