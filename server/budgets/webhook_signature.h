// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

inline constexpr char kSignatureHeader[] = "Itemized-Signature";
// What a secret has, at least. A shorter one could be guessed.
inline constexpr size_t kSecretBytesMin = 16;

// Reads the secret that signs webhooks: the content of a file, without the white space at its end.
// INVALID_ARGUMENT, with a sentence, if it cannot be read or has
// fewer than kSecretBytesMin bytes.
absl::StatusOr<std::string> ReadSecret(const std::string& path);

// Returns the value of the header: "t=1793491200,v1=HEX". HEX is the HMAC-SHA256, under the secret,
// of the time, a full stop and the body, so that a receiver can refuse what others send, and what
// is sent again later.
std::string SignWebhook(absl::string_view secret, int64_t unix_seconds, absl::string_view body);

}  // namespace itemized::server
