// SPDX-License-Identifier: Apache-2.0
#include "server/http/body_coding.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "storage/base/check.h"

namespace itemized::server {
namespace {

constexpr int kGzipWindow = 15 + 16;  // It makes zlib read gzip and nothing else.
constexpr size_t kStep = size_t{64} << 10;

absl::Status BrokenGzip() {
  return absl::InvalidArgumentError(
      "The body is not whole gzip data, though its Content-Encoding says so.");
}

// Reads the 0.5 of "gzip;q=0.5". A weight is 1 if there is none, and 0 if it is no number.
double WeightOf(absl::string_view parameters) {
  for (absl::string_view parameter : absl::StrSplit(parameters, ';')) {
    parameter = absl::StripAsciiWhitespace(parameter);
    if (absl::ConsumePrefix(&parameter, "q=") || absl::ConsumePrefix(&parameter, "Q=")) {
      double weight = 0;
      return absl::SimpleAtod(parameter, &weight) ? weight : 0;
    }
  }
  return 1;
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

bool AcceptsGzip(absl::string_view accept_encoding) {
  double any = 0;
  for (const absl::string_view part : absl::StrSplit(accept_encoding, ',')) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits(';', 1));
    const absl::string_view name = absl::StripAsciiWhitespace(pair.first);
    if (absl::EqualsIgnoreCase(name, "gzip") || absl::EqualsIgnoreCase(name, "x-gzip")) {
      return WeightOf(pair.second) > 0;
    }
    if (name == "*") {
      any = WeightOf(pair.second);
    }
  }
  return any > 0;
}

std::optional<HttpResponse> DecodeBody(HttpRequest& request, size_t bytes_max) {
  const std::string& coding = request.Header("content-encoding");
  if (coding.empty() || absl::EqualsIgnoreCase(coding, "identity")) {
    return std::nullopt;
  }
  if (!absl::EqualsIgnoreCase(coding, "gzip") && !absl::EqualsIgnoreCase(coding, "x-gzip")) {
    HttpResponse refusal =
        HttpError(415, "Send the body as it is, or with Content-Encoding: gzip.");
    refusal.headers.emplace_back("Accept-Encoding", "gzip");
    return refusal;
  }
  absl::StatusOr<std::string> content = Gunzip(request.body, bytes_max);
  if (!content.ok()) {
    return absl::IsOutOfRange(content.status()) ? HttpError(413, content.status().message())
                                                : HttpError(content.status());
  }
  request.body = *std::move(content);
  return std::nullopt;
}

}  // namespace itemized::server
