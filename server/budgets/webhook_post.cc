// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/webhook_post.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <openssl/ssl.h>

namespace itemized::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using Tcp = asio::ip::tcp;

// How often it is looked whether the server is stopping.
constexpr std::chrono::milliseconds kLookEvery{20};
constexpr uint32_t kAnswerHeaderBytesMax = 16 << 10;

PostResult Failed(const char* what, const beast::error_code& error) {
  return {PostResult::Outcome::kFailed,
          absl::StrCat("The receiver ", what, ": ", error.message(), ".")};
}

// One attempt. Each step begins the next one; the first that fails is the result.
class Attempt {
 public:
  Attempt(asio::io_context& io, const WebhookUrl& url)
      : url_(url), resolver_(io), context_(ssl::context::tls_client), stream_(io) {}

  void Start(const std::vector<std::pair<std::string, std::string>>& headers,
             const std::string& body) {
    request_.method(http::verb::post);
    request_.target(url_.target);
    request_.version(11);
    request_.set(http::field::host, url_.HostHeader());
    request_.set(http::field::content_type, "application/json");
    request_.set(http::field::user_agent, "itemized");
    request_.set(http::field::connection, "close");
    for (const auto& [name, value] : headers) {
      request_.set(name, value);
    }
    request_.body() = body;
    request_.prepare_payload();
    parser_.header_limit(kAnswerHeaderBytesMax);
    resolver_.async_resolve(
        url_.host, std::to_string(url_.port),
        [this](const beast::error_code& error, const Tcp::resolver::results_type& found) {
          error ? Fail("is not known by that name", error) : Connect(found);
        });
  }

  const std::optional<PostResult>& result() const { return result_; }

 private:
  void Fail(const char* what, const beast::error_code& error) { result_ = Failed(what, error); }

  void Connect(const Tcp::resolver::results_type& found) {
    stream_.async_connect(found, [this](const beast::error_code& error, const Tcp::endpoint&) {
      if (error) {
        return Fail("cannot be reached", error);
      }
      url_.tls ? Greet() : Exchange(stream_);
    });
  }

  void Greet() {
    beast::error_code error;
    context_.set_default_verify_paths(error);
    secure_.emplace(stream_, context_);
    secure_->set_verify_mode(ssl::verify_peer);
    secure_->set_verify_callback(ssl::host_name_verification(url_.host));
    // OpenSSL's own macro casts the same way, and only reads the name.
    if (SSL_ctrl(secure_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(url_.host.c_str())) != 1) {
      return Fail("has a name that TLS cannot name", error);
    }
    secure_->async_handshake(ssl::stream_base::client, [this](const beast::error_code& failed) {
      failed ? Fail("could not be trusted or greeted over TLS", failed) : Exchange(*secure_);
    });
  }

  template <typename Stream>
  void Exchange(Stream& stream) {
    http::async_write(stream, request_, [this, &stream](const beast::error_code& error, size_t) {
      if (error) {
        return Fail("did not take the request", error);
      }
      http::async_read_header(stream, buffer_, parser_,
                              [this](const beast::error_code& failed, size_t) {
                                if (failed) {
                                  return Fail("did not answer", failed);
                                }
                                result_ = ResultOf(static_cast<int>(parser_.get().result_int()));
                              });
    });
  }

  const WebhookUrl& url_;
  Tcp::resolver resolver_;
  ssl::context context_;
  beast::tcp_stream stream_;
  std::optional<ssl::stream<beast::tcp_stream&>> secure_;
  http::request<http::string_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::empty_body> parser_;
  std::optional<PostResult> result_;
};

}  // namespace

PostResult ResultOf(int status) {
  using Outcome = PostResult::Outcome;
  if (status >= 200 && status < 300) {
    return {Outcome::kTaken, ""};
  }
  if (status >= 300 && status < 400) {
    return {Outcome::kRefused,
            absl::StrCat("The receiver answered ", status,
                         ", and redirects are not followed; give the address that it moved to.")};
  }
  const bool is_final = status >= 400 && status < 500 && status != 408 && status != 429;
  return {is_final ? Outcome::kRefused : Outcome::kFailed,
          absl::StrCat("The receiver answered ", status, ".")};
}

PostResult PostWebhook(const WebhookUrl& url,
                       const std::vector<std::pair<std::string, std::string>>& headers,
                       const std::string& body, std::chrono::milliseconds timeout,
                       const std::function<bool()>& is_stopping) {
  asio::io_context io;
  Attempt attempt(io, url);
  attempt.Start(headers, body);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!attempt.result().has_value()) {
    if (is_stopping()) {
      return {PostResult::Outcome::kFailed, "The server is shutting down."};
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return {PostResult::Outcome::kFailed,
              absl::StrCat("The receiver did not answer within ", timeout.count(), " ms.")};
    }
    io.run_one_for(kLookEvery);
    if (io.stopped()) {
      io.restart();
    }
  }
  return *attempt.result();
}

}  // namespace itemized::server
