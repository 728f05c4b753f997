// SPDX-License-Identifier: Apache-2.0
#pragma once

// RequestParser makes requests from bytes; WriteResponseHead makes bytes of an answer's header.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

#include "server/http/http_limits.h"
#include "server/http/router.h"

namespace itemized::server {

// Reads one request: first its header, which CheckHead has let through, then its body.
class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits);
  ~RequestParser();

  enum class Result {
    kTaken,     // `taken` bytes, perhaps none, belong to the request; there may be more.
    kStarved,   // Nothing can be done without more bytes than these.
    kTooLarge,  // The body is too large.
    kInvalid,
  };
  Result Put(absl::string_view bytes, size_t* taken);
  // Takes `head` if it is a header, and nothing but that.
  Result PutHead(absl::string_view head);

  // These may be asked once the header is read.
  bool is_done() const;
  bool keep_alive() const;
  bool is_http_1_0() const;
  bool is_head() const;  // The method is "HEAD".
  bool expects_continue() const;
  uint64_t announced_bytes() const;  // The body has so many; 0 if that is not known.
  // Leaves the body out.
  HttpRequest ToRequest() const;

  // Returns the body as far as it has arrived.
  std::string& body();
  // Tells whether header fields followed a chunked body.
  bool HasTrailer() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// Returns an answer's header with the empty line at its end.
std::string WriteResponseHead(const HttpResponse& response, bool keep_alive, bool is_http_1_0);

}  // namespace itemized::server
