// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include "server/api/log_sampler.h"
#include "server/http/session.h"

namespace itemized::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};  // It follows when descriptors ran out.
constexpr std::chrono::milliseconds kSweepInterval{100};

// The store and gRPC need descriptors too: connections may take a quarter of them.
HttpLimits Affordable(HttpLimits limits) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY) {
    const size_t most = files.rlim_cur / 4;
    if (most < limits.connections) {
      spdlog::warn("This process may open {} files, so HTTP takes {} connections instead of {}.",
                   files.rlim_cur, most, limits.connections);
      limits.connections = most;
    }
  }
  return limits;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpLimits limits, MemoryBudget* memory) : sessions_(Affordable(limits), memory) {}

  ~Impl() {
    context_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
    sessions_.Close();  // The sockets of sessions belong to the context.
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
    sessions_.SetRouter(std::move(router));
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }

  Sessions& sessions() { return sessions_; }
  const Address& address() const { return address_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error) {
        return AcceptLater(error);
      }
      sessions_.Add(std::move(socket));
      SweepLater();
      Accept();
    });
  }

  // The usual cause is that no descriptor is left. They come back, and who waits in the
  // queue of the kernel is taken then.
  void AcceptLater(error_code error) {
    ++sessions_.counters().accept_failures;
    if (const auto count = failures_.Count()) {
      spdlog::error(
          "HTTP connections cannot be accepted ({}; {} times since the last report). "
          "Raise the limit of open files (ulimit -n).",
          error.message(), *count);
    }
    sessions_.MakeRoom(Scarce::kConnections, "", nullptr);
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code) { Accept(); });
  }

  void SweepLater() {
    if (std::exchange(is_sweeping_, true)) {
      return;
    }
    sweep_.expires_after(kSweepInterval);
    sweep_.async_wait([this](error_code) {
      is_sweeping_ = false;
      sessions_.Sweep();
      if (!sessions_.empty()) {
        SweepLater();
      }
    });
  }

  Sessions sessions_;
  Address address_;
  LogSampler failures_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer pause_{context_};
  asio::steady_timer sweep_{context_};
  bool is_sweeping_ = false;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(const Address& address,
                                                               HttpLimits limits,
                                                               MemoryBudget* memory) {
  auto impl = std::make_unique<Impl>(limits, memory);
  const error_code error = impl->Listen(address);
  if (error) {
    absl::Status reason = TryToListen(address);
    return reason.ok()
               ? absl::UnavailableError("The server cannot listen at " + address.ToString() + ": " +
                                        error.message() + "; choose another address.")
               : reason;
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::Run(Router router) {
  impl_->Run(std::move(router));
}

void HttpServer::AwaitAnswers(std::chrono::steady_clock::time_point deadline) {
  impl_->sessions().AwaitAnswers(deadline);
}

const Address& HttpServer::address() const {
  return impl_->address();
}

const HttpCounters& HttpServer::counters() const {
  return impl_->sessions().counters();
}

}  // namespace itemized::server
