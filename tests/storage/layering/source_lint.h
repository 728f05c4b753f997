// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads C++ sources just well enough to check the rules of this repository:
// who includes whom, and how long files and functions are.

#include <string>
#include <utility>
#include <vector>

namespace itemized::testing {

struct SourceFile {
  std::string path;  // It begins at the root of the repository, and has slashes.
  std::string text;
};

// All .h and .cc files below these folders of `root`, by path. Missing folders
// hold none.
std::vector<SourceFile> ReadSources(const std::string& root,
                                    const std::vector<std::string>& folders);

// What the file includes, without quotes or angle brackets.
std::vector<std::string> IncludesOf(const SourceFile& file);

// `text` with the contents of comments, strings and characters blanked out;
// lines stay where they are.
std::string WithoutCommentsAndStrings(const std::string& text);

struct FunctionLength {
  int line = 0;   // Where the function starts; the first line is 1.
  int lines = 0;  // How many lines it has, its name and its closing brace included.
};

// All outermost functions of a file.
std::vector<FunctionLength> FunctionsOf(const std::string& text);

int LineCount(const std::string& text);

}  // namespace itemized::testing
