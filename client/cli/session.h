// SPDX-License-Identifier: Apache-2.0
#pragma once

// A command's connection to the server and its ways to answer.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

#include "client/cli/environment.h"
#include "client/cpp/connection.h"

namespace itemized::cli {

namespace pb = itemized::v1;

struct Session {
  Environment& env;
  std::shared_ptr<client::Connection> connection;
  bool json = false;
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
