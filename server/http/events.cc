// SPDX-License-Identifier: Apache-2.0
#include "server/http/events.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "itemized/v1/event.pb.h"
#include "itemized/v1/ingest.pb.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/text/json.h"
#include "proto/text/ndjson.h"

#include "server/convert/batch_decoder.h"
#include "storage/base/check.h"
#include "storage/base/mutex.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

constexpr int kBatchEvents = 5'000;  // Half of what a batch may have.

struct LineRefusal {
  uint64_t line = 0;  // From 1.
  pb::RefusalCode code = pb::REFUSAL_CODE_UNSPECIFIED;
  std::string message;
};

struct Chunk {
  pb::WriteRequest request;
  std::vector<uint64_t> lines;  // Of each event.
};

// The answer in the making: the batches of one body, each answered on its own.
class Report {
 public:
  explicit Report(Respond respond) : respond_(std::move(respond)) {}

  void Refuse(LineRefusal refusal) {
    const MutexLock lock(mutex_);
    refusals_.push_back(std::move(refusal));
  }

  void Expect(size_t batches) {
    const MutexLock lock(mutex_);
    open_ = batches;
  }

  void Settle(const std::vector<uint64_t>& lines, const absl::StatusOr<pb::BatchResult>& result) {
    bool is_last = false;
    {
      const MutexLock lock(mutex_);
      if (result.ok()) {
        Add(lines, *result);
      } else if (status_.ok()) {
        status_ = result.status();
      }
      is_last = --open_ == 0;
    }
    if (is_last) {
      Finish();
    }
  }

  // To be called once all that was expected is settled.
  void Finish() {
    const MutexLock lock(mutex_);
    respond_(status_.ok() ? Answer() : HttpError(status_));
  }

 private:
  void Add(const std::vector<uint64_t>& lines, const pb::BatchResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    accepted_ += result.accepted();
    duplicate_ += result.duplicate();
    for (const pb::Refusal& refusal : result.refusals()) {
      CHECK(refusal.index() < lines.size());
      refusals_.push_back({lines[refusal.index()], refusal.code(), refusal.message()});
    }
  }

  HttpResponse Answer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::sort(refusals_.begin(), refusals_.end(),
              [](const LineRefusal& a, const LineRefusal& b) { return a.line < b.line; });
    const auto conflicts = std::count_if(
        refusals_.begin(), refusals_.end(),
        [](const LineRefusal& refusal) { return refusal.code == pb::REFUSAL_CODE_CONFLICT; });
    HttpResponse response;
    response.status = !refusals_.empty() && accepted_ + duplicate_ == 0 ? 422 : 200;
    response.body = absl::StrCat("{\"accepted\":", accepted_, ",\"duplicate\":", duplicate_,
                                 ",\"refused\":", refusals_.size(), ",\"conflict\":", conflicts,
                                 ",\"refusals\":[");
    for (size_t i = 0; i < refusals_.size(); ++i) {
      absl::StrAppend(&response.body, i == 0 ? "" : ",", "{\"line\":", refusals_[i].line,
                      ",\"code\":", text::JsonString(text::EnumText(refusals_[i].code)),
                      ",\"message\":", text::JsonString(refusals_[i].message), "}");
    }
    response.body += "]}\n";
    return response;
  }

  Mutex mutex_;
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  int64_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t duplicate_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<LineRefusal> refusals_ ABSL_GUARDED_BY(mutex_);
  const Respond respond_;
};

std::string ContentHash(const std::string& body) {
  const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

std::vector<Chunk> ParseLines(const std::string& body, Report* report) {
  const std::string content = ContentHash(body);
  std::vector<Chunk> chunks;
  text::NdjsonParser parser;
  uint64_t number = 0;
  for (absl::string_view rest = body; !rest.empty();) {
    const absl::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++number;
    if (line.size() > text::kLineBytesMax) {
      report->Refuse({number, pb::REFUSAL_CODE_MALFORMED, text::kLineTooLong});
      continue;
    }
    if (text::IsBlank(line)) {
      continue;
    }
    pb::Event event;
    if (auto refusal = parser.Parse(line, event)) {
      report->Refuse({number, refusal->code, std::move(refusal->message)});
      continue;
    }
    if (event.has_call() && event.call().event_id().empty()) {
      event.mutable_call()->set_event_id(absl::StrCat(content, ":", number));
    }
    if (chunks.empty() || chunks.back().request.batch().events_size() >= kBatchEvents) {
      chunks.emplace_back();
    }
    chunks.back().request.mutable_batch()->add_events()->Swap(&event);
    chunks.back().lines.push_back(number);
  }
  return chunks;
}

DecodedBatch Decode(const pb::WriteRequest& request) {
  auto bytes = std::make_shared<std::string>(request.SerializeAsString());
  absl::StatusOr<DecodedBatch> batch = DecodeWriteRequest({*bytes, bytes});
  CHECK_OK(batch.status());
  return *std::move(batch);
}

void Take(const std::string& body, IngestQueue& queue, const Respond& respond) {
  auto report = std::make_shared<Report>(respond);
  std::vector<Chunk> chunks = ParseLines(body, report.get());
  if (chunks.empty()) {
    return report->Finish();
  }
  report->Expect(chunks.size());
  for (Chunk& chunk : chunks) {
    queue.Submit(
        Decode(chunk.request), std::nullopt,
        [report, lines = std::move(chunk.lines)](const absl::StatusOr<pb::BatchResult>& result) {
          report->Settle(lines, result);
        });
  }
}

}  // namespace

void PostEvents(WorkerPool& pool, IngestQueue& queue, HttpRequest request, Respond respond) {
  if (!request.query.empty()) {
    return respond(HttpError(400, "There are no parameters here; the body holds the events."));
  }
  if (!queue.HasRoom(1)) {
    return respond(HttpError(absl::ResourceExhaustedError(
        "Too many events wait to be stored; send these again a little later.")));
  }
  const bool added =
      pool.Add([&queue, body = std::move(request.body), respond] { Take(body, queue, respond); });
  if (!added) {
    respond(HttpError(absl::ResourceExhaustedError(
        "Too many requests wait to be read; send these events again a little later.")));
  }
}

}  // namespace itemized::server
