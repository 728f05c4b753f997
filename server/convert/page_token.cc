// SPDX-License-Identifier: Apache-2.0
#include "server/convert/page_token.h"

#include <cstdint>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/escaping.h"

#include "storage/base/bytes.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

constexpr char kVersion = 1;
constexpr size_t kTokenBytesMax = 1'024;  // Event ids are short; no token is longer.

// Finds mistakes, and tokens of other runs; nobody gains anything by making one up.
uint32_t ChecksumOf(absl::string_view workflow_id, absl::string_view bytes) {
  return static_cast<uint32_t>(XXH3_64bits_withSeed(
      bytes.data(), bytes.size(), XXH3_64bits(workflow_id.data(), workflow_id.size())));
}

absl::Status BadToken() {
  return absl::InvalidArgumentError(
      "The page_token is not one of this run's: give the next_page_token of the page before as it "
      "is, or none for the first page.");
}

}  // namespace

std::string ToPageToken(absl::string_view workflow_id, const RunPosition& position) {
  std::string bytes(1, kVersion);
  AppendZigzag(&bytes, position.key.time_us);
  AppendVarint(&bytes, static_cast<uint64_t>(position.shown));
  AppendBigEndian64(&bytes, position.key.content[0]);
  AppendBigEndian64(&bytes, position.key.content[1]);
  bytes += position.key.event_id;
  AppendBigEndian32(&bytes, ChecksumOf(workflow_id, bytes));
  return absl::WebSafeBase64Escape(bytes);
}

absl::StatusOr<RunPosition> ReadPageToken(absl::string_view workflow_id, absl::string_view token) {
  std::string bytes;
  if (token.size() > kTokenBytesMax || !absl::WebSafeBase64Unescape(token, &bytes) ||
      bytes.size() <= sizeof(uint32_t)) {
    return BadToken();
  }
  absl::string_view in(bytes.data(), bytes.size() - sizeof(uint32_t));
  absl::string_view end = absl::string_view(bytes).substr(in.size());
  uint32_t checksum = 0;
  if (!ReadBigEndian32(&end, &checksum) || checksum != ChecksumOf(workflow_id, in) ||
      in[0] != kVersion) {
    return BadToken();
  }
  in.remove_prefix(1);
  RunPosition position;
  uint64_t shown = 0;
  if (!ReadZigzag(&in, &position.key.time_us) || !ReadVarint(&in, &shown) ||
      !ReadBigEndian64(&in, &position.key.content[0]) ||
      !ReadBigEndian64(&in, &position.key.content[1]) || shown > INT64_MAX ||
      position.key.time_us < kTimeMinUs || position.key.time_us >= kTimeMaxUs) {
    return BadToken();
  }
  position.shown = static_cast<int64_t>(shown);
  position.key.event_id = std::string(in);
  return position;
}

}  // namespace itemized::server
