// SPDX-License-Identifier: Apache-2.0
#include "server/http/pages.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/convert/gunzip.h"
#include "server/http/body_coding.h"
#include "storage/base/check.h"

namespace itemized::server {
namespace {

constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr size_t kPageBytesMax = size_t{16} << 20;  // No file has nearly as many.

constexpr char kPlaceholder[] =
    "<!doctype html><html lang=\"en\"><title>itemized</title><h1>itemized</h1>"
    "<p>This server was built without its dashboard: build it where npm is installed.</p>"
    "<p>The API is there all the same: <a href=\"/api/v1/top\">/api/v1/top</a>, "
    "<a href=\"/metrics\">/metrics</a>.</p></html>\n";

// Views have these addresses; those that end in "/" name a thing.
constexpr const char* kViewPaths[] = {"/",      "/workflows", "/workflows/", "/steps/",
                                      "/runs/", "/outliers",  "/prices"};

// Is a file as it is sent, with gzip or without.
struct Variant {
  std::string body;
  std::string etag;
};

// Tells whether an If-None-Match names `etag`.
bool Names(absl::string_view if_none_match, absl::string_view etag) {
  for (absl::string_view named : absl::StrSplit(if_none_match, ',')) {
    named = absl::StripAsciiWhitespace(named);
    absl::ConsumePrefix(&named, "W/");
    if (named == etag || named == "*") {
      return true;
    }
  }
  return false;
}

// The page that this build carries is whole: anything else is a mistake of the build.
std::pair<Variant, Variant> VariantsOf(const PageFile& file) {
  absl::StatusOr<std::string> plain = Gunzip(file.gzip, kPageBytesMax);
  CHECK_OK(plain.status());
  const std::string hash = absl::StrFormat("%016x", XXH3_64bits(plain->data(), plain->size()));
  return {{*std::move(plain), absl::StrCat("\"", hash, "\"")},
          {std::string(file.gzip), absl::StrCat("\"", hash, "-gzip\"")}};
}

HttpHandler Serve(const PageFile& file, bool is_page) {
  const auto variants = std::make_shared<const std::pair<Variant, Variant>>(VariantsOf(file));
  const std::string content_type(file.content_type);
  return [variants, content_type, is_page](const HttpRequest& request, const Respond& respond) {
    const bool is_gzip = AcceptsGzip(request.Header("accept-encoding"));
    const Variant& variant = is_gzip ? variants->second : variants->first;
    HttpResponse response;
    response.content_type = content_type;
    response.cache_control = is_page ? "no-cache" : "public, max-age=31536000, immutable";
    response.headers = {{"ETag", variant.etag},
                        {"Vary", "Accept-Encoding"},
                        {"Content-Security-Policy", kPolicy},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cross-Origin-Opener-Policy", "same-origin"}};
    if (Names(request.Header("if-none-match"), variant.etag)) {
      response.status = 304;
      return respond(std::move(response));
    }
    if (is_gzip) {
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    response.body = variant.body;
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
