// SPDX-License-Identifier: Apache-2.0
#include "server/http/session.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "server/http/request_parser.h"

namespace itemized::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Phase = Connection::Phase;

// The work for a caller who sends no more goes on for so long: some close their sending
// side and then wait for the answer.
constexpr std::chrono::milliseconds kHalfClosedGrace{250};
HttpResponse TooSlow() {
  return HttpError(408, "The request did not arrive in time; send it again.");
}

}  // namespace

Session::Session(tcp::socket socket, Sessions& sessions)
    : socket_(std::move(socket)), sessions_(sessions) {
  error_code ignored;  // The client may be gone, which the first read will tell.
  connection_.peer = socket_.remote_endpoint(ignored).address().to_string();
  socket_.non_blocking(true, ignored);
  SetPhase(Phase::kFresh);
}

Session::~Session() = default;

void Session::SetPhase(Phase phase) {
  connection_.phase = phase;
  connection_.since = std::chrono::steady_clock::now();
  connection_.moved_bytes = 0;
}

void Session::Start() {
  Fill();
}

void Session::Refuse(HttpResponse response) {
  SetPhase(Phase::kClosing);
  parser_ = nullptr;
  Send(std::move(response), false);
  Fill();
}

bool Session::HasUnread() const {
  error_code ignored;
  return socket_.available(ignored) > 0;
}

void Session::GiveWay() {
  if (connection_.phase == Phase::kHead || connection_.phase == Phase::kBody) {
    return Refuse(TooSlow());
  }
  Drop();
}

void Session::Sweep(Connection::Instant now) {
  const bool has_gone = ended_at_.has_value() && now - *ended_at_ > kHalfClosedGrace;
  if (has_gone) {
    Abandon();
  }
  if (IsOverdue(connection_, sessions_.limits(), now)) {
    sessions_.counters().timed_out += connection_.phase != Phase::kClosing ? 1 : 0;
    GiveWay();
  }
}

// Nobody will read the answer that is being worked for, if any is.
void Session::Abandon() {
  if (cancellation_ != nullptr) {
    ++sessions_.counters().abandoned_answers;
    std::exchange(cancellation_, nullptr)->Cancel();
  }
}

void Session::Dispatch() {
  if (parser_->HasTrailer()) {
    return Refuse(HttpError(400, "This server takes no header fields after a body."));
  }
  request_.body = std::move(parser_->body());
  parser_ = nullptr;
  cancellation_ = std::make_shared<Cancellation>(std::chrono::steady_clock::now() +
                                                 sessions_.limits().answer_timeout);
  request_.cancellation = cancellation_;
  SetPhase(Phase::kAnswering);
  sessions_.CountUnanswered(+1);
  is_answering_ = true;
  // The session may end first only together with the server; it dies on this thread.
  sessions_.router().Route(std::move(request_),
                           [weak = weak_from_this(), gate = sessions_.gate(),
                            executor = socket_.get_executor()](HttpResponse response) {
                             const MutexLock lock(gate->mutex);
                             if (!gate->is_open) {
                               return;
                             }
                             asio::post(executor, [weak, response = std::move(response)]() mutable {
                               if (const std::shared_ptr<Session> self = weak.lock()) {
                                 self->Send(std::move(response), self->keep_alive_);
                               }
                             });
                           });
}

void Session::Send(HttpResponse response, bool keep_alive) {
  if (is_dropped_) {
    return Settle();
  }
  const auto bytes = static_cast<int64_t>(response.body.size());
  if (memory_charge_.bytes() == 0) {
    memory_charge_ = *sessions_.memory().Take(0);
  }
  body_charge_.Release();
  connection_.held_bytes = 0;
  const bool is_small = response.body.size() <= sessions_.limits().small_answer_bytes;
  if (!memory_charge_.Resize(is_small ? 0 : bytes)) {
    response = HttpError(
        absl::UnavailableError("Too many answers are on their way; ask again a little later."));
    keep_alive = false;
  }
  cancellation_ = nullptr;
  if (connection_.phase != Phase::kClosing) {
    SetPhase(Phase::kWriting);
  }
  connection_.moved_bytes = static_cast<uint64_t>(bytes);
  // What is written lives as long as the writing, even if the connection is given up.
  auto answer = std::make_shared<std::pair<std::string, std::string>>();
  answer->first = WriteResponseHead(response, keep_alive, is_http_1_0_);
  if (!is_head_ && response.status != 304) {
    answer->second = std::move(response.body);
  }
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(answer->first),
                                                     asio::buffer(answer->second)};
  asio::async_write(socket_, buffers,
                    [self = shared_from_this(), answer = std::move(answer), keep_alive](
                        error_code error, size_t) {
                      self->Settle();
                      return error ? self->Drop() : self->Sent(keep_alive);
                    });
}

void Session::Sent(bool keep_alive) {
  if (is_dropped_) {
    return;
  }
  if (!keep_alive || connection_.phase == Phase::kClosing) {
    return Linger();
  }
  SetPhase(Phase::kIdle);
  Advance();
}

// Closing at once could tear the answer away from a client that is still sending.
void Session::Linger() {
  if (connection_.phase != Phase::kClosing) {
    SetPhase(Phase::kClosing);
  }
  error_code ignored;  // The client may have closed first.
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  pending_.clear();
  Fill();
}

void Session::Drop() {
  if (std::exchange(is_dropped_, true)) {
    return;
  }
  Abandon();
  Settle();
  error_code ignored;
  socket_.close(ignored);
  sessions_.Remove(shared_from_this());
}

// The request, if there was one, is answered or given up.
void Session::Settle() {
  if (std::exchange(is_answering_, false)) {
    sessions_.CountUnanswered(-1);
  }
  body_charge_.Release();
  memory_charge_.Release();
  connection_.held_bytes = 0;
}

}  // namespace itemized::server
