// SPDX-License-Identifier: Apache-2.0
#pragma once

// A command's connection to the server and its ways to answer.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

#include "client/cli/environment.h"
#include "client/cpp/connection.h"

namespace itemized::cli {

namespace pb = itemized::v1;

// The time of which files of events tell, in microseconds: whole hours.
struct RecordedSpan {
  int64_t from_us = 0;
  int64_t to_us = 0;  // Exclusive.
};

struct Session {
  Environment& env;
  std::shared_ptr<client::Connection> connection;
  bool json = false;
  std::optional<RecordedSpan> recorded = std::nullopt;  // Set if files are asked, and no server.
  // The options that name the files, as a shell reads them: " --from-file usage.ndjson".
  std::string source_options = {};

  // Returns when windows end that say nothing else: now, or where the files end.
  int64_t NowUs() const { return recorded.has_value() ? recorded->to_us : env.clock->NowUs(); }
};

// Says on standard error why the command failed; returns kExitFailed, or kExitNotFound.
int Fail(Environment& env, absl::string_view address, const absl::Status& status);
int Fail(Session& session, const absl::Status& status);

// Says on standard error what was wrong with the command line and where to
// look it up ("itemize top"); returns kExitUsage.
int WrongUsage(Environment& env, absl::string_view sentence, absl::string_view command);

// Prints `message` as indented JSON; returns an exit status.
int PrintJson(const google::protobuf::Message& message, Session& session);

}  // namespace itemized::cli
