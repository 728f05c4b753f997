// SPDX-License-Identifier: Apache-2.0
#include "server/http/body_coding.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "server/convert/gunzip.h"

namespace itemized::server {
namespace {

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
