// SPDX-License-Identifier: Apache-2.0
#pragma once

// A server within the process of a client, over a store that goes away with it: what answers
// questions about files where there is no server. Of the server this folder knows only server/
// itself, as a whole. An example:
//
//   ASSIGN_OR_RETURN(const auto server, LocalServer::Start(Clock::System()));
//   ... import over server->connection(), and ask ...

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "client/cpp/connection.h"
#include "storage/base/time.h"

namespace itemized::client {

// Is reached over no socket: nobody else can send it anything or ask it. It has the bundled
// prices. Its store lies in a new directory below that of temporary files (TMPDIR, else /tmp),
// which only this user may read. Thread-safe.
class LocalServer {
 public:
  // The process logs only errors of servers from now on, to standard error. `clock` outlives it.
  // UNAVAILABLE if the directory cannot be made or written.
  static absl::StatusOr<std::unique_ptr<LocalServer>> Start(const Clock* clock);

  virtual ~LocalServer() = default;  // Takes the store away, too.

  // Must not be used once the server is gone.
  virtual const std::shared_ptr<Connection>& connection() const = 0;
};

}  // namespace itemized::client
