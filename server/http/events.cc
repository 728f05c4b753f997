// SPDX-License-Identifier: Apache-2.0
#include "server/http/events.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "itemized/v1/event.pb.h"
#include "itemized/v1/ingest.pb.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/text/event_cutter.h"
#include "proto/text/ndjson.h"

#include "server/convert/batch_decoder.h"
#include "server/convert/batch_result.h"
#include "server/http/body_coding.h"
#include "server/http/events_report.h"
#include "server/http/principal.h"
#include "storage/base/check.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

constexpr int kBatchEvents = 5'000;  // That is half of what a batch may have.

// The events of a body take this many times its bytes on their way to the disk.
constexpr int64_t kWorkFactor = 2;

std::string ContentHash(const std::string& body) {
  const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

DecodedBatch Decode(const std::shared_ptr<const std::string>& message) {
  absl::StatusOr<DecodedBatch> batch = DecodeWriteRequest({*message, message});
  CHECK_OK(batch.status());
  return *std::move(batch);
}

// Reads a body and hands its events on, batch by batch.
class BodyReader {
 public:
  BodyReader(const HttpRequest& request, IngestQueue& queue, std::shared_ptr<EventsReport> report)
      : body_(request.body),
        principal_(PrincipalOf(request)),
        content_(ContentHash(request.body)),
        queue_(queue),
        report_(std::move(report)) {}

  void Read() {
    text::EventCutter cutter(body_);
    for (text::EventPiece piece; cutter.Next(piece);) {
      Take(piece);
      if (batch_.batch().events_size() >= kBatchEvents) {
        Submit();
      }
    }
    if (batch_.batch().events_size() > 0) {
      Submit();
    }
    report_->FinishReading();
  }

 private:
  void Take(const text::EventPiece& piece) {
    const EventPlace place{piece.line, piece.index};
    if (piece.fault != nullptr) {
      return report_->Refuse(place, pb::REFUSAL_CODE_MALFORMED, piece.fault);
    }
    if (auto refusal = parser_.Parse(piece.text, event_)) {
      return report_->Refuse(place, refusal->code, std::move(refusal->message));
    }
    if (event_.has_call() && event_.call().event_id().empty()) {
      const uint64_t number = piece.index.has_value() ? *piece.index + 1 : piece.line;
      event_.mutable_call()->set_event_id(absl::StrCat(content_, ":", number));
    }
    batch_.mutable_batch()->add_events()->Swap(&event_);
    places_.push_back(place);
  }

  void Submit() {
    report_->Expect();
    const auto message = std::make_shared<const std::string>(batch_.SerializeAsString());
    batch_.Clear();
    DecodedBatch batch = Decode(message);
    queue_.usage_reports().Take(batch.usage_reports);
    OutlinedSubmission outlined = ToSubmission(std::move(batch));
    queue_.Submit(
        principal_, std::move(outlined.submission), static_cast<int64_t>(message->size()),
        [report = report_, places = std::exchange(places_, {}),
         outline = std::move(outlined.outline)](const absl::StatusOr<SubmissionResult>& result) {
          report->Settle(places, ToBatchResult(outline, result));
        });
  }

  const std::string& body_;
  const Principal principal_;
  const std::string content_;
  IngestQueue& queue_;
  const std::shared_ptr<EventsReport> report_;
  text::NdjsonParser parser_;
  pb::Event event_;
  pb::WriteRequest batch_;
  std::vector<EventPlace> places_;  // The events of the batch have these places.
};

}  // namespace

void PostEvents(WorkerPool& pool, IngestQueue& queue, MemoryBudget& memory, size_t body_bytes_max,
                HttpRequest request, Respond respond) {
  if (!request.query.empty()) {
    return respond(HttpError(400, "There are no parameters here; the body holds the events."));
  }
  if (const absl::Status room = queue.CheckRoom(1); !room.ok()) {
    return respond(HttpError(room));
  }
  auto read = [&queue, &memory, body_bytes_max, request = std::move(request), respond]() mutable {
    if (std::optional<HttpResponse> refusal = DecodeBody(request, body_bytes_max)) {
      return respond(*std::move(refusal));
    }
    auto charge = memory.Take(kWorkFactor * static_cast<int64_t>(request.body.size()));
    if (!charge.has_value()) {
      return respond(HttpError(absl::ResourceExhaustedError(
          "The server has no memory left for these events; send them again a little later.")));
    }
    BodyReader(request, queue, std::make_shared<EventsReport>(respond, *std::move(charge))).Read();
  };
  if (!pool.Add(std::move(read))) {
    respond(HttpError(absl::ResourceExhaustedError(
        "Too many requests wait to be read; send these events again a little later.")));
  }
}

}  // namespace itemized::server
