#pragma once

// What an HTTP request is answered with, free of any HTTP library.

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace itemized::server {

struct HttpRequest {
  std::string method;  // "GET".
  std::string path;    // "/healthz"; as sent, not decoded.
  std::string query;   // What follows the "?".
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// Called once, from any thread, while the server runs.
using Respond = std::function<void(HttpResponse)>;

// Must not block: all connections share a thread. A handler that has to wait
// keeps `respond` and returns.
using HttpHandler = std::function<void(HttpRequest request, Respond respond)>;

// Finds the handler of a request. Thread-safe when const.
class Router {
 public:
  void Handle(absl::string_view method, absl::string_view path, HttpHandler handler);

  // Answers with the handler of that method and path, or 404.
  void Route(HttpRequest request, Respond respond) const;

 private:
  std::map<std::pair<std::string, std::string>, HttpHandler> handlers_;  // By method and path.
};

// {"error": sentence}. The sentence needs no escapes in JSON.
HttpResponse HttpError(int status, absl::string_view sentence);

}  // namespace itemized::server
