// SPDX-License-Identifier: Apache-2.0
#include "server/http/host_guard.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include <arpa/inet.h>

namespace itemized::server {
namespace {

// "[::1]:4318" without its port and brackets; "" if malformed.
std::string NameIn(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) {
    return std::string(host.substr(0, std::min(host.find(']'), host.size())));
  }
  std::string name(host.substr(0, std::min(host.find(':'), host.size())));
  absl::AsciiStrToLower(&name);
  return name;
}

bool IsIpAddress(const std::string& name) {
  in6_addr address;  // Large enough for both.
  return inet_pton(AF_INET, name.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

bool IsForeign(const HttpRequest& request) {
  const std::string& site = request.Header("sec-fetch-site");
  if (site == "cross-site" || site == "same-site") {
    return true;
  }
  absl::string_view origin = request.Header("origin");
  if (origin.empty()) {
    return false;  // No browser, or a page of ours.
  }
  const bool is_web =
      absl::ConsumePrefix(&origin, "http://") || absl::ConsumePrefix(&origin, "https://");
  return !is_web || !absl::EqualsIgnoreCase(origin, request.Header("host"));
}

std::unique_ptr<HttpResponse> Refuse(int status, absl::string_view sentence) {
  return std::make_unique<HttpResponse>(HttpError(status, sentence));
}

}  // namespace

HttpGuard MakeHostGuard(std::vector<std::string> names) {
  for (std::string& name : names) {
    absl::AsciiStrToLower(&name);
  }
  return [names = std::move(names)](const HttpRequest& request) -> std::unique_ptr<HttpResponse> {
    const std::string name = NameIn(request.Header("host"));
    const bool is_ours = name == "localhost" || absl::EndsWith(name, ".localhost") ||
                         IsIpAddress(name) ||
                         std::find(names.begin(), names.end(), name) != names.end();
    if (!is_ours) {
      return Refuse(421, absl::StrCat("This server does not go by the name \"", name,
                                      "\". Use its address, or start it with --http-host ",
                                      name.empty() ? "NAME" : name, "."));
    }
    if (request.method != "GET" && IsForeign(request)) {
      return Refuse(403, "A page of another origin may not change the bill.");
    }
    return nullptr;
  };
}

}  // namespace itemized::server
