// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cuts a body into events: one JSON array of them, or objects, each on a line of its own
// or over several lines as pretty printers write them. Looks at brackets and strings only;
// NdjsonParser judges what is between them.
//
//   EventCutter cutter(body);
//   for (EventPiece piece; cutter.Next(piece);) { ... }

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace itemized::text {

struct EventPiece {
  absl::string_view text;         // A part of the body; never blank.
  uint64_t line = 0;              // It begins there; the first line is 1.
  std::optional<uint64_t> index;  // Its place in the array, from 0.
  const char* fault = nullptr;    // Why it is no event: the array itself is broken here.
};

class EventCutter {
 public:
  // `body` outlives it and the pieces.
  explicit EventCutter(absl::string_view body);

  // False at the end. Time is linear in the body, however broken it is, and a broken line
  // takes no other line with it.
  bool Next(EventPiece& piece);

 private:
  bool NextLine(EventPiece& piece);
  bool NextElement(EventPiece& piece);
  bool Break(EventPiece& piece, const char* fault);
  size_t LinesOfObject(absl::string_view text);
  void Skip(size_t bytes);
  void SkipSpace();

  absl::string_view rest_;
  size_t search_bytes_;  // Searches for ends may look at so many more.
  uint64_t line_ = 1;
  bool in_array_ = false;
  uint64_t index_ = 0;          // The next element has it.
  bool wants_element_ = false;  // The last thing was a comma.
};

}  // namespace itemized::text
