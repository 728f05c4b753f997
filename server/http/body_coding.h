// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions undo and choose the Content-Encoding of requests and answers.

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "server/http/router.h"

namespace itemized::server {

// Tells whether a client that sends this Accept-Encoding takes gzip: it is named, or "*" is,
// with a weight above 0.
bool AcceptsGzip(absl::string_view accept_encoding);

// Replaces the body by what it stands for, of at most `bytes_max`, and returns nothing; or
// returns the refusal: 415 for an encoding that is not gzip, 400 for broken gzip, 413 for more.
std::optional<HttpResponse> DecodeBody(HttpRequest& request, size_t bytes_max);

}  // namespace itemized::server
