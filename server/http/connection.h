// SPDX-License-Identifier: Apache-2.0
#pragma once

// These rules, free of sockets and clocks, say which connection must end, and which gives way
// to others.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/http/http_limits.h"

namespace itemized::server {

// Describes one connection, as far as the rules look at it.
struct Connection {
  using Instant = std::chrono::steady_clock::time_point;
  enum class Phase {
    kFresh,      // Nothing has come yet.
    kIdle,       // The last request is answered; nothing of a next one has come.
    kHead,       // A request has begun.
    kBody,       // Its header is complete.
    kAnswering,  // The request is with its handler.
    kWriting,    // The answer is on its way.
    kClosing,    // The last answer is sent; the client shall read it before it is cut off.
  };

  Phase phase = Phase::kFresh;
  Instant since;             // The phase began then.
  uint64_t moved_bytes = 0;  // So many of a body came in this phase, or an answer has so many.
  uint64_t held_bytes = 0;   // A body takes so much memory.
  std::string peer;          // It is the address of the other side, without port.
};

// Tells whether `connection` has taken longer than anybody may.
bool IsOverdue(const Connection& connection, const HttpLimits& limits, Connection::Instant now);

// Names what there is not enough of.
enum class Scarce { kConnections, kMemory };

// Returns the index of the connection that is to end for the sake of `peer`, which wants some of
// what is scarce, or nothing if all have a better right. It chooses in this order:
// one that does nothing, if connections are scarce; the slowest sender that took longer than
// `patience`, whoever it is; one of the peer that has most, if that is more than twice
// what `peer` has: so one peer alone may have all, and must share when others come. An
// empty `peer` is nobody in particular, for whom only idle and slow ones end.
std::optional<size_t> FindToGiveWay(const std::vector<const Connection*>& connections,
                                    Scarce scarce, const std::string& peer,
                                    const HttpLimits& limits, Connection::Instant now);

}  // namespace itemized::server
