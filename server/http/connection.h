// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which connection must end, and which gives way to others: the rules, free of sockets
// and clocks.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/http/http_limits.h"

namespace itemized::server {

// One connection, as far as the rules look at it.
struct Connection {
  using Instant = std::chrono::steady_clock::time_point;
  enum class Phase {
    kFresh,      // Nothing has come yet.
    kIdle,       // Has been answered; nothing of a next request has come.
    kHead,       // A request has begun.
    kBody,       // Its header is complete.
    kAnswering,  // The request is with its handler.
    kWriting,    // The answer is on its way.
    kClosing,    // Answered for the last time; the client shall read that before it is cut off.
  };

  Phase phase = Phase::kFresh;
  Instant since;             // When the phase began.
  uint64_t moved_bytes = 0;  // In this phase: of a body those that came, of an answer all.
  uint64_t held_bytes = 0;   // Of memory, for a body.
  std::string peer;          // The address of the other side, without port.
};

// Whether `connection` has taken longer than anybody may.
bool IsOverdue(const Connection& connection, const HttpLimits& limits, Connection::Instant now);

// What there is not enough of.
enum class Scarce { kConnections, kMemory };

// The index of the connection that is to end for the sake of `peer`, which wants some of
// what is scarce; nothing if all have a better right. In this order:
// one that does nothing, for connections; the slowest sender that took longer than
// `patience`, whoever it is; one of the peer that has most, if that is more than twice
// what `peer` has: so one peer alone may have all, and must share when others come. An
// empty `peer` is nobody in particular, for whom only idle and slow ones end.
std::optional<size_t> FindToGiveWay(const std::vector<const Connection*>& connections,
                                    Scarce scarce, const std::string& peer,
                                    const HttpLimits& limits, Connection::Instant now);

}  // namespace itemized::server
