// SPDX-License-Identifier: Apache-2.0
// Addresses of webhooks. What is read is what a request line and a Host header can carry.

#include "server/budgets/webhook_url.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {

std::vector<std::string> Seeds() {
  return {"http://h", "https://Hooks.example.com:8443/a/b?c=d", "http://[::1]:81?x",
          "http://127.0.0.1:9000/"};
}

bool Accepts(absl::string_view input) {
  const absl::StatusOr<server::WebhookUrl> url = server::ParseWebhookUrl(input);
  if (!url.ok()) {
    CHECK(url.status().code() == absl::StatusCode::kInvalidArgument);
    return false;
  }
  CHECK(!url->host.empty() && url->port > 0 && url->target.front() == '/');
  const std::string sent = absl::StrCat(url->target, url->HostHeader());
  CHECK(std::all_of(sent.begin(), sent.end(), absl::ascii_isgraph));
  // It is the same host after another journey, so that what was allowed is what is sent to.
  const absl::StatusOr<server::WebhookUrl> again = server::ParseWebhookUrl(
      absl::StrCat(url->tls ? "https://" : "http://", url->HostHeader(), url->target));
  CHECK(again.ok() && again->host == url->host && again->port == url->port &&
        again->target == url->target && again->tls == url->tls);
  server::WebhookHosts hosts;
  CHECK(!hosts.Check(*url).ok());
  CHECK(
      hosts
          .Allow(absl::StrCat(url->host.find(':') != std::string::npos ? "[" : "", url->host,
                              url->host.find(':') != std::string::npos ? "]" : "", ":", url->port))
          .ok());
  CHECK(hosts.Check(*url).ok());
  return true;
}

}  // namespace itemized::fuzz
