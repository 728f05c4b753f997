// SPDX-License-Identifier: Apache-2.0
// Opens a store that may be damaged, in a process of its own, since the library that reads it may
// end the process:
//   damaged_reader DIRECTORY FOUND
// FOUND gets what was found out: a line that says why the store cannot be read or does not verify,
// empty if it does; then what it answers, if it does.

#include <fstream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"

#include "storage/database/database.h"
#include "tests/crash/stored_answers.h"

namespace itemized::testing {
namespace {

absl::Status Read(const std::string& directory, std::string* answers) {
  const absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(ThrowawayOptions(directory));
  if (!db.ok()) {
    return db.status();
  }
  absl::StatusOr<std::string> found = AnswersOf(**db);
  if (!found.ok()) {
    return found.status();
  }
  *answers = *std::move(found);
  return (*db)->VerifyViews();
}

}  // namespace
}  // namespace itemized::testing

int main(int argc, char** argv) {
  if (argc != 3) {
    return 2;
  }
  std::string answers;
  const absl::Status status = itemized::testing::Read(argv[1], &answers);
  std::ofstream(argv[2]) << (status.ok() ? ""
                                         : absl::StrReplaceAll(status.ToString(), {{"\n", " "}}))
                         << "\n"
                         << answers;
  return 0;
}
