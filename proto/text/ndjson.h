// SPDX-License-Identifier: Apache-2.0
#pragma once

// The native input form: one JSON object a line, a call or, if it has an
// "outcome", a completion.
//
//   NdjsonParser parser;
//   pb::Event event;
//   if (std::optional<LineRefusal> refusal = parser.Parse(line, event)) {
//     ... refusal->message says what to mend ...
//   }

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "itemized/v1/event.pb.h"
#include "itemized/v1/ingest.pb.h"

namespace itemized::text {

namespace pb = itemized::v1;

inline constexpr size_t kLineBytesMax = size_t{1} << 20;  // Longer lines are refused.

inline constexpr char kLineTooLong[] =
    "The line is longer than 1 MiB, which no event is: write each event on a line of its own.";

// Why a line is no event.
struct LineRefusal {
  pb::RefusalCode code = pb::REFUSAL_CODE_MALFORMED;
  std::string message;  // A sentence that says what to mend.

  bool operator==(const LineRefusal&) const = default;
};

// Reads lines. Strict about form: every field known, none twice, every value
// of its type, so that a misspelt count is never read as zero. A field that is null is not
// there. What the values may be is for the server to judge. One parser for each thread.
class NdjsonParser {
 public:
  NdjsonParser();
  ~NdjsonParser();

  // Parses `line` (without its line feed) into `event`, or says why not;
  // `event` is of no use then.
  std::optional<LineRefusal> Parse(absl::string_view line, pb::Event& event);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// Whether there is nothing in `line` but white space.
bool IsBlank(absl::string_view line);

}  // namespace itemized::text
