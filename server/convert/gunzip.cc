// SPDX-License-Identifier: Apache-2.0
#include "server/convert/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "storage/base/check.h"

namespace itemized::server {
namespace {

constexpr int kGzipWindow = 15 + 16;  // It makes zlib read gzip and nothing else.
constexpr size_t kStep = size_t{64} << 10;

absl::Status BrokenGzip() {
  return absl::InvalidArgumentError(
      "The body is not whole gzip data, though its Content-Encoding says so.");
}

}  // namespace

absl::StatusOr<std::string> Gunzip(absl::string_view gzip, size_t bytes_max) {
  z_stream stream{};
  CHECK(inflateInit2(&stream, kGzipWindow) == Z_OK);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string input(gzip);  // zlib wants to be able to write to it, though it never does.
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string content;
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t had = content.size();
    content.resize(std::min(had + kStep, bytes_max + 1));
    stream.next_out = reinterpret_cast<Bytef*>(content.data()) + had;
    stream.avail_out = static_cast<uInt>(content.size() - had);
    result = inflate(&stream, Z_NO_FLUSH);
    content.resize(content.size() - stream.avail_out);
    if (content.size() > bytes_max) {
      return absl::OutOfRangeError(
          absl::StrCat("The body is larger than ", bytes_max, " bytes once it is inflated."));
    }
  }
  // A second member behind the first would be read by some and ignored by others.
  if (result != Z_STREAM_END || stream.avail_in != 0) {
    return BrokenGzip();
  }
  return content;
}

bool IsGzip(absl::string_view bytes) {
  return absl::StartsWith(bytes, "\x1f\x8b");
}

}  // namespace itemized::server
