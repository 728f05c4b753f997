// SPDX-License-Identifier: Apache-2.0
#include "server/convert/batch_decoder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "itemized/v1/ingest.pb.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/convert/call_columns.h"
#include "server/convert/row_batch_builder.h"
#include "server/convert/usage_reports.h"
#include "server/convert/wire_reader.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// These two hold what the views of a part point into.
struct RowMemory {
  std::shared_ptr<const void> message;
  UsageReports reports;
  RowBatchBuilder rows;
};
struct ColumnMemory {
  std::shared_ptr<const void> message;
  DecodedColumns columns;
};

uint64_t Hash(absl::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

uint64_t HashEvent(absl::string_view bytes, bool has_order, uint64_t seed) {
  if (!has_order) {
    return Hash(bytes, seed);
  }
  uint64_t attributes = 0;
  WireReader event(bytes);
  while (event.Next()) {
    WireReader call(event.is_bytes() ? event.bytes() : absl::string_view());
    while (call.Next()) {
      if (call.number() == pb::Call::kAttributesFieldNumber && call.is_bytes()) {
        attributes += Hash(call.bytes(), 0);
      } else {
        const uint64_t head[] = {call.number(), call.is_varint() ? call.varint() : 0};
        seed = XXH3_64bits_withSeed(head, sizeof(head), seed);
        seed = Hash(call.is_bytes() ? call.bytes() : absl::string_view(), seed);
      }
    }
  }
  return seed ^ attributes;
}

class BatchDecoder {
 public:
  explicit BatchDecoder(std::shared_ptr<const void> message)
      : rows_(std::make_shared<RowMemory>()), columns_(std::make_shared<ColumnMemory>()) {
    rows_->message = message;
    columns_->message = std::move(message);
  }

  // Adds what the bytes of a Batch hold. Returns false if they are malformed.
  bool Merge(absl::string_view bytes);
  DecodedBatch Finish() &&;

  // Hashes what was merged.
  uint64_t content() const { return content_; }

 private:
  void AddEvent(absl::string_view bytes);
  void AddCall(uint32_t position);
  void Refuse(RefusalCode code, absl::string_view message);
  BatchPart RowPart() &&;
  BatchPart ColumnPart() &&;

  std::shared_ptr<RowMemory> rows_;
  std::shared_ptr<ColumnMemory> columns_;
  uint64_t content_ = 0;
  EventView event_;
  size_t events_ = 0;  // It counts `Batch.events`, and no columns.
  std::vector<CompletionView> completions_;
  std::vector<uint32_t> call_positions_;
  std::vector<uint32_t> completion_positions_;
  std::vector<Refusal> refusals_;
};

bool BatchDecoder::Merge(absl::string_view bytes) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (!reader.is_bytes()) {
      continue;
    }
    if (reader.number() == pb::Batch::kEventsFieldNumber) {
      AddEvent(reader.bytes());
    } else if (reader.number() == pb::Batch::kColumnsFieldNumber) {
      content_ = Hash(reader.bytes(), content_);
      if (!columns_->columns.Merge(reader.bytes())) {
        return false;
      }
    }
  }
  return reader.ok();
}

void BatchDecoder::AddEvent(absl::string_view bytes) {
  const auto position = static_cast<uint32_t>(events_++);
  if (events_ > kBatchEventsMax) {
    return;  // All will be refused, so that only their number matters.
  }
  const bool is_valid = DecodeEvent(bytes, event_);
  content_ = HashEvent(bytes, event_.call.attributes.size() > 1, content_);
  if (!is_valid) {
    return Refuse(RefusalCode::kMalformed,
                  "The bytes of the event are not a valid message; check how the sender "
                  "encodes it.");
  }
  switch (event_.kind) {
    case EventView::Kind::kCall:
      return AddCall(position);
    case EventView::Kind::kCompletion:
      completions_.push_back(std::move(event_.completion));
      completion_positions_.push_back(position);
      return;
    case EventView::Kind::kNone:
      return Refuse(RefusalCode::kMissingField,
                    "The event is empty; set its call or its completion.");
  }
}

void BatchDecoder::AddCall(uint32_t position) {
  if (event_.call.cache_accounting != 0) {
    const absl::Status read = ReadCacheAccounting(event_.call);
    if (!read.ok()) {
      return Refuse(RefusalCode::kTokensOutOfRange, read.message());
    }
  }
  if (!event_.call.reported_cost_usd.empty()) {
    const absl::Status read = ReadReportedCost(event_.call);
    if (!read.ok()) {
      return Refuse(RefusalCode::kCostOutOfRange, read.message());
    }
  }
  if (!event_.call.usage_reported.empty()) {
    const absl::Status read = rows_->reports.ReadInto(event_.call);
    if (!read.ok()) {
      return Refuse(RefusalCode::kMalformed, read.message());
    }
  }
  rows_->rows.Add(event_.call);
  call_positions_.push_back(position);
}

// Keeps only those that are told; Finish() knows how many there are.
void BatchDecoder::Refuse(RefusalCode code, absl::string_view message) {
  if (refusals_.size() == kRefusalsToldMax) {
    return;
  }
  refusals_.push_back({static_cast<uint32_t>(events_ - 1), code, std::string(message)});
}

BatchPart BatchDecoder::RowPart() && {
  BatchPart part;
  part.calls = rows_->rows.Columns();
  part.calls.owner = rows_;
  part.completions = std::move(completions_);
  std::vector<uint32_t>& positions = part.positions.each;
  positions = std::move(call_positions_);
  positions.insert(positions.end(), completion_positions_.begin(), completion_positions_.end());
  return part;
}

BatchPart BatchDecoder::ColumnPart() && {
  columns_->columns.FillNames();
  BatchPart part;
  part.calls = columns_->columns.Columns();
  part.calls.owner = columns_;
  part.positions.first = static_cast<uint32_t>(events_);
  return part;
}

DecodedBatch BatchDecoder::Finish() && {
  DecodedBatch batch;
  const size_t column_rows = columns_->columns.rows();
  batch.events = events_ + column_rows;
  if (batch.events > kBatchEventsMax) {
    batch.refusals.push_back({0, RefusalCode::kBatchTooLarge,
                              absl::StrCat("The batch has ", batch.events, " events; send at most ",
                                           kBatchEventsMax, " in one batch.")});
    return batch;
  }
  batch.refusals = std::move(refusals_);
  batch.usage_reports = rows_->reports.tally();
  if (rows_->rows.size() + completions_.size() > 0) {
    batch.parts.push_back(std::move(*this).RowPart());
  }
  if (column_rows > 0) {
    batch.parts.push_back(std::move(*this).ColumnPart());
  }
  return batch;
}

absl::Status Malformed() {
  return absl::InvalidArgumentError(
      "The message is not a valid batch of itemized.v1; check how the sender encodes it.");
}

// A Hello has no strings, so the generated parser will do.
absl::StatusOr<ProducerHello> DecodeHello(absl::string_view bytes) {
  pb::Hello wire;
  ProducerHello hello;
  if (!wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Malformed();
  }
  if (wire.producer_id().size() != hello.id.size()) {
    return absl::InvalidArgumentError(absl::StrCat("The producer_id has ",
                                                   wire.producer_id().size(), " bytes; send ",
                                                   hello.id.size(), " random ones."));
  }
  if (wire.epoch() == 0) {
    return absl::InvalidArgumentError("The epoch is missing; those of a producer begin with 1.");
  }
  std::copy(wire.producer_id().begin(), wire.producer_id().end(), hello.id.begin());
  hello.epoch = wire.epoch();
  hello.acknowledged_sequence = wire.acknowledged_sequence();
  return hello;
}

std::vector<Completion> ToCompletions(const std::vector<CompletionView>& views) {
  std::vector<Completion> completions;
  completions.reserve(views.size());
  for (const CompletionView& view : views) {
    completions.push_back(view.ToCompletion());
  }
  return completions;
}

}  // namespace

EventBatch BatchPart::ToEventBatch() const& {
  return {calls, ToCompletions(completions)};
}

EventBatch BatchPart::ToEventBatch() && {
  return {std::move(calls), ToCompletions(completions)};
}

absl::StatusOr<DecodedIngestRequest> DecodeIngestRequest(WireBytes message) {
  DecodedIngestRequest request;
  BatchDecoder decoder(std::move(message.owner));
  WireReader reader(message.bytes);
  while (reader.Next()) {
    if (reader.number() == pb::IngestRequest::kSequenceFieldNumber && reader.is_varint()) {
      request.sequence = reader.varint();
    } else if (reader.number() == pb::IngestRequest::kHelloFieldNumber && reader.is_bytes()) {
      ASSIGN_OR_RETURN(request.hello, DecodeHello(reader.bytes()));
    } else if (reader.number() == pb::IngestRequest::kBatchFieldNumber && reader.is_bytes() &&
               !decoder.Merge(reader.bytes())) {
      return Malformed();
    }
  }
  if (!reader.ok()) {
    return Malformed();
  }
  request.content = decoder.content();
  request.batch = std::move(decoder).Finish();
  return request;
}

absl::StatusOr<DecodedBatch> DecodeWriteRequest(WireBytes message) {
  BatchDecoder decoder(std::move(message.owner));
  WireReader reader(message.bytes);
  while (reader.Next()) {
    if (reader.number() == pb::WriteRequest::kBatchFieldNumber && reader.is_bytes() &&
        !decoder.Merge(reader.bytes())) {
      return Malformed();
    }
  }
  if (!reader.ok()) {
    return Malformed();
  }
  return std::move(decoder).Finish();
}

}  // namespace itemized::server
