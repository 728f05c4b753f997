// SPDX-License-Identifier: Apache-2.0
#pragma once

// Requests from bytes, and the header of answers to bytes.

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
    kTaken,     // `taken` bytes belong to the request, perhaps none; there may be more to take.
    kStarved,   // Nothing can be done without more bytes than these.
    kTooLarge,  // The body.
    kInvalid,
  };
  Result Put(absl::string_view bytes, size_t* taken);
  // Whether all of `head` is a header, and nothing but that.
  Result PutHead(absl::string_view head);

  // Once the header is read.
  bool is_done() const;
  bool keep_alive() const;
  bool is_http_1_0() const;
  bool is_head() const;  // "HEAD"
  bool expects_continue() const;
  uint64_t announced_bytes() const;  // Of the body; 0 if that is not known.
  // Without a body.
  HttpRequest ToRequest() const;

  // As far as it has arrived.
  std::string& body();
  // Whether header fields followed a chunked body.
  bool HasTrailer() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// An answer's header with the empty line at its end.
std::string WriteResponseHead(const HttpResponse& response, bool keep_alive, bool is_http_1_0);

}  // namespace itemized::server
