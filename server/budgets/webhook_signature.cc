// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/webhook_signature.h"

#include <array>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "storage/base/check.h"
#include "storage/base/quoted.h"

namespace itemized::server {

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(
        absl::StrCat("The file ", Quoted(path), " cannot be read; put a secret into it."));
  }
  std::string secret((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  absl::StripTrailingAsciiWhitespace(&secret);
  if (secret.size() < kSecretBytesMin) {
    return absl::InvalidArgumentError(absl::StrCat("The secret has ", secret.size(),
                                                   " bytes; give one of at least ", kSecretBytesMin,
                                                   ", for instance of `openssl rand -hex 32`."));
  }
  return secret;
}

std::string SignWebhook(absl::string_view secret, int64_t unix_seconds, absl::string_view body) {
  const std::string signed_bytes = absl::StrCat(unix_seconds, ".", body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(signed_bytes.data()), signed_bytes.size(),
             digest.data(), &size) != nullptr);
  return absl::StrCat("t=", unix_seconds, ",v1=",
                      absl::BytesToHexString(
                          absl::string_view(reinterpret_cast<const char*>(digest.data()), size)));
}

}  // namespace itemized::server
