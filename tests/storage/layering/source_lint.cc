// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/layering/source_lint.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace itemized::testing {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Where the literal or comment that starts at `i` ends; `i` if none does.
size_t EndOfSkipped(const std::string& text, size_t i) {
  const auto after = [&](const std::string& closing, size_t from) {
    const size_t end = text.find(closing, from);
    return end == std::string::npos ? text.size() : end + closing.size();
  };
  if (text.compare(i, 2, "//") == 0) {
    return std::min(text.find('\n', i), text.size());
  }
  if (text.compare(i, 2, "/*") == 0) {
    return after("*/", i + 2);
  }
  if (text.compare(i, 2, "R\"") == 0 && (i == 0 || !IsWord(text[i - 1]))) {
    const size_t open = text.find('(', i);
    return open == std::string::npos ? text.size()
                                     : after(")" + text.substr(i + 2, open - i - 2) + "\"", open);
  }
  const bool separator = text[i] == '\'' && i > 0 && IsWord(text[i - 1]);  // It is one in 1'000.
  if (text[i] != '"' && (text[i] != '\'' || separator)) {
    return i;
  }
  size_t end = i + 1;
  while (end < text.size() && text[end] != text[i]) {
    end += text[end] == '\\' ? 2U : 1U;
  }
  return std::min(end + 1, text.size());
}

// Whether the text between the last statement and a brace heads a function:
// it has parameters, and is neither a type, a namespace nor an initialiser.
bool HeadsAFunction(const std::string& head) {
  static const std::regex& no_function =
      *new std::regex(R"((^|\s)(namespace|class|struct|union|enum|extern)\s[^()]*$|=\s*$)");
  return head.find('(') != std::string::npos && !std::regex_search(head, no_function);
}

std::string WithoutDirectives(const std::string& code) {
  std::string text = code;
  bool continued = false;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const size_t first = text.find_first_not_of(" \t", start);
    const bool directive = continued || (first < end && text[first] == '#');
    continued = directive && end > start && text[end - 1] == '\\';
    if (directive) {
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(start),
                text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    }
    start = end + 1;
  }
  return text;
}

}  // namespace

std::vector<SourceFile> ReadSources(const std::string& root,
                                    const std::vector<std::string>& folders) {
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    if (!fs::exists(fs::path(root) / folder)) {
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / folder)) {
      const std::string extension = entry.path().extension().string();
      const std::string path = fs::relative(entry.path(), root).generic_string();
      const bool foreign = path.find("node_modules") != std::string::npos;
      if (entry.is_regular_file() && !foreign && (extension == ".h" || extension == ".cc")) {
        files.push_back({path, ReadFile(entry.path())});
      }
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string> IncludesOf(const SourceFile& file) {
  static const std::regex& include = *new std::regex(R"(^\s*#\s*include\s*["<]([^">]+)[">])");
  std::vector<std::string> includes;
  std::istringstream lines(file.text);
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_search(line, match, include)) {
      includes.push_back(match[1]);
    }
  }
  return includes;
}

std::string WithoutCommentsAndStrings(const std::string& text) {
  std::string blanked = text;
  for (size_t i = 0; i < text.size();) {
    const size_t end = EndOfSkipped(text, i);
    for (size_t k = i; k < end; ++k) {
      blanked[k] = text[k] == '\n' ? '\n' : ' ';
    }
    i = std::max(end, i + 1);
  }
  return blanked;
}

std::vector<FunctionLength> FunctionsOf(const std::string& text) {
  const std::string code = WithoutDirectives(WithoutCommentsAndStrings(text));
  std::vector<FunctionLength> functions;
  std::string head;
  int line = 1;
  int head_line = 1;
  int depth = 0;        // How many braces are open in the present function.
  int parentheses = 0;  // Default arguments may hold braces.
  for (const char c : code) {
    line += c == '\n' ? 1 : 0;
    if (depth > 0) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (depth == 0) {
        functions.push_back({head_line, line - head_line + 1});
        head.clear();
      }
      continue;
    }
    parentheses += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == '{' && parentheses == 0 && HeadsAFunction(head)) {
      depth = 1;
    } else if (parentheses == 0 && (c == '{' || c == '}' || c == ';')) {
      head.clear();
    } else if (!head.empty() || std::isspace(static_cast<unsigned char>(c)) == 0) {
      head_line = head.empty() ? line : head_line;
      head += c;
    }
  }
  return functions;
}

int LineCount(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace itemized::testing
