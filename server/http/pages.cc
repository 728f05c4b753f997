// SPDX-License-Identifier: Apache-2.0
#include "server/http/pages.h"

#include <string>

#include "absl/strings/match.h"

namespace itemized::server {
namespace {

constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr char kPlaceholder[] =
    "<!doctype html><html lang=\"en\"><title>itemized</title><h1>itemized</h1>"
    "<p>This server was built without its dashboard: build it where npm is installed.</p>"
    "<p>The API is there all the same: <a href=\"/api/v1/top\">/api/v1/top</a>, "
    "<a href=\"/metrics\">/metrics</a>.</p></html>\n";

// Addresses of views; those that end in "/" name a thing.
constexpr const char* kViewPaths[] = {"/",      "/workflows", "/workflows/", "/steps/",
                                      "/runs/", "/outliers",  "/prices"};

HttpHandler Serve(const PageFile& file, bool is_page) {
  return [file, is_page](const HttpRequest& request, const Respond& respond) {
    if (!absl::StrContains(request.Header("accept-encoding"), "gzip")) {
      return respond(HttpError(406, "The dashboard is sent gzipped only: accept gzip."));
    }
    HttpResponse response;
    response.content_type = std::string(file.content_type);
    response.body = std::string(file.gzip);
    response.cache_control = is_page ? "no-cache" : "public, max-age=31536000, immutable";
    response.headers = {{"Content-Encoding", "gzip"},
                        {"Vary", "Accept-Encoding"},
                        {"Content-Security-Policy", kPolicy},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cross-Origin-Opener-Policy", "same-origin"}};
    respond(std::move(response));
  };
}

void ServePlaceholder(const HttpRequest& /*request*/, const Respond& respond) {
  HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body = kPlaceholder;
  response.headers = {{"Content-Security-Policy", kPolicy}};
  respond(std::move(response));
}

}  // namespace

void AddPages(absl::Span<const PageFile> files, Router* router) {
  router->Handle("GET", "/", ServePlaceholder);
  for (const PageFile& file : files) {
    if (file.path != "/") {
      router->Handle("GET", file.path, Serve(file, /*is_page=*/false));
      continue;
    }
    for (const char* path : kViewPaths) {
      router->Handle("GET", path, Serve(file, /*is_page=*/true));
    }
  }
}

}  // namespace itemized::server
