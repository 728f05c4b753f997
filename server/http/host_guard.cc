// SPDX-License-Identifier: Apache-2.0
#include "server/http/host_guard.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include <arpa/inet.h>
#include <spdlog/spdlog.h>

#include "server/api/log_sampler.h"
#include "server/http/http_head.h"
#include "storage/base/quoted.h"

namespace itemized::server {
namespace {

bool IsIpAddress(const std::string& name) {
  in6_addr address;  // It is large enough for both.
  return inet_pton(AF_INET, name.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

// Browsers say where a request comes from. Other programs say none of this, except that the
// fetch of Node.js names its mode, without the site that a browser names with it.
bool IsFromBrowser(const HttpRequest& request) {
  return request.headers.count("origin") > 0 ||
         std::any_of(request.headers.lower_bound("sec-fetch-"), request.headers.end(),
                     [](const auto& header) {
                       return absl::StartsWith(header.first, "sec-fetch-") &&
                              header.first != "sec-fetch-mode";
                     });
}

// Tells whether the request comes from a page of this server.
bool IsOfOurPage(const HttpRequest& request) {
  const std::string& site = request.Header("sec-fetch-site");
  absl::string_view origin = request.Header("origin");
  const bool is_web =
      absl::ConsumePrefix(&origin, "http://") || absl::ConsumePrefix(&origin, "https://");
  return is_web && absl::EqualsIgnoreCase(origin, request.Header("host")) &&
         (site.empty() || site == "same-origin");
}

// A page of another site can send any type but these without being asked for permission.
bool IsJson(absl::string_view content_type) {
  const absl::string_view type =
      absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';')));
  for (const char* known : {"application/json", "application/x-ndjson", "application/ndjson"}) {
    if (absl::EqualsIgnoreCase(type, known)) {
      return true;
    }
  }
  return false;
}

class HostGuard {
 public:
  explicit HostGuard(std::vector<std::string> names) : names_(std::move(names)) {
    for (std::string& name : names_) {
      absl::AsciiStrToLower(&name);
    }
  }

  std::unique_ptr<HttpResponse> Check(const HttpRequest& request) {
    const std::string& host = request.Header("host");
    const std::optional<std::string> name = NameInHost(host);
    if (!name.has_value() || !IsOurs(*name)) {
      return Refuse(421, absl::StrCat("This server does not go by the name ", Quoted(host),
                                      ". Use its address, or start it with --http-host ",
                                      name.value_or("").empty() ? "NAME" : *name, "."));
    }
    if (request.method == "GET" || !IsFromBrowser(request)) {
      return nullptr;
    }
    if (!IsOfOurPage(request)) {
      return Refuse(403, "A page of another origin may not change the bill.");
    }
    if (!IsJson(request.Header("content-type"))) {
      return Refuse(415, "A page must send its changes as application/json.");
    }
    return nullptr;
  }

 private:
  bool IsOurs(const std::string& name) const {
    return name == "localhost" || absl::EndsWith(name, ".localhost") || IsIpAddress(name) ||
           std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  // An operator hears of it: it is an attack, or a name that was forgotten.
  std::unique_ptr<HttpResponse> Refuse(int status, const std::string& sentence) {
    if (const std::optional<int64_t> count = sampler_.Count()) {
      spdlog::warn("HTTP requests are refused ({} since the last report). The newest: {}", *count,
                   sentence);
    }
    return std::make_unique<HttpResponse>(HttpError(status, sentence));
  }

  std::vector<std::string> names_;
  LogSampler sampler_;
};

}  // namespace

HttpGuard MakeHostGuard(std::vector<std::string> names) {
  const auto guard = std::make_shared<HostGuard>(std::move(names));
  return [guard](const HttpRequest& request) { return guard->Check(request); };
}

}  // namespace itemized::server
