// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions undo and choose the Content-Encoding of requests and answers.

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/http/router.h"

namespace itemized::server {

// Returns the content of gzip data, INVALID_ARGUMENT if it is none, and OUT_OF_RANGE if it has
// more than `bytes_max`.
absl::StatusOr<std::string> Gunzip(absl::string_view gzip, size_t bytes_max);

// Tells whether a client that sends this Accept-Encoding takes gzip: it is named, or "*" is,
// with a weight above 0.
bool AcceptsGzip(absl::string_view accept_encoding);

// Replaces the body by what it stands for, of at most `bytes_max`, and returns nothing; or
// returns the refusal: 415 for an encoding that is not gzip, 400 for broken gzip, 413 for more.
std::optional<HttpResponse> DecodeBody(HttpRequest& request, size_t bytes_max);

}  // namespace itemized::server
