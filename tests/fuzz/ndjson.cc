// SPDX-License-Identifier: Apache-2.0
// Lines of the native input form. An input is a file: its lines go through one
// parser, as in an import.

#include "proto/text/ndjson.h"

#include <optional>
#include <utility>

#include "absl/strings/str_split.h"
#include "itemized/v1/event.pb.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

namespace pb = itemized::v1;
using text::LineRefusal;
using text::NdjsonParser;

constexpr char kCall[] =
    R"({"event_id":"e-1","time":"2026-11-01T00:00:00.123Z","workflow":"ticket","workflow_id":"w-1",)"
    R"("step":"planning","provider":"openai","model":"gpt-5","usage":{"input_tokens":8400,)"
    R"("cache_read_tokens":1,"cache_write_5m_tokens":2,"cache_write_1h_tokens":3,)"
    R"("output_tokens":310,"reasoning_tokens":4,"input_audio_tokens":5,)"
    R"("cache_read_audio_tokens":6,"output_audio_tokens":7,"input_image_tokens":8,)"
    R"("output_image_tokens":9,"web_searches":10},"duration_ms":1234.5e-1,"status":"cancelled",)"
    R"("attributes":{"tenant":"acme","\u00e9":"\ud83d\ude00"}})";
constexpr char kReported[] =
    R"({"time":"2026-11-01T00:00:00Z","workflow_id":"w-1","step":"planning","usage_reported":)"
    R"([{"model":"gpt-5","usage":{"prompt_tokens":12,"cost":1.5e-3}},{"usage":null}]})";
constexpr char kCompletion[] =
    R"({"time":"2026-11-01T00:00:00+01:00","workflow":"ticket","workflow_id":"w-1",)"
    R"("outcome":"short_circuited","unused_steps":["planning","doc_synthesis"]})";

// The bytes of `event`, the same at every call: maps have no order of their own.
std::string BytesOf(const pb::Event& event) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  CHECK(event.SerializeToCodedStream(&coded));
  coded.Trim();
  return bytes;
}

// What a line is, so that two readings can be compared.
struct Reading {
  bool refused = false;
  std::string text;  // The sentence, or the bytes of the event.

  bool operator==(const Reading&) const = default;
};

Reading Read(NdjsonParser& parser, absl::string_view line) {
  pb::Event event;
  if (const std::optional<LineRefusal> refusal = parser.Parse(line, event)) {
    CHECK(refusal->code != pb::REFUSAL_CODE_UNSPECIFIED && !refusal->message.empty());
    return {.refused = true, .text = refusal->message};
  }
  CHECK(event.has_call() || event.has_completion());
  std::string bytes = BytesOf(event);
  CHECK(event.ParseFromString(bytes));  // This fails, among others, for a string that is not UTF-8.
  return {.text = std::move(bytes)};
}

}  // namespace

std::vector<std::string> Seeds() {
  return {kCall, kReported, kCompletion, std::string(kCall) + "\n" + kCompletion + "\n" + kCall};
}

bool Accepts(absl::string_view input) {
  NdjsonParser reused;
  bool all = true;
  for (const absl::string_view line : absl::StrSplit(input, '\n')) {
    NdjsonParser fresh;
    const Reading reading = Read(fresh, line);
    CHECK(Read(reused, line) == reading);  // A line does not depend on those before it.
    all = all && !reading.refused;
  }
  return all;
}

}  // namespace itemized::fuzz
