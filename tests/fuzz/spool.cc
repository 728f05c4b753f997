// SPDX-License-Identifier: Apache-2.0
// Segments of a spool. An input is a list of records without their checksums (type,
// varint size, payload), so that the search gets past those; what is left over
// stands behind them as it is.

#include "client/cpp/spool/spool.h"

#include <unistd.h>

#include <filesystem>

#include "client/cpp/spool/read_batch.h"
#include "client/cpp/spool/record_codec.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

using client::RecordType;
using client::Segment;
using client::Spool;

constexpr size_t kSegmentBytes = 4096;

const std::string& Directory() {
  static const std::string& directory = *new std::string([] {
    std::string name = "/dev/shm/fuzz-spool-XXXXXX";  // Each input is synced.
    CHECK(mkdtemp(name.data()) != nullptr);
    std::atexit([] { std::filesystem::remove_all(Directory()); });
    return name;
  }());
  return directory;
}

void AppendInput(RecordType type, absl::string_view payload, std::string* input) {
  input->push_back(static_cast<char>(type));
  AppendSized(input, payload);
}

// The segment that `input` describes.
void WriteSegment(absl::string_view input, const std::string& path) {
  auto segment = Segment::Create(path, {.producer_id = std::string(16, 'p')},
                                 input.size() * 16 + kSegmentBytes);
  CHECK_OK(segment);
  while (!input.empty()) {
    absl::string_view rest = input.substr(1);
    absl::string_view payload;
    if (!ReadSized(&rest, &payload)) {
      break;
    }
    (*segment)->Append(static_cast<RecordType>(input[0]), payload);
    input = rest;
  }
  CHECK_OK((*segment)->Seal());
  std::FILE* file = std::fopen(path.c_str(), "ab");
  CHECK(file != nullptr && std::fwrite(input.data(), 1, input.size(), file) == input.size());
  std::fclose(file);
}

// What can be read of a batch, which is all of it unless the payloads are bad.
std::string Read(const client::SpooledBatch& batch, bool* whole) {
  client::Chunk chunk;
  *whole = ReadBatch(batch, &chunk).ok() && *whole;
  CHECK(chunk.calls.size() + chunk.completions.size() <= batch.records);
  std::string bytes;
  for (const client::Call& call : chunk.calls) {
    AppendRecord(call, &bytes);
  }
  for (const client::Completion& completion : chunk.completions) {
    AppendRecord(completion, &bytes);
  }
  return bytes;
}

// All batches of the spool; absent if it cannot be opened.
std::optional<std::vector<std::string>> ReadSpool(bool* whole, bool* noted) {
  std::vector<std::string> notes;
  const auto spool =
      Spool::Open({.directory = Directory(), .segment_bytes = kSegmentBytes}, &notes);
  *noted = !notes.empty();
  if (!spool.ok()) {
    return std::nullopt;
  }
  std::vector<std::string> batches;
  size_t records = 0;
  for (uint64_t n = (*spool)->acknowledged() + 1; n <= (*spool)->newest(); ++n) {
    batches.push_back(Read((*spool)->batch(n), whole));
    records += (*spool)->batch(n).records;
  }
  CHECK(records == (*spool)->unsettled_records());
  CHECK((*spool)->producer().acknowledged_sequence <= (*spool)->SequenceOf((*spool)->newest()));
  return batches;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::string call;
  AppendRecord(client::Call{.event_id = "e-1",
                            .workflow_id = "run",
                            .step = "plan",
                            .usage = client::Usage{.input_tokens = 1},
                            .attributes = {{"tenant", "acme"}}},
               &call);
  std::string completion;
  AppendRecord(client::Completion{.workflow_id = "run", .unused_steps = {"plan"}}, &completion);
  std::string input;
  AppendInput(RecordType::kCall, call, &input);
  AppendInput(RecordType::kCompletion, completion, &input);
  AppendInput(RecordType::kCut, "\x01", &input);
  AppendInput(RecordType::kCall, call, &input);
  AppendInput(RecordType::kAcknowledged, "\x01", &input);
  return {input};
}

bool Accepts(absl::string_view input) {
  for (const auto& entry : std::filesystem::directory_iterator(Directory())) {
    std::filesystem::remove(entry.path());
  }
  WriteSegment(input, Directory() + "/0000000001.spool");
  bool whole = true;
  bool noted = false;
  const auto first = ReadSpool(&whole, &noted);
  if (!first.has_value()) {
    return false;
  }
  bool noted_again = false;
  CHECK(ReadSpool(&whole, &noted_again) == first);
  CHECK(!noted_again);
  return whole && !noted;
}

}  // namespace itemized::fuzz
