// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include <boost/asio/buffer.hpp>

#include "server/http/http_head.h"
#include "server/http/request_parser.h"
#include "server/http/session.h"

namespace itemized::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Phase = Connection::Phase;

// The most that is read of what follows a request that is being answered. Later bytes wait in
// the kernel.
constexpr size_t kReadAheadMax = size_t{16} << 10;
// A line that tells how long a chunk is, or what comes after the last one, has no more bytes.
constexpr size_t kChunkLineMax = size_t{4} << 10;
constexpr size_t kBodyStep = size_t{64} << 10;  // Memory for a body is asked for in such steps.

HttpResponse TooManyBodies() {
  return HttpError(
      absl::UnavailableError("Too many large requests are under way; send this one again later."));
}

// Makes the answer to a request that could not be read.
HttpResponse AnswerTo(RequestParser::Result result) {
  return result == RequestParser::Result::kTooLarge
             ? HttpError(413, "The body is too large; send less at a time.")
             : HttpError(400, "This is not a valid HTTP request.");
}

}  // namespace

bool Session::IsWaitingForRequest() const {
  return connection_.phase == Phase::kFresh || connection_.phase == Phase::kIdle;
}

// One read is always under way, so that a client who leaves is noticed, unless there is
// no room for what it could bring.
void Session::Fill() {
  const bool is_ahead =
      connection_.phase == Phase::kAnswering || connection_.phase == Phase::kWriting;
  if (is_reading_ || is_dropped_ || (is_ahead && pending_.size() >= kReadAheadMax)) {
    return;
  }
  if (ended_at_.has_value()) {
    return is_ahead ? void() : Drop();
  }
  is_reading_ = true;
  socket_.async_read_some(
      asio::buffer(incoming_), [self = shared_from_this()](error_code error, size_t bytes) {
        self->is_reading_ = false;
        self->Filled(bytes, error == asio::error::eof, error && error != asio::error::eof);
      });
}

void Session::Filled(size_t bytes, bool is_end, bool is_broken) {
  if (is_dropped_) {
    return;
  }
  if (is_end || is_broken) {
    ended_at_ = std::chrono::steady_clock::now();
    if (is_broken) {
      Abandon();
    }
    return Fill();
  }
  if (connection_.phase == Phase::kClosing) {
    return Fill();  // Nobody reads it; the client may be sending the rest of a refused body.
  }
  pending_.append(incoming_.data(), bytes);
  Advance();
}

void Session::Advance() {
  while (!is_dropped_) {
    const bool goes_on = IsWaitingForRequest() || connection_.phase == Phase::kHead ? TakeHead()
                         : connection_.phase == Phase::kBody                        ? TakeBody()
                                                                                    : false;
    if (!goes_on) {
      return Fill();
    }
  }
}

// Returns whether there is more to be done with what has been read.
bool Session::TakeHead() {
  while (IsWaitingForRequest() && absl::StartsWith(pending_, "\r\n")) {
    pending_.erase(0, 2);  // Some clients end a body with a line of its own.
  }
  if (pending_.empty() || pending_ == "\r") {
    return false;
  }
  if (connection_.phase != Phase::kHead) {
    SetPhase(Phase::kHead);
  }
  const size_t end = pending_.find("\r\n\r\n");
  const size_t size = end == std::string::npos ? pending_.size() : end + 4;
  if (size > sessions_.limits().header_bytes) {
    Refuse(HttpError(431, "The header is too large."));
    return false;
  }
  const absl::string_view head = absl::string_view(pending_).substr(0, size);
  if (HasBareLineFeed(head)) {
    Refuse(HttpError(400, "A line of the header ends with a line feed alone."));
    return false;
  }
  return end != std::string::npos && StartRequest(head);
}

bool Session::StartRequest(absl::string_view head) {
  if (const std::optional<HeadFault> fault = CheckHead(head)) {
    Refuse(HttpError(fault->status, fault->sentence));
    return false;
  }
  parser_ = std::make_unique<RequestParser>(sessions_.limits());
  if (const auto result = parser_->PutHead(head); result != RequestParser::Result::kTaken) {
    Refuse(AnswerTo(result));
    return false;
  }
  pending_.erase(0, head.size());
  request_ = parser_->ToRequest();
  is_head_ = parser_->is_head();
  is_http_1_0_ = parser_->is_http_1_0();
  keep_alive_ = parser_->keep_alive();
  SetPhase(Phase::kBody);
  static constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code error;
  if (parser_->expects_continue() && !parser_->is_done() &&
      socket_.write_some(asio::buffer(kContinue.data(), kContinue.size()), error) !=
          kContinue.size()) {
    Drop();  // The client does not even take these few bytes.
  }
  return true;
}

bool Session::TakeBody() {
  absl::string_view rest = pending_;  // It is erased once, for a body may come in tiny chunks.
  std::optional<HttpResponse> refusal;
  while (!parser_->is_done() && !rest.empty() && !refusal.has_value()) {
    if (!HoldBody(rest.size())) {
      refusal = TooManyBodies();
      break;
    }
    size_t taken = 0;
    const RequestParser::Result result = parser_->Put(rest, &taken);
    rest.remove_prefix(taken);
    if (result == RequestParser::Result::kStarved && rest.size() <= kChunkLineMax) {
      break;
    }
    if (result != RequestParser::Result::kTaken) {
      refusal = AnswerTo(result);
    }
  }
  connection_.moved_bytes += pending_.size() - rest.size();
  pending_.erase(0, pending_.size() - rest.size());
  if (refusal.has_value()) {
    Refuse(*std::move(refusal));
  } else if (parser_->is_done()) {
    Dispatch();
  }
  return false;
}

// Makes room for `more` bytes of the body. Returns false if there is no memory for them.
bool Session::HoldBody(size_t more) {
  std::string& body = parser_->body();
  const size_t wanted = body.size() + more;
  if (wanted <= body.capacity()) {
    return true;
  }
  // No more is kept than was announced, however much has come: a small body takes a small string.
  const uint64_t most = std::max<uint64_t>(parser_->announced_bytes(), wanted);
  const size_t capacity = std::min<uint64_t>(std::max(2 * body.capacity(), kBodyStep), most);
  const auto hold = [&](MemoryBudget& budget, MemoryBudget::Charge& charge) {
    if (charge.bytes() == 0) {
      charge = *budget.Take(0);
    }
    while (!charge.Resize(static_cast<int64_t>(std::max(capacity, wanted)))) {
      if (!sessions_.MakeRoom(Scarce::kMemory, connection_.peer, this)) {
        return false;
      }
    }
    return true;
  };
  if (!hold(sessions_.bodies(), body_charge_) || !hold(sessions_.memory(), memory_charge_)) {
    return false;
  }
  body.reserve(std::max(capacity, wanted));
  connection_.held_bytes = body.capacity();
  return true;
}

}  // namespace itemized::server
