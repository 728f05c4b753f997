// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/stored_answers.h"

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "storage/kv/rocks_kv.h"
#include "tests/crash/faulty_file_system.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {

DatabaseOptions ThrowawayOptions(const std::string& directory) {
  DatabaseOptions options;
  options.directory = directory;
  options.clock = Clock::System();
  options.open_kv = [](const std::string& path) {
    return OpenRocksKv(path, std::make_shared<FaultyFileSystem>());
  };
  return options;
}

absl::StatusOr<std::string> AnswersOf(Database& db) {
  TopQuery query;
  query.window = Window::Of({0, kNowUs + kMicrosPerDay});
  absl::StatusOr<TopAnswer> top = db.Top(query);
  absl::StatusOr<WorkflowsAnswer> workflows = db.Workflows(query.window);
  if (!top.ok() || !workflows.ok()) {
    return top.ok() ? workflows.status() : top.status();
  }
  std::string answers = absl::StrCat(Describe(*top), Describe(*workflows));
  for (size_t run = 0; run < 200; ++run) {
    const absl::StatusOr<RunAnswer> answer = db.GetRun(absl::StrCat("run-", run));
    if (!answer.ok() && !absl::IsNotFound(answer.status())) {
      return answer.status();
    }
    absl::StrAppend(&answers, answer.ok() ? Describe(*answer) : "absent\n");
  }
  return answers;
}

}  // namespace itemized::testing
