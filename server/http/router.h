// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an HTTP request is answered with, free of any HTTP library.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "storage/base/cancellation.h"

namespace itemized::server {

struct HttpRequest {
  std::string method;                          // "GET"; a HEAD request comes as GET.
  std::string path;                            // "/healthz"; as sent, not decoded.
  std::string query;                           // What follows the "?".
  std::map<std::string, std::string> headers;  // By name in lower case.
  std::string body;
  // Tells when nobody waits for the answer any more; may be null.
  std::shared_ptr<const Cancellation> cancellation;

  // "" if there is none.
  const std::string& Header(const std::string& name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string cache_control = "no-store";
  std::vector<std::pair<std::string, std::string>> headers;  // Further ones.
};

// Called once, from any thread, while the server runs.
using Respond = std::function<void(HttpResponse)>;

// Must not block: all connections share a thread. A handler that has to wait
// keeps `respond` and returns.
using HttpHandler = std::function<void(HttpRequest request, Respond respond)>;

// The answer to a request that must not reach its handler; none if it may.
using HttpGuard = std::function<std::unique_ptr<HttpResponse>(const HttpRequest& request)>;

// Finds the handler of a request. Thread-safe when const.
class Router {
 public:
  // A path that ends in "/" and is not the root also handles what is under it,
  // unless that has a handler of its own.
  void Handle(absl::string_view method, absl::string_view path, HttpHandler handler);
  // Looks at every request first.
  void SetGuard(HttpGuard guard) { guard_ = std::move(guard); }

  // Answers with the handler of that method and path; 404 if there is none for the
  // path, 405 if there is none for the method.
  void Route(HttpRequest request, Respond respond) const;

 private:
  using Handlers = std::map<std::string, HttpHandler>;  // By method.
  const Handlers* Find(const std::string& path) const;

  std::map<std::string, Handlers> paths_;
  HttpGuard guard_;
};

// {"error": sentence}.
HttpResponse HttpError(int status, absl::string_view sentence);
// The same, with the status code of HTTP that is nearest to that of `status`.
HttpResponse HttpError(const absl::Status& status);

}  // namespace itemized::server
