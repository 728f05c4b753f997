// SPDX-License-Identifier: Apache-2.0
#pragma once

// What all questions of itemized.v1 have in common. It is for the files of this folder alone.

#include <cstdint>
#include <optional>
#include <type_traits>

#include "absl/status/statusor.h"

#include "server/api/principal.h"
#include "server/convert/store_answers.h"
#include "storage/base/cancellation.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"
#include "storage/database/database.h"

namespace itemized::server {

// Who asks what, and when to give up.
struct Asker {
  const Principal& principal;
  const Database& database;
  const Cancellation* cancellation;
};

// Returns as of when a question is asked; nothing if as of today.
template <typename Query>
std::optional<int64_t> KnownAt(const Query& query) {
  if constexpr (requires { query.window; }) {
    return query.window.as_known_at_us;
  } else if constexpr (requires { query.before.window; }) {
    return query.before.window.as_known_at_us;
  } else {
    return query.as_known_at_us;
  }
}

// The one way from a question of the wire to its answer. `read(request)` is a StatusOr of the
// query, `ask` a function of server/api/answers.h, and `write(answer)` or
// `write(answer, query)` the response.
template <typename Response, typename Request, typename Read, typename Ask, typename Write>
absl::StatusOr<Response> Answer(const Asker& asker, const Request& request, Read read, Ask ask,
                                Write write) {
  ASSIGN_OR_RETURN(const auto query, read(request));
  ASSIGN_OR_RETURN(const auto answered,
                   ask(asker.principal, asker.database, query, asker.cancellation));
  Response response;
  if constexpr (std::is_invocable_v<Write, decltype(answered.answer)>) {
    response = write(answered.answer);
  } else {
    response = write(answered.answer, query);
  }
  const std::optional<int64_t> known_at_us = KnownAt(query);
  if constexpr (requires { response.mutable_window(); }) {
    if (known_at_us.has_value()) {
      response.mutable_window()->set_as_known_at(FormatTime(*known_at_us));
    }
  } else if constexpr (requires { response.set_as_known_at(""); }) {
    if (known_at_us.has_value()) {
      response.set_as_known_at(FormatTime(*known_at_us));
    }
  }
  if (answered.repricing.has_value() && !known_at_us.has_value()) {
    *response.mutable_repricing() = ToRepricing(*answered.repricing);
  }
  return response;
}

}  // namespace itemized::server
