// SPDX-License-Identifier: Apache-2.0
#include "client/cli/session.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/text/json.h"

#include "client/cli/address.h"
#include "client/cli/text.h"

namespace itemized::cli {
int Fail(Environment& env, absl::string_view address, const absl::Status& status) {
  const std::string message = Printable(status.message());
  const std::string hint =
      absl::IsUnavailable(status) ? HttpPortHint(std::string(address)) : std::string();
  if (!hint.empty()) {
    *env.err << "itemize: " << Printable(hint) << "\n";
    return kExitFailed;
  }
  *env.err << "itemize: " << (message.empty() ? status.ToString() : message);
  if (message.find(std::string(address)) == std::string::npos) {
    *env.err << " (server " << Printable(address) << ")";
  }
  *env.err << "\n";
  return absl::IsNotFound(status) ? kExitNotFound : kExitFailed;
}

int Fail(Session& session, const absl::Status& status) {
  if (session.recorded.has_value()) {  // No server is to blame.
    *session.env.err << "itemize: " << Printable(status.message()) << "\n";
    return absl::IsNotFound(status) ? kExitNotFound : kExitFailed;
  }
  return Fail(session.env, session.connection->address(), status);
}

int WrongUsage(Environment& env, absl::string_view sentence, absl::string_view command) {
  *env.err << "itemize: " << Printable(sentence) << "\n"
           << "Try `" << command << " --help`.\n";
  return kExitUsage;
}

int PrintJson(const google::protobuf::Message& message, Session& session) {
  const absl::StatusOr<std::string> json = text::ToJson(message, text::JsonLayout::kIndented);
  if (!json.ok()) {
    return Fail(session, json.status());
  }
  *session.env.out << *json;
  return kExitDone;
}

}  // namespace itemized::cli
