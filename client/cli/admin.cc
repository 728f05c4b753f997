// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

void PrintVerified(const pb::VerifyResponse& response, Session& session) {
  std::ostream& out = *session.env.out;
  out << "Read " << Count(response.blocks()) << " blocks with " << Count(response.calls())
      << " calls and " << Count(response.completions()) << " completions, folded them again, and "
      << "compared " << Count(response.rows() - response.carried()) << " rows.\n";
  if (response.carried() > 0) {
    out << Count(response.carried())
        << " rows hold calls that are no longer kept; only their checksums were read.\n";
  }
  if (response.differences() == 0) {
    out << "No difference.\n";
    return;
  }
  for (const std::string& example : response.examples()) {
    out << "- " << Printable(example) << "\n";
  }
  const int64_t more = response.differences() - response.examples_size();
  out << Count(response.differences()) << " difference" << PluralS(response.differences())
      << (more > 0 ? absl::StrCat(", of which ", Count(more), " are not listed") : "") << ".\n";
}

void PrintBackup(const pb::BackupResponse& response, Session& session) {
  *session.env.out << "Backup in " << Printable(response.directory()) << ": "
                   << Count(response.calls()) << " calls, " << MoneyText(response.cost_usd())
                   << ", " << Count(response.bytes()) << " bytes. It was opened and compared.\n";
}

}  // namespace

int VerifyCommand(Session& session) {
  const absl::StatusOr<pb::VerifyResponse> response = session.connection->Verify();
  const int exit_status = Answer(response, session, [&](const pb::VerifyResponse& verified) {
    PrintVerified(verified, session);
  });
  return response.ok() && response->differences() > 0 ? kExitRefused : exit_status;
}

int BackupCommand(const std::string& directory, Session& session) {
  pb::BackupRequest request;
  request.set_directory(directory);
  return Answer(session.connection->Backup(request), session,
                [&](const pb::BackupResponse& made) { PrintBackup(made, session); });
}

}  // namespace itemized::cli
