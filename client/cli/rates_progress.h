// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands wait for the server to price earlier calls again, with a line on the terminal that says
// how far it is.

#include <functional>
#include <future>

#include "absl/status/statusor.h"

#include "client/cli/session.h"

namespace itemized::cli {

// Draws the line until `is_done()`, which waits a moment each time it is asked.
void ShowRepricing(const std::function<bool()>& is_done, Session& session);

// Returns the response of `call`, which runs in a thread of its own.
template <typename Response, typename Call>
absl::StatusOr<Response> WithProgress(const Call& call, Session& session) {
  constexpr std::chrono::milliseconds kTick(250);
  std::future<absl::StatusOr<Response>> response = std::async(std::launch::async, call);
  ShowRepricing([&] { return response.wait_for(kTick) == std::future_status::ready; }, session);
  return response.get();
}

}  // namespace itemized::cli
