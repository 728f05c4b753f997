// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "storage/base/mutex.h"

namespace itemized::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};  // When descriptors ran out.

struct Shared {
  explicit Shared(HttpLimits its_limits) : limits(its_limits) {}

  const HttpLimits limits;
  Router router;            // Set before anything is read.
  size_t connections = 0;   // Of the server's thread, as the next.
  uint64_t body_bytes = 0;  // That requests under way have, or may have.

  Mutex mutex;
  CondVar changed;
  size_t unanswered ABSL_GUARDED_BY(mutex) = 0;  // Requests that have been read.

  void Count(bool is_answered) {
    const MutexLock lock(mutex);
    unanswered += is_answered ? size_t{0} - 1 : 1;
    changed.notify_all();
  }
};

HttpRequest ToRequest(http::request<http::string_body>&& from) {
  HttpRequest request;
  request.method = from.method() == http::verb::head ? "GET" : std::string(from.method_string());
  for (const auto& field : from) {
    request.headers[absl::AsciiStrToLower(std::string(field.name_string()))] =
        std::string(field.value());
  }
  const std::string target(from.target());
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query = mark == std::string::npos ? "" : target.substr(mark + 1);
  request.body = std::move(from.body());
  return request;
}

http::response<http::string_body> FromResponse(HttpResponse from) {
  http::response<http::string_body> response(static_cast<http::status>(from.status), 11);
  response.set(http::field::content_type, from.content_type);
  response.set(http::field::cache_control, from.cache_control);
  response.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : from.headers) {
    response.set(name, value);
  }
  response.body() = std::move(from.body);
  response.prepare_payload();
  return response;
}

// The answer to a request that could not be read; none if the client is gone.
std::optional<HttpResponse> AnswerTo(error_code error) {
  if (error == http::error::body_limit) {
    return HttpError(413, "The body is too large; send less at a time.");
  }
  if (error == http::error::header_limit) {
    return HttpError(431, "The header is too large.");
  }
  const bool malformed = error.category() == make_error_code(http::error::bad_method).category();
  if (malformed && error != http::error::end_of_stream && error != http::error::partial_message) {
    return HttpError(400, "This is not a valid HTTP request.");
  }
  return std::nullopt;
}

// One connection; lives as long as something is under way on it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.connections;
  }
  ~Session() {
    --shared_.connections;
    Settle();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Read() {
    parser_.emplace();
    parser_->header_limit(shared_.limits.header_bytes);
    parser_->body_limit(shared_.limits.body_bytes);
    stream_.expires_after(shared_.limits.timeout);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, size_t) { self->GotHeader(error); });
  }

 private:
  void GotHeader(error_code error) {
    if (error) {
      return Refuse(error);
    }
    // A body that does not say how long it is may become as long as any.
    const uint64_t most =
        parser_->chunked() ? shared_.limits.body_bytes : parser_->content_length().value_or(0);
    if (shared_.body_bytes + most > shared_.limits.all_body_bytes) {
      return Send(
          HttpError(503, "Too many large requests are under way; send this one again later."),
          false);
    }
    shared_.body_bytes += most;
    body_bytes_ = most;
    if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      return ReadBody();
    }
    continue_.emplace(http::status::continue_, 11);
    http::async_write(stream_, *continue_, [self = shared_from_this()](error_code failed, size_t) {
      return failed ? self->Close() : self->ReadBody();
    });
  }

  void ReadBody() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) { self->Got(error); });
  }

  void Refuse(error_code error) {
    std::optional<HttpResponse> answer = AnswerTo(error);
    return answer.has_value() ? Send(*std::move(answer), false) : Close();
  }

  void Got(error_code error) {
    if (error) {
      return Refuse(error);
    }
    stream_.expires_never();
    SetAnswering(true);
    is_head_ = parser_->get().method() == http::verb::head;
    const bool keep_alive = parser_->get().keep_alive();
    shared_.router.Route(ToRequest(parser_->release()),
                         [self = shared_from_this(), keep_alive](HttpResponse response) {
                           asio::post(self->stream_.get_executor(),
                                      [self, keep_alive, response = std::move(response)]() mutable {
                                        self->Send(std::move(response), keep_alive);
                                      });
                         });
  }

  void Send(HttpResponse from, bool keep_alive) {
    response_ = FromResponse(std::move(from));
    response_->keep_alive(keep_alive);
    if (is_head_) {
      response_->body().clear();  // Its length stays in the header.
    }
    stream_.expires_after(shared_.limits.timeout);
    http::async_write(stream_, *response_,
                      [self = shared_from_this(), keep_alive](error_code error, size_t) {
                        self->Settle();
                        return error || !keep_alive ? self->Close() : self->Read();
                      });
  }

  // The request, if there was one, is answered or given up.
  void Settle() {
    SetAnswering(false);
    shared_.body_bytes -= std::exchange(body_bytes_, 0);
  }

  void SetAnswering(bool is_answering) {
    if (std::exchange(is_answering_, is_answering) != is_answering) {
      shared_.Count(!is_answering);
    }
  }

  void Close() {
    error_code ignored;  // The client may have closed first.
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response<http::empty_body>> continue_;
  uint64_t body_bytes_ = 0;  // This one's part of those of all.
  bool is_head_ = false;
  bool is_answering_ = false;  // Counted among the unanswered.
};

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(HttpLimits limits) : shared_(limits) {}

  ~Impl() {
    context_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  error_code Listen(const Address& address) {
    error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address.host, error), address.port);
    if (error || acceptor_.open(endpoint.protocol(), error)) {
      return error;
    }
    acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (acceptor_.bind(endpoint, error) ||
        acceptor_.listen(asio::socket_base::max_listen_connections, error)) {
      return error;
    }
    address_ = {address.host, acceptor_.local_endpoint().port()};
    return error;
  }

  void Run(Router router) {
    shared_.router = std::move(router);
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }

  void AwaitAnswers(std::chrono::steady_clock::time_point deadline) {
    MutexLock lock(shared_.mutex);
    while (shared_.unanswered > 0 &&
           shared_.changed.wait_until(shared_.mutex, deadline) == std::cv_status::no_timeout) {
    }
  }

  const Address& address() const { return address_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error) {
        return AcceptLater();
      }
      if (shared_.connections < shared_.limits.connections) {
        std::make_shared<Session>(std::move(socket), shared_)->Read();
      }
      Accept();
    });
  }

  void AcceptLater() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code) { Accept(); });
  }

  Shared shared_;  // Outlives the sessions, which die with the context.
  Address address_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer pause_{context_};
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(const Address& address,
                                                               HttpLimits limits) {
  auto impl = std::make_unique<Impl>(limits);
  const error_code error = impl->Listen(address);
  if (error) {
    absl::Status reason = TryToListen(address);
    return reason.ok() ? absl::UnavailableError("cannot listen at " + address.ToString() + ": " +
                                                error.message())
                       : reason;
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::Run(Router router) {
  impl_->Run(std::move(router));
}

void HttpServer::AwaitAnswers(std::chrono::steady_clock::time_point deadline) {
  impl_->AwaitAnswers(deadline);
}

const Address& HttpServer::address() const {
  return impl_->address();
}

}  // namespace itemized::server
