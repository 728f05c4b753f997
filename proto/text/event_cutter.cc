// SPDX-License-Identifier: Apache-2.0
#include "proto/text/event_cutter.h"

#include <algorithm>

#include "absl/strings/strip.h"
#include "proto/text/ndjson.h"

namespace itemized::text {
namespace {

constexpr char kOpenArray[] =
    "The array does not end: give the closing bracket, or write each event on a line of its own.";
constexpr char kNoElement[] = "Between two commas of the array there is no event: leave one out.";
constexpr char kBehindArray[] =
    "Something follows the array: send one array, or each event on a line of its own.";
constexpr char kElementTooLong[] =
    "The array has an element of more than 1 MiB, which no event is; what follows it is not read.";

// How often each byte is looked at, at most, in search of the end of an object.
constexpr size_t kSearchFactor = 4;

// Follows JSON from byte to byte.
class Nesting {
 public:
  void Take(char c) {
    if (in_string_) {
      // No string goes over the end of a line: a quote that is missing ends there.
      in_string_ = c != '\n' && (is_escaped_ || c != '"');
      is_escaped_ = !is_escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
      is_escaped_ = false;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      --depth_;
    }
  }
  bool in_string() const { return in_string_; }
  int64_t depth() const { return depth_; }  // How many brackets are open.

 private:
  bool in_string_ = false;
  bool is_escaped_ = false;
  int64_t depth_ = 0;
};

// The line at the beginning of `text`, without its line feed.
absl::string_view LineOf(absl::string_view text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

EventCutter::EventCutter(absl::string_view body)
    : rest_(body), search_bytes_(kSearchFactor * body.size()) {
  absl::ConsumePrefix(&rest_, "\xef\xbb\xbf");  // A byte order mark, as some editors write it.
  const size_t start = rest_.find_first_not_of(" \t\r\n");
  if (start != absl::string_view::npos && rest_[start] == '[') {
    Skip(start + 1);
    in_array_ = true;
  }
}

bool EventCutter::Next(EventPiece& piece) {
  piece = {};
  return in_array_ ? NextElement(piece) : NextLine(piece);
}

void EventCutter::Skip(size_t bytes) {
  line_ += static_cast<uint64_t>(
      std::count(rest_.begin(), rest_.begin() + static_cast<ptrdiff_t>(bytes), '\n'));
  rest_.remove_prefix(bytes);
}

void EventCutter::SkipSpace() {
  Skip(std::min(rest_.size(), rest_.find_first_not_of(" \t\r\n")));
}

bool EventCutter::NextLine(EventPiece& piece) {
  absl::string_view line = LineOf(rest_);
  while (!rest_.empty() && IsBlank(line)) {
    Skip(std::min(rest_.size(), line.size() + 1));
    line = LineOf(rest_);
  }
  if (rest_.empty()) {
    return false;
  }
  const size_t indent = line.find_first_not_of(" \t\r");
  const size_t bytes = indent != absl::string_view::npos && line[indent] == '{'
                           ? indent + LinesOfObject(rest_.substr(indent))
                           : line.size();
  piece.text = rest_.substr(0, bytes);
  piece.line = line_;
  Skip(std::min(rest_.size(), bytes + 1));
  return true;
}

// How many bytes the lines have that an object fills which begins in the first one, without
// the last line feed; those of the first line if it does not fill several. No other line of
// it may begin with a brace: that is the next event, and this one is broken.
size_t EventCutter::LinesOfObject(absl::string_view text) {
  const size_t first = LineOf(text).size();
  const absl::string_view next = text.substr(std::min(text.size(), first + 1));
  if (next.empty() || next[0] == '{') {
    return first;
  }
  const size_t most = std::min({text.size(), kLineBytesMax, search_bytes_});
  Nesting nesting;
  for (size_t i = 0; i < most; ++i, --search_bytes_) {
    if (text[i] == '\n' && (nesting.in_string() || (i + 1 < text.size() && text[i + 1] == '{'))) {
      return first;
    }
    nesting.Take(text[i]);
    if (nesting.depth() <= 0 && !nesting.in_string() && (text[i] == '}' || text[i] == ']')) {
      return i + LineOf(text.substr(i)).size();
    }
  }
  return first;
}

// What is left cannot be cut.
bool EventCutter::Break(EventPiece& piece, const char* fault) {
  piece.line = line_;
  piece.index = index_;
  piece.fault = fault;
  rest_ = {};
  in_array_ = false;
  return true;
}

bool EventCutter::NextElement(EventPiece& piece) {
  SkipSpace();
  if (rest_.empty()) {
    return Break(piece, kOpenArray);
  }
  if (rest_[0] == ']') {
    if (wants_element_) {
      return Break(piece, kNoElement);
    }
    Skip(1);
    SkipSpace();
    return !rest_.empty() && Break(piece, kBehindArray);
  }
  Nesting nesting;
  size_t end = 0;
  for (; end < rest_.size() && end <= kLineBytesMax; ++end) {
    const bool is_between = nesting.depth() <= 0 && !nesting.in_string();
    if (is_between && (rest_[end] == ',' || rest_[end] == ']')) {
      break;
    }
    nesting.Take(rest_[end]);
  }
  if (end > kLineBytesMax || end == rest_.size()) {
    return Break(piece, end == rest_.size() ? kOpenArray : kElementTooLong);
  }
  piece.text = rest_.substr(0, end);
  piece.line = line_;
  piece.index = index_;
  piece.fault = IsBlank(piece.text) ? kNoElement : nullptr;
  ++index_;
  wants_element_ = rest_[end] == ',';
  Skip(end + (wants_element_ ? 1 : 0));
  return true;
}

}  // namespace itemized::text
