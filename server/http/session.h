// SPDX-License-Identifier: Apache-2.0
#pragma once

// Session is one HTTP connection, and Sessions what all of them share. Both are used on the
// server's thread only, except where it says otherwise.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "server/api/memory_budget.h"
#include "server/http/connection.h"
#include "server/http/http_limits.h"
#include "server/http/router.h"
#include "storage/base/cancellation.h"
#include "storage/base/mutex.h"

namespace itemized::server {

class RequestParser;
class Session;

// Says whether answers can still be handed over. A handler may come with one after the server
// has gone, such as that of rates, which waits for calls to be priced again.
struct AnswerGate {
  Mutex mutex;
  bool is_open ABSL_GUARDED_BY(mutex) = true;
};

class Sessions {
 public:
  // `memory`, if there is any, is charged for all that clients make the server hold.
  Sessions(HttpLimits limits, MemoryBudget* memory);
  ~Sessions();

  const HttpLimits& limits() const { return limits_; }
  HttpCounters& counters() { return counters_; }
  MemoryBudget& bodies() { return bodies_; }
  MemoryBudget& memory() { return memory_; }
  const Router& router() const { return router_; }
  // The router has to be set before the first connection comes.
  void SetRouter(Router router) { router_ = std::move(router); }

  // Answers `socket` from now on, or tells it that there is no room for it.
  void Add(boost::asio::ip::tcp::socket socket);
  // Forgets a session, which stays alive until its handler has answered.
  void Remove(const std::shared_ptr<Session>& session);
  // Ends what is overdue. It has to be called a few times a second.
  void Sweep();
  // Ends a connection for the sake of `peer`, but never `spared`. Returns false if there is none
  // that should give way.
  bool MakeRoom(Scarce scarce, const std::string& peer, const Session* spared);
  bool empty() const { return sessions_.empty(); }
  // Ends all once the thread has ended, so that nothing is answered any more.
  void Close();
  const std::shared_ptr<AnswerGate>& gate() const { return gate_; }

  // Counts requests that were read and are not answered. Thread-safe.
  void CountUnanswered(int change);
  void AwaitAnswers(std::chrono::steady_clock::time_point deadline);

 private:
  bool IsFull() const;
  void EndOldestRefused();

  const HttpLimits limits_;
  HttpCounters counters_;
  Router router_;
  MemoryBudget bodies_;
  MemoryBudget own_memory_;
  MemoryBudget& memory_;
  std::set<std::shared_ptr<Session>> sessions_;
  const std::shared_ptr<AnswerGate> gate_ = std::make_shared<AnswerGate>();

  Mutex mutex_;
  CondVar changed_;
  int unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, Sessions& sessions);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Reads requests and answers them.
  void Start();
  // Gives one answer, whatever is asked, and closes.
  void Refuse(HttpResponse response);

  const Connection& connection() const { return connection_; }
  // Tells whether bytes of a next request have arrived, though they have not been read.
  bool HasUnread() const;
  // Ends the connection, for others need its place.
  void GiveWay();
  // Ends the connection if it takes too long, and stops the work for a caller who has gone.
  void Sweep(Connection::Instant now);

 private:
  void SetPhase(Connection::Phase phase);
  void Fill();
  void Filled(size_t bytes, bool is_end, bool is_broken);
  void Advance();
  bool TakeHead();
  bool StartRequest(absl::string_view head);
  bool TakeBody();
  bool HoldBody(size_t more);
  void Dispatch();
  void Send(HttpResponse response, bool keep_alive);
  void Sent(bool keep_alive);
  void Linger();
  void Drop();
  void Settle();
  void Abandon();
  bool IsWaitingForRequest() const;

  boost::asio::ip::tcp::socket socket_;
  Sessions& sessions_;
  Connection connection_;
  std::array<char, size_t{16} << 10> incoming_;
  std::string pending_;  // It has been read, and belongs to nothing yet.
  bool is_reading_ = false;
  bool is_dropped_ = false;
  std::optional<Connection::Instant> ended_at_;  // The client sends no more since then.

  std::unique_ptr<RequestParser> parser_;  // This and the next are of the request under way.
  HttpRequest request_;
  std::shared_ptr<Cancellation> cancellation_;
  bool is_head_ = false;
  bool is_http_1_0_ = false;
  bool keep_alive_ = false;
  MemoryBudget::Charge body_charge_;
  MemoryBudget::Charge memory_charge_;
  bool is_answering_ = false;  // It is counted among the unanswered.
};

}  // namespace itemized::server
