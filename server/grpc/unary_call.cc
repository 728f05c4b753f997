// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/unary_call.h"

namespace itemized::server {

Cancellation::Instant DeadlineOf(const grpc::CallbackServerContext& context,
                                 std::chrono::steady_clock::duration time_max) {
  const auto now = std::chrono::steady_clock::now();
  const auto wall_now = std::chrono::system_clock::now();
  // A call without a deadline has the end of time, to which nothing may be added.
  const auto wall_deadline = std::min(context.deadline(), wall_now + time_max);
  return now + (wall_deadline - wall_now);
}

grpc::Status NoMemory() {
  return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                      "The server has no memory left for this; ask for less, ask again a little "
                      "later, or start the server with a larger --memory-limit.");
}

}  // namespace itemized::server
