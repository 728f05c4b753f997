#include "client/cli/importer.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

constexpr int kBatchEvents = 1000;
constexpr size_t kBatchBytes = size_t{4} << 20;  // Well below what a server takes in one message.

// Says that a broken last line may be due to a file that was cut.
LineRefusal MaybeCutOff(LineRefusal refusal, const Line& line) {
  if (!line.terminated && refusal.code == pb::REFUSAL_CODE_MALFORMED) {
    absl::StrAppend(&refusal.message,
                    " It is the last line and has no line feed: the file may be cut off.");
  }
  return refusal;
}

}  // namespace

Importer::Importer(const std::vector<std::string>& files, int stdin_fd,
                   const std::atomic<bool>& interrupted,
                   std::shared_ptr<client::Connection> connection, ImportLedger& ledger)
    : files_(files),
      stdin_fd_(stdin_fd),
      interrupted_(interrupted),
      ledger_(ledger),
      stream_(std::move(connection), [&ledger](uint64_t sequence, const pb::BatchResult& result) {
        ledger.Acknowledge(sequence, result);
      }) {}

absl::Status Importer::Run() {
  absl::Status status;
  for (size_t i = 0; i < files_.size() && status.ok() && !interrupted_; ++i) {
    status = ImportFile(i);
  }
  if (status.ok() && !interrupted_) {
    status = SendBatch();
  }
  // Also after an error of ours: what was sent before it counts.
  const absl::Status finished = stream_.Finish();
  return status.ok() ? finished : status;
}

absl::Status Importer::ImportFile(size_t index) {
  ASSIGN_OR_RETURN(const InputFile file, OpenInput(files_[index], stdin_fd_, interrupted_));
  LineReader reader(file.fd.get(), file.bytes, kLineBytesMax);
  const uint64_t bytes_before = bytes_read_;
  Line line;
  while (!interrupted_) {
    ASSIGN_OR_RETURN(const bool more, reader.Next(line));
    if (!more) {
      break;
    }
    RETURN_IF_ERROR(ImportLine({index, line.number}, line, file.content_hash));
    bytes_read_ = bytes_before + reader.bytes_read();
  }
  return absl::OkStatus();
}

absl::Status Importer::ImportLine(Place place, const Line& line, const std::string& content_hash) {
  if (line.too_long) {
    ledger_.Refuse(place, {pb::REFUSAL_CODE_MALFORMED, kLineTooLong});
    return absl::OkStatus();
  }
  if (IsBlank(line.text)) {
    return absl::OkStatus();
  }
  pb::Event* event = batch_.add_events();
  if (std::optional<LineRefusal> refusal = parser_.Parse(line.text, *event)) {
    batch_.mutable_events()->RemoveLast();
    ledger_.Refuse(place, MaybeCutOff(*std::move(refusal), line));
    return absl::OkStatus();
  }
  if (event->has_call() && event->call().event_id().empty()) {
    event->mutable_call()->set_event_id(absl::StrCat(content_hash, ":", line.number));
  }
  places_.push_back(place);
  batch_bytes_ += line.text.size();
  const bool full = batch_.events_size() >= kBatchEvents || batch_bytes_ >= kBatchBytes;
  return full ? SendBatch() : absl::OkStatus();
}

absl::Status Importer::SendBatch() {
  if (batch_.events().empty()) {
    return absl::OkStatus();
  }
  ledger_.Send(++sequence_, std::exchange(places_, {}));
  RETURN_IF_ERROR(stream_.Send(batch_, sequence_));
  events_ += batch_.events_size();
  batch_.Clear();
  batch_bytes_ = 0;
  return absl::OkStatus();
}

}  // namespace itemized::cli
