// SPDX-License-Identifier: Apache-2.0
// Folders say what they are for, and which others they may use.

#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include <gtest/gtest.h>

#include "tests/storage/layering/source_lint.h"
#include "tests/storage/layering/storage_folders.h"

namespace itemized::testing {
namespace {

// Returns the folder of storage that `path` lies in.
const std::string& FolderOf(const std::string& path) {
  return StorageFolders().at(static_cast<size_t>(StoragePlace(path)));
}

// Returns `folder` and the folders that `file` says it may use, in a comment such as
// "// storage/x: ... May use a, b and c."; nothing if it has no such comment.
std::set<std::string> SaidToBeUsed(const SourceFile& file, const std::string& folder) {
  const size_t begin = file.text.find("// storage/" + folder + ": ");
  const size_t uses = begin == std::string::npos ? begin : file.text.find("May use ", begin);
  if (uses == std::string::npos) {
    return {};
  }
  const std::string said = file.text.substr(uses, file.text.find('.', uses) - uses);
  std::set<std::string> used{folder};
  for (const std::string& name : StorageFolders()) {
    if (std::regex_search(said, std::regex("\\b" + name + "\\b"))) {
      used.insert(name);
    }
  }
  return used;
}

TEST(Folders, OfStorageSayWhatTheyMayUse) {
  std::map<std::string, std::set<std::string>> used;
  std::map<std::string, std::set<std::string>> said;
  for (const SourceFile& file : ReadSources(ITEMIZED_SOURCE_DIR, {"storage"})) {
    const std::string& folder = FolderOf(file.path);
    used[folder].insert(folder);
    for (const std::string& include : IncludesOf(file)) {
      if (include.rfind("storage/", 0) == 0) {
        used[folder].insert(FolderOf(include));
      }
    }
    said[folder].merge(SaidToBeUsed(file, folder));
  }
  EXPECT_EQ(said.size(), StorageFolders().size());
  for (const auto& [folder, folders] : said) {
    EXPECT_EQ(folders, used[folder]) << "storage/" << folder;
  }
}

TEST(Folders, AreReadFromASentence) {
  const SourceFile file{"storage/kv/a.h",
                        "// storage/kv: rows. May use base\n// and model.\n// storage/log: x."};
  EXPECT_EQ(SaidToBeUsed(file, "kv"), (std::set<std::string>{"kv", "base", "model"}));
  EXPECT_EQ(SaidToBeUsed(file, "log"), std::set<std::string>());
}

// Returns the folders that hold the files of `roots` that end with `ending`.
std::set<std::string> FoldersOf(const std::vector<std::string>& roots, absl::string_view ending) {
  std::set<std::string> folders;
  for (const SourceFile& file : ReadSources(ITEMIZED_SOURCE_DIR, roots)) {
    if (absl::EndsWith(file.path, ending)) {
      folders.insert(file.path.substr(0, file.path.rfind('/')));
    }
  }
  return folders;
}

TEST(Folders, HaveTheirTestsInTheSameFolderOfTests) {
  const std::set<std::string> tested = FoldersOf({"tests"}, "_test.cc");
  for (const std::string& folder : FoldersOf({"storage", "server", "client"}, ".cc")) {
    const bool is_example = absl::EndsWith(folder, "/examples");
    EXPECT_TRUE(tested.contains("tests/" + folder) || is_example) << folder << " has no tests";
  }
}

}  // namespace
}  // namespace itemized::testing
