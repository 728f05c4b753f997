// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/webhook_url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

absl::Status NotAnAddress(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("The webhook ", Quoted(text), " ", why,
                                                 "; give an address such as "
                                                 "https://hooks.example.com/itemized."));
}

struct HostAndPort {
  std::string host;
  std::optional<uint16_t> port;
};

bool IsHostCharacter(char c, bool is_number) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalnum(byte) || c == '.' || (is_number ? c == ':' : c == '-' || c == '_');
}

// Reads "host", "host:port" or "[::1]:port". Nothing if it is none of these.
std::optional<HostAndPort> ReadHost(absl::string_view text) {
  HostAndPort found;
  const bool is_number = absl::ConsumePrefix(&text, "[");
  const size_t end = is_number ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == absl::string_view::npos || end == 0) {
    return std::nullopt;
  }
  found.host = absl::AsciiStrToLower(text.substr(0, end));
  if (!std::all_of(found.host.begin(), found.host.end(),
                   [&](char c) { return IsHostCharacter(c, is_number); })) {
    return std::nullopt;
  }
  text.remove_prefix(is_number ? end + 1 : end);
  if (text.empty()) {
    return found;
  }
  uint32_t port = 0;
  const bool is_port = absl::ConsumePrefix(&text, ":") && !text.empty() &&
                       std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
                       absl::SimpleAtoi(text, &port) && port > 0 && port <= UINT16_MAX;
  if (!is_port) {
    return std::nullopt;
  }
  found.port = static_cast<uint16_t>(port);
  return found;
}

std::string Bracketed(const std::string& host) {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]") : host;
}

}  // namespace

std::string WebhookUrl::HostHeader() const {
  const bool is_default = port == (tls ? kHttpsPort : kHttpPort);
  return is_default ? Bracketed(host) : absl::StrCat(Bracketed(host), ":", port);
}

absl::StatusOr<WebhookUrl> ParseWebhookUrl(absl::string_view text) {
  WebhookUrl url;
  absl::string_view rest = text;
  if (absl::StartsWithIgnoreCase(rest, "https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (absl::StartsWithIgnoreCase(rest, "http://")) {
    rest.remove_prefix(7);
  } else {
    return NotAnAddress(text, "begins with neither http:// nor https://");
  }
  if (!std::all_of(rest.begin(), rest.end(), absl::ascii_isgraph)) {
    return NotAnAddress(text, "has characters that no address has; escape them");
  }
  if (absl::StrContains(rest, '#')) {
    return NotAnAddress(text, "has a fragment, which no server sees; leave it out");
  }
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const absl::string_view authority = rest.substr(0, end);
  if (absl::StrContains(authority, '@')) {
    return NotAnAddress(text,
                        "names a user, whose password would be told to everybody who lists "
                        "the budgets; leave that out");
  }
  const std::optional<HostAndPort> host = ReadHost(authority);
  if (!host.has_value()) {
    return NotAnAddress(text, "names no host and port that can be read");
  }
  url.host = host->host;
  url.port = host->port.value_or(url.tls ? kHttpsPort : kHttpPort);
  rest.remove_prefix(end);
  url.target = absl::StartsWith(rest, "/") ? std::string(rest) : absl::StrCat("/", rest);
  return url;
}

absl::Status WebhookHosts::Allow(absl::string_view text) {
  const std::optional<HostAndPort> host = ReadHost(text);
  if (!host.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The host ", Quoted(text), " cannot be read; give HOST or HOST:PORT."));
  }
  hosts_.push_back({host->host, host->port});
  return absl::OkStatus();
}

absl::Status WebhookHosts::Check(const WebhookUrl& url) const {
  const bool is_allowed = std::any_of(hosts_.begin(), hosts_.end(), [&](const Host& host) {
    const bool is_port = host.port.has_value() ? *host.port == url.port
                                               : url.port == kHttpPort || url.port == kHttpsPort;
    return host.name == url.host && is_port;
  });
  if (is_allowed) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("Webhooks to ", url.HostHeader(),
                   " are not allowed here; whoever runs the server allows them with "
                   "--webhook-allow ",
                   url.HostHeader(), " and --webhook-secret-file FILE."));
}

}  // namespace itemized::server
