// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/simulated_client.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "client/cpp/spool/record_codec.h"

namespace itemized::testing {

namespace pb = itemized::v1;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kLatencyMax(40);

}  // namespace

SimulatedClient::SimulatedClient(World& world, SimulatedServer& server, uint64_t number)
    : world_(world), server_(server), number_(number) {
  Open();
}

void SimulatedClient::Open() {
  client::SpoolOptions options;
  options.directory = directory_.path();
  options.batch_records = 5;
  options.segment_bytes = size_t{16} << 10;
  options.retain_age = absl::Hours(1000);  // Nothing that a server may lose is gone.
  options.now = [this] { return world_.now(); };
  std::vector<std::string> notes;
  auto spool = client::Spool::Open(options, &notes);
  ASSERT_TRUE(spool.ok()) << spool.status();
  delivery_ = std::make_unique<client::Delivery>(
      client::Delivery::Options{
          .address = "simulated", .window = 4, .batch_age_max = milliseconds(100)},
      client::Backoff(milliseconds(10), milliseconds(1000),
                      static_cast<uint32_t>(world_.Below(UINT32_MAX))),
      *std::move(spool));
}

void SimulatedClient::Record() {
  client::Call call;
  if (calls_ % 2 == 0) {
    call.event_id = absl::StrCat("c-", calls_);
  }
  call.time_us = kNowUs + world_.elapsed_us();
  call.workflow_id = absl::StrCat("run-", number_, "-", calls_ / 7);
  call.step = step();
  call.model = "claude-sonnet-4-6";
  call.usage = client::Usage{.input_tokens = 1 + static_cast<int64_t>(world_.Below(1'000))};
  ++calls_;
  tokens_ += call.usage->input_tokens;
  std::string bytes;
  client::AppendRecord(call, &bytes);
  delivery_->Append(client::RecordType::kCall, bytes);
  ASSERT_EQ(delivery_->Stats().dropped, 0U);
  Pump();
}

void SimulatedClient::Crash() {
  if (stream_ != nullptr) {
    stream_->is_over = true;
    stream_ = nullptr;
  }
  lost_batches_ += Stats().lost_batches;
  delivery_ = nullptr;
  Open();
  Pump();
}

void SimulatedClient::Break() {
  if (stream_ == nullptr) {
    return;
  }
  // Otherwise all that was sent arrives, later, at a stream that nobody reads.
  stream_->at_server.ended = world_.OneIn(2);
  Forget(absl::UnavailableError("the network failed"));
}

void SimulatedClient::Disconnect() {
  if (stream_ != nullptr) {
    End(stream_, absl::UnavailableError("the server is gone"));
  }
}

// Does what Sender::Run does, which drives the same Delivery by a real clock.
void SimulatedClient::Pump() {
  delivery_->TakeWarnings();
  delivery_->CutAndTrim(world_.now());
  SendBatches();
  const World::TimePoint next = delivery_->NextWake(world_.now());
  if (wake_at_ <= world_.now() || next < wake_at_) {
    wake_at_ = next;
    world_.At(next, [this, next] {
      if (wake_at_ == next) {
        Pump();
      }
    });
  }
}

void SimulatedClient::SendBatches() {
  while (delivery_->CanSend(world_.now())) {
    if (!delivery_->is_streaming()) {
      return BeginStream();
    }
    if (!stream_->is_greeted) {
      return;
    }
    std::optional<client::Parcel> parcel = delivery_->Next();
    absl::Status problem;
    pb::IngestRequest request;
    *request.mutable_batch() = client::PackParcel(&*parcel, &problem);
    request.set_sequence(parcel->sequence);
    ASSERT_TRUE(problem.ok()) << problem;
    ASSERT_TRUE(delivery_->Dispatch(*std::move(parcel)));
    Send(request);
  }
}

void SimulatedClient::BeginStream() {
  stream_ = std::make_shared<Stream>();
  const std::weak_ptr<Stream> stream = stream_;
  stream_->at_server.life = server_.life();
  stream_->at_server.answer = [this, stream](const pb::IngestResponse& answer) {
    Answer(stream.lock(), answer);
  };
  stream_->at_server.end = [this, stream](const absl::Status& status) {
    End(stream.lock(), status);
  };
  const client::Producer producer = delivery_->BeginStream();
  if (!server_.is_up()) {
    return End(stream_, absl::UnavailableError("nobody listens"));
  }
  pb::IngestRequest request;
  request.mutable_hello()->set_producer_id(producer.id);
  request.mutable_hello()->set_epoch(producer.epoch);
  request.mutable_hello()->set_acknowledged_sequence(producer.acknowledged_sequence);
  Send(request);
}

World::TimePoint SimulatedClient::Arrival(World::TimePoint* last) {
  *last = std::max(*last, world_.now() + world_.Within(kLatencyMax));
  return *last;
}

void SimulatedClient::Send(const pb::IngestRequest& request) {
  world_.At(Arrival(&stream_->last_sent),
            [this, stream = stream_, message = request.SerializeAsString()] {
              server_.Receive(stream->at_server, message);
            });
}

void SimulatedClient::Answer(const std::shared_ptr<Stream>& stream,
                             const pb::IngestResponse& answer) {
  world_.At(Arrival(&stream->last_answered), [this, stream, answer] {
    if (!stream->is_over) {
      OnAnswer(answer);
      Pump();
    }
  });
}

void SimulatedClient::OnAnswer(const pb::IngestResponse& answer) {
  world_.Note(answer.sequence());
  if (answer.has_welcome()) {
    stream_->is_greeted = true;
    if (!delivery_->Welcome(answer.welcome().last_sequence())) {
      Forget(absl::CancelledError("the sequence begins anew"));
    }
  } else if (delivery_->Awaited(answer.sequence()) != nullptr) {
    delivery_->Settle(answer.result(), world_.now());
  } else {
    Forget(absl::CancelledError("another batch was awaited"));
  }
}

void SimulatedClient::End(const std::shared_ptr<Stream>& stream, const absl::Status& status) {
  world_.At(Arrival(&stream->last_answered), [this, stream, status] {
    if (!stream->is_over) {
      Forget(status);
    }
  });
}

void SimulatedClient::Forget(const absl::Status& status) {
  stream_->is_over = true;
  stream_ = nullptr;
  delivery_->EndStream(status, world_.now());
  Pump();
}

}  // namespace itemized::testing
