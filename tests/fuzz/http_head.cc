// SPDX-License-Identifier: Apache-2.0
// Headers of HTTP requests: what CheckHead lets through means one thing, also to Beast.

#include "server/http/http_head.h"

#include <string>

#include "absl/strings/match.h"

#include "server/http/request_parser.h"
#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {

std::vector<std::string> Seeds() {
  return {"GET / HTTP/1.1\r\nHost: localhost:4318\r\nAccept: */*\r\n\r\n",
          "POST /api/v1/events HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 12\r\n\r\n",
          "POST /a?b=c HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: chunked\r\n"
          "Expect: 100-continue\r\n\r\n",
          "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"};
}

bool Accepts(absl::string_view input) {
  if (server::CheckHead(input).has_value()) {
    return false;
  }
  CHECK(!server::HasBareLineFeed(input));
  CHECK(absl::EndsWith(input, "\r\n\r\n"));
  server::RequestParser parser{server::HttpLimits()};
  if (parser.PutHead(input) != server::RequestParser::Result::kTaken) {
    return false;  // Beast may be stricter still.
  }
  const server::HttpRequest request = parser.ToRequest();
  CHECK(server::NameInHost(request.Header("host")).has_value());
  const bool is_chunked = !request.Header("transfer-encoding").empty();
  const std::string& length = request.Header("content-length");
  CHECK(!is_chunked || length.empty());
  // A request that announces no body has none, so that the next request begins here.
  CHECK(parser.is_done() == (!is_chunked && parser.announced_bytes() == 0));
  return true;
}

}  // namespace itemized::fuzz
