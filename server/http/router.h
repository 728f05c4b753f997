// SPDX-License-Identifier: Apache-2.0
#pragma once

// Router finds what answers an HTTP request, and is free of any HTTP library.

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
  std::string method;                          // It is like "GET", which HEAD also comes as.
  std::string path;                            // It is like "/healthz", as sent, not decoded.
  std::string query;                           // It is what follows the "?".
  std::map<std::string, std::string> headers;  // Their names are in lower case.
  std::string body;
  // It tells when nobody waits for the answer any more, and may be null.
  std::shared_ptr<const Cancellation> cancellation;

  // Returns "" if there is none.
  const std::string& Header(const std::string& name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string cache_control = "no-store";
  std::vector<std::pair<std::string, std::string>> headers;  // They come behind those above.
};

// Is called once, from any thread. After the server has gone it does nothing.
using Respond = std::function<void(HttpResponse)>;

// A handler must not block, since all connections share a thread. One that has to wait
// keeps `respond` and returns.
using HttpHandler = std::function<void(HttpRequest request, Respond respond)>;

// Returns the answer to a request that must not reach its handler, or none if it may.
using HttpGuard = std::function<std::unique_ptr<HttpResponse>(const HttpRequest& request)>;

// Finds the handler of a request. It is thread-safe when const.
class Router {
 public:
  // Adds a handler. One for a path that ends in "/" and is not the root also handles what is
  // under it, unless that has a handler of its own.
  void Handle(absl::string_view method, absl::string_view path, HttpHandler handler);
  // The guard looks at every request first.
  void SetGuard(HttpGuard guard) { guard_ = std::move(guard); }

  // Answers with the handler of that method and path, with 404 if there is none for the
  // path, and with 405 if there is none for the method.
  void Route(HttpRequest request, Respond respond) const;

 private:
  using Handlers = std::map<std::string, HttpHandler>;  // The key is a method.
  const Handlers* Find(const std::string& path) const;

  std::map<std::string, Handlers> paths_;
  HttpGuard guard_;
};

// Makes the answer {"error": sentence}.
HttpResponse HttpError(int status, absl::string_view sentence);
// Makes the answer to an error, with the status code of HTTP that is nearest to that of `status`.
HttpResponse HttpError(const absl::Status& status);

}  // namespace itemized::server
