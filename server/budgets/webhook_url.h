// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where webhooks may go. A server that posts to whatever address it is given could be sent to
// anything it can reach and its client cannot, so the operator names the hosts.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

// The parts of "http://host:port/target". A plain value.
struct WebhookUrl {
  bool tls = false;
  std::string host;  // It is in lower case; a number of IPv6 has no brackets.
  uint16_t port = 0;
  std::string target;  // It begins with "/" and has the query.

  // Returns the host as a Host header has it, with the port where it is not that of the scheme.
  std::string HostHeader() const;
};

// Reads an address of http or https. INVALID_ARGUMENT, with a sentence, if it is none, or names a
// user or a fragment.
absl::StatusOr<WebhookUrl> ParseWebhookUrl(absl::string_view text);

// The hosts that webhooks may be sent to. A plain value.
class WebhookHosts {
 public:
  // Reads HOST or HOST:PORT, as the flag --webhook-allow has it. HOST alone stands for the ports of
  // http and https, 80 and 443. INVALID_ARGUMENT if it is neither.
  absl::Status Allow(absl::string_view text);

  // OK if `url` may be sent to. PERMISSION_DENIED, with the flag that would allow it, if not.
  absl::Status Check(const WebhookUrl& url) const;

  bool empty() const { return hosts_.empty(); }

 private:
  struct Host {
    std::string name;
    std::optional<uint16_t> port;
  };

  std::vector<Host> hosts_;
};

}  // namespace itemized::server
