// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/budgets/webhook_url.h"

namespace itemized::server {

// What became of one attempt to post a webhook.
struct PostResult {
  enum class Outcome : uint8_t {
    kTaken,    // The receiver answered with 2xx.
    kRefused,  // It will not take this one: 4xx, or a redirect, which is not followed.
    kFailed,   // It may take it later: 408, 429, 5xx, no answer, or no connection.
  };

  Outcome outcome = Outcome::kFailed;
  std::string why;  // A sentence; "" if it was taken.
};

// Posts `body` once, over a connection of its own, and waits until the receiver has answered or
// `timeout` is over. Gives up soon after `is_stopping` returns true; looking up a name cannot be
// given up, and takes as long as the machine's resolver does. A certificate has to be for the host
// and from one whom the machine trusts. Redirects are not followed, and no proxy is used.
PostResult PostWebhook(const WebhookUrl& url,
                       const std::vector<std::pair<std::string, std::string>>& headers,
                       const std::string& body, std::chrono::milliseconds timeout,
                       const std::function<bool()>& is_stopping);

// Says what an answer with this status means.
PostResult ResultOf(int status);

}  // namespace itemized::server
