// SPDX-License-Identifier: Apache-2.0
#include "server/api/backup_directory.h"

#include <stdlib.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized::server {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class BackupDirectory : public ::testing::Test {
 protected:
  BackupDirectory() {
    std::string pattern = (fs::temp_directory_path() / "itemized-backup-XXXXXX").string();
    top_ = fs::canonical(mkdtemp(pattern.data()));
    fs::create_directories(top_ / "backups" / "weekly");
    fs::create_directories(top_ / "elsewhere");
  }
  ~BackupDirectory() override { fs::remove_all(top_); }

  std::string root() const { return (top_ / "backups").string(); }

  fs::path top_;
};

TEST_F(BackupDirectory, NamesAreBelowTheRoot) {
  EXPECT_EQ(*PathOfBackup(root(), "monday"), root() + "/monday");
  EXPECT_EQ(*PathOfBackup(root(), "weekly/48"), root() + "/weekly/48");
  EXPECT_EQ(*PathOfBackup(root() + "/../backups", "monday"), root() + "/monday");
}

TEST_F(BackupDirectory, NoNameLeadsAnywhereElse) {
  fs::create_directory_symlink(top_ / "elsewhere", top_ / "backups" / "link");
  for (const std::string name :
       {"", ".", "..", "/etc/itemized", "../elsewhere/x", "weekly/../../elsewhere/x", "weekly/..",
        "weekly/.", "weekly/", "./x", "link/x", "missing/x", "a\nb"}) {
    const absl::Status status = PathOfBackup(root(), name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("--backup-dir")) << name;
  }
  EXPECT_FALSE(PathOfBackup(root(), std::string("x\0y", 3)).ok());
  EXPECT_FALSE(PathOfBackup(root(), std::string(5'000, 'x')).ok());
}

TEST_F(BackupDirectory, WithoutOneTheFlagIsNamed) {
  const absl::Status status = PathOfBackup("", "monday").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--backup-dir"));
}

TEST_F(BackupDirectory, ItIsMadeForItsOwnerAloneAndNotAmongTheData) {
  const fs::path made = top_ / "new" / "backups";
  ASSERT_TRUE(PrepareBackupDirectory(made.string(), (top_ / "data").string()).ok());
  EXPECT_EQ(fs::status(made).permissions(), fs::perms::owner_all);
  for (const fs::path& among : {top_ / "data", top_ / "data" / "backups"}) {
    const absl::Status status =
        PrepareBackupDirectory(among.string(), (top_ / "x" / ".." / "data").string());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
  EXPECT_TRUE(PrepareBackupDirectory((top_ / "data2").string(), (top_ / "data").string()).ok());
}

}  // namespace
}  // namespace itemized::server
