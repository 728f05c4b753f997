// SPDX-License-Identifier: Apache-2.0
// Batches as senders encode them: decoded, checked value by value, answered,
// and compared with what protobuf's own parser makes of the same bytes.

#include <memory>
#include <random>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "itemized/v1/ingest.pb.h"
#include <google/protobuf/stubs/logging.h>

#include "server/convert/batch_decoder.h"
#include "server/convert/batch_result.h"
#include "storage/base/check.h"
#include "storage/ingest/checked_batch.h"
#include "storage/model/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/server/convert/random_batch.h"

namespace itemized::fuzz {
namespace {

namespace pb = itemized::v1;

constexpr int64_t kNowUs = 1'790'000'000'000'000;  // In September 2026.

pb::Batch RandomBatch(int events, int rows, std::mt19937_64& random) {
  pb::Batch batch;
  for (int i = 0; i < events; ++i) {
    server::FillRandomly(*batch.add_events(), random);
  }
  if (rows > 0) {
    *batch.mutable_columns() = server::RandomColumns(rows, random);
  }
  return batch;
}

// Makes a call that is accepted, as random values seldom are.
pb::Batch GoodBatch() {
  pb::Batch batch;
  pb::Call& call = *batch.add_events()->mutable_call();
  call.set_time_unix_us(kNowUs);
  call.set_workflow_id("w-1");
  call.set_step("planning");
  call.set_model("gpt-5");
  pb::Completion& completion = *batch.add_events()->mutable_completion();
  completion.set_time_unix_us(kNowUs);
  completion.set_workflow_id("w-1");
  completion.set_outcome(pb::OUTCOME_COMPLETED);
  pb::CallColumns& columns = *batch.mutable_columns();
  for (const char* name : {"w-1", "planning", "gpt-5"}) {
    columns.add_strings(name);
  }
  columns.set_base_time_unix_us(kNowUs);
  columns.add_time_offset_us(-1);
  columns.add_workflow_id(0);
  columns.add_step(1);
  columns.add_model(2);
  return batch;
}

size_t EventsIn(const pb::Batch& batch) {
  return static_cast<size_t>(batch.events_size() + batch.columns().time_offset_us_size());
}

// Whether the indices rise and lie in the batch.
bool InOrder(const pb::BatchResult& answer, size_t events) {
  int64_t previous = -1;
  for (const pb::Refusal& refusal : answer.refusals()) {
    if (refusal.index() <= previous || refusal.index() >= events || refusal.message().empty()) {
      return false;
    }
    previous = refusal.index();
  }
  return true;
}

BatchResult Check(const server::BatchPart& part) {
  const CheckedBatch checked = CheckBatch(part.ToEventBatch(), kNowUs, HashKey{1, 2});
  for (const CheckedCall& call : checked.calls) {
    CHECK(!checked.Text(call.view.workflow_id).empty());
    for (const auto& [key, value] : checked.AttributesOf(call.view)) {
      CHECK(checked.Text(key).size() + checked.Text(value).size() <= 2 * kNameBytesMax);
    }
  }
  BatchResult result = checked.refused;
  result.accepted = static_cast<int64_t>(checked.calls.size() + checked.completions.size());
  return result;
}

// Every event is either accepted or refused, once.
void CheckAnswer(const server::DecodedBatch& batch) {
  SubmissionResult result;
  for (const server::BatchPart& part : batch.parts) {
    result.push_back(Check(part));
  }
  const pb::BatchResult answer =
      *server::ToBatchResult(server::ToSubmission(batch).outline, result);
  CHECK(answer.accepted() + answer.refused() == static_cast<int64_t>(batch.events));
  const bool too_large = batch.events > kBatchEventsMax;  // One refusal stands for all.
  CHECK(answer.refusals_size() + answer.refusals_omitted() == (too_large ? 1 : answer.refused()));
  CHECK(answer.refusals_size() <= static_cast<int>(kRefusalsToldMax));
  CHECK(answer.refusals_omitted() == 0 ||
        answer.refusals_size() == static_cast<int>(kRefusalsToldMax));
  CHECK(InOrder(answer, batch.events));
}

const server::DecodedBatch& BatchOf(const server::DecodedBatch& batch) {
  return batch;
}
const server::DecodedBatch& BatchOf(const server::DecodedIngestRequest& request) {
  return request.batch;
}

// Decodes a copy of `bytes`, which only the decoded batch keeps alive.
template <typename Decode>
auto DecodeCopy(Decode decode, absl::string_view bytes) {
  auto owner = std::make_shared<const std::string>(bytes);
  const absl::string_view view = *owner;
  return decode({view, std::move(owner)});
}

// Whether a well-formed message has to be refused.
bool IsBad(const pb::IngestRequest& request) {
  const pb::Hello& hello = request.hello();
  return request.has_hello() && (hello.producer_id().size() != 16 || hello.epoch() == 0);
}
bool IsBad(const pb::WriteRequest& /*request*/) {
  return false;
}

// Whether our decoder takes the bytes as a `Message`.
template <typename Message, typename Decode>
bool Compare(Decode decode, absl::string_view bytes) {
  const auto decoded = DecodeCopy(decode, bytes);
  if (decoded.ok()) {
    CheckAnswer(BatchOf(*decoded));
  }
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return decoded.ok();
  }
  CHECK(!decoded.ok() || BatchOf(*decoded).events == EventsIn(message.batch()));
  // Groups, which our decoder refuses, are gone in what protobuf itself writes.
  message.DiscardUnknownFields();
  const auto again = DecodeCopy(decode, message.SerializeAsString());
  CHECK(again.ok() == !IsBad(message));
  CHECK(!again.ok() || BatchOf(*again).events == EventsIn(message.batch()));
  return decoded.ok();
}

}  // namespace

std::vector<std::string> Seeds() {
  std::mt19937_64 random(1);
  std::vector<std::string> seeds;
  for (const pb::Batch& batch : {GoodBatch(), RandomBatch(2, 0, random), RandomBatch(0, 3, random),
                                 RandomBatch(3, 2, random)}) {
    pb::IngestRequest ingest;
    ingest.set_sequence(seeds.size());
    *ingest.mutable_batch() = batch;
    seeds.push_back(ingest.SerializeAsString());
    pb::WriteRequest write;
    *write.mutable_batch() = batch;
    seeds.push_back(write.SerializeAsString());
  }
  for (const size_t id_bytes : {size_t{16}, size_t{15}}) {
    pb::IngestRequest greeting;
    greeting.mutable_hello()->set_producer_id(std::string(id_bytes, 'p'));
    greeting.mutable_hello()->set_epoch(1);
    seeds.push_back(greeting.SerializeAsString());
  }
  return seeds;
}

bool Accepts(absl::string_view input) {
  // Protobuf would write a line for each string that is not UTF-8.
  static const auto* const silence = new google::protobuf::LogSilencer;
  static_cast<void>(silence);
  const bool ingest = Compare<pb::IngestRequest>(server::DecodeIngestRequest, input);
  const bool write = Compare<pb::WriteRequest>(server::DecodeWriteRequest, input);
  return ingest || write;
}

}  // namespace itemized::fuzz
