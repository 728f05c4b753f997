// SPDX-License-Identifier: Apache-2.0
// Bodies of POST /api/v1/events, cut into events.

#include "proto/text/event_cutter.h"

#include <optional>

#include "itemized/v1/event.pb.h"
#include "proto/text/ndjson.h"

#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

constexpr char kOne[] =
    R"({"time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"s\"}","model":"m"})";
constexpr char kPretty[] =
    "{\n  \"time\": \"2026-11-01T00:00:00Z\",\n  \"usage\": {\n    \"input_tokens\": 1\n  }\n}";

}  // namespace

std::vector<std::string> Seeds() {
  const std::string one = kOne;
  const std::string pretty = kPretty;
  return {one + "\n" + one, pretty + "\n" + pretty, "[" + one + ",\n" + pretty + "]", "[]"};
}

bool Accepts(absl::string_view input) {
  text::EventCutter cutter(input);
  text::NdjsonParser parser;
  const char* at = input.data();
  uint64_t line = 1;
  uint64_t next_index = 0;
  bool all = true;
  for (text::EventPiece piece; cutter.Next(piece);) {
    CHECK(piece.line >= line);
    line = piece.line;
    if (piece.index.has_value()) {
      CHECK(*piece.index == next_index);
      ++next_index;
    }
    if (piece.fault != nullptr) {
      all = false;
      continue;
    }
    // Pieces come in order, do not overlap, and lie within the body.
    CHECK(piece.text.data() >= at);
    at = piece.text.data() + piece.text.size();
    CHECK(at <= input.data() + input.size());
    CHECK(!text::IsBlank(piece.text));
    itemized::v1::Event event;
    all = !parser.Parse(piece.text, event).has_value() && all;
  }
  return all;
}

}  // namespace itemized::fuzz
