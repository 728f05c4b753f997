// SPDX-License-Identifier: Apache-2.0
#include "server/http/answering.h"

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"

namespace itemized::server {
namespace {

// No answer has a message of more bytes; its JSON is a few times larger.
constexpr size_t kAnswerBytesMax = size_t{16} << 20;
constexpr size_t kSmallAnswerBytes = size_t{8} << 10;  // It is not charged.
// A message and its JSON take this many times its bytes while that is written.
constexpr int64_t kJsonFactor = 8;

}  // namespace

absl::StatusOr<HttpResponse> Json(const HttpApiContext& context,
                                  const google::protobuf::Message& message) {
  const size_t bytes = message.ByteSizeLong();
  if (bytes > kAnswerBytesMax) {
    return absl::OutOfRangeError(
        absl::StrCat("The answer would have ", bytes >> 20,
                     " MiB. Ask for less: a limit, a shorter window, or a filter."));
  }
  const auto charge = context.memory.Take(
      bytes > kSmallAnswerBytes ? kJsonFactor * static_cast<int64_t>(bytes) : 0);
  if (!charge.has_value()) {
    return absl::ResourceExhaustedError(
        "The server has no memory left for this answer; ask again a little later.");
  }
  HttpResponse response;
  ASSIGN_OR_RETURN(response.body, text::ToJson(message, text::JsonLayout::kOneLine));
  response.body += "\n";
  return response;
}

}  // namespace itemized::server
