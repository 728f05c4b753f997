// SPDX-License-Identifier: Apache-2.0
#include "server/http/request_parser.h"

#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

namespace itemized::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

// Is a body that takes memory as it arrives, not as it was announced.
struct ArrivingBody {
  using value_type = std::string;
  // Beast asks for a class of this name and with these members.
  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(http::header<kIsRequest, Fields>& /*header*/, std::string& body) : body_(body) {}
    void init(const boost::optional<uint64_t>& /*length*/, error_code& error) { error = {}; }
    template <class Buffers>
    size_t put(const Buffers& buffers, error_code& error) {
      error = {};
      size_t size = 0;
      for (const asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      return size;
    }
    void finish(error_code& error) { error = {}; }

   private:
    std::string& body_;
  };
};

}  // namespace

class RequestParser::Impl {
 public:
  explicit Impl(const HttpLimits& limits) {
    parser_.header_limit(limits.header_bytes);
    parser_.body_limit(limits.body_bytes);
    parser_.on_chunk_header(on_chunk_);
  }

  Result Put(absl::string_view bytes, size_t* taken) {
    error_code error;
    *taken = parser_.put(asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error == http::error::need_more) {
      return Result::kStarved;
    }
    if (error) {
      return error == http::error::body_limit ? Result::kTooLarge : Result::kInvalid;
    }
    return Result::kTaken;
  }

  ptrdiff_t CountFields() const {
    return std::distance(parser_.get().begin(), parser_.get().end());
  }

  HttpRequest ToRequest() const {
    const auto& from = parser_.get();
    HttpRequest request;
    request.method = from.method() == http::verb::head ? "GET" : std::string(from.method_string());
    for (const auto& field : from) {
      std::string& value = request.headers[absl::AsciiStrToLower(std::string(field.name_string()))];
      absl::StrAppend(&value, value.empty() ? "" : ", ", std::string(field.value()));
    }
    const std::string target(from.target());
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    request.query = mark == std::string::npos ? "" : target.substr(mark + 1);
    return request;
  }

  http::request_parser<ArrivingBody>& parser() { return parser_; }
  ptrdiff_t head_fields = 0;

 private:
  // Nobody needs extensions of chunks, and readers disagree about where they end.
  std::function<void(uint64_t, boost::beast::string_view, error_code&)> on_chunk_ =
      [](uint64_t, boost::beast::string_view extensions, error_code& error) {
        error = extensions.empty() ? error_code() : http::error::bad_chunk_extension;
      };
  http::request_parser<ArrivingBody> parser_;
};

RequestParser::RequestParser(const HttpLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

RequestParser::Result RequestParser::Put(absl::string_view bytes, size_t* taken) {
  return impl_->Put(bytes, taken);
}

RequestParser::Result RequestParser::PutHead(absl::string_view head) {
  Result result = Result::kTaken;
  while (!head.empty() && result == Result::kTaken && !impl_->parser().is_header_done()) {
    size_t taken = 0;
    result = impl_->Put(head, &taken);
    head.remove_prefix(taken);
  }
  impl_->head_fields = impl_->CountFields();
  const bool is_whole = head.empty() && impl_->parser().is_header_done();
  return result == Result::kTaken && !is_whole ? Result::kInvalid : result;
}

bool RequestParser::is_done() const {
  return impl_->parser().is_done();
}
bool RequestParser::keep_alive() const {
  return impl_->parser().get().keep_alive();
}
bool RequestParser::is_http_1_0() const {
  return impl_->parser().get().version() == 10;
}
bool RequestParser::is_head() const {
  return impl_->parser().get().method() == http::verb::head;
}
bool RequestParser::expects_continue() const {
  const boost::beast::string_view expect = impl_->parser().get()[http::field::expect];
  return absl::EqualsIgnoreCase(absl::string_view(expect.data(), expect.size()), "100-continue");
}
uint64_t RequestParser::announced_bytes() const {
  return impl_->parser().content_length().value_or(0);
}
HttpRequest RequestParser::ToRequest() const {
  return impl_->ToRequest();
}
std::string& RequestParser::body() {
  return impl_->parser().get().body();
}
bool RequestParser::HasTrailer() const {
  return impl_->CountFields() != impl_->head_fields;
}

std::string WriteResponseHead(const HttpResponse& response, bool keep_alive, bool is_http_1_0) {
  const boost::beast::string_view reason =
      http::obsolete_reason(static_cast<http::status>(response.status));
  std::string head = absl::StrCat("HTTP/1.1 ", response.status, " ",
                                  absl::string_view(reason.data(), reason.size()), "\r\n");
  const bool has_body = response.status != 304;
  if (has_body) {
    absl::StrAppend(&head, "Content-Type: ", response.content_type, "\r\n");
  }
  absl::StrAppend(&head, "Cache-Control: ", response.cache_control,
                  "\r\nX-Content-Type-Options: nosniff\r\n");
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  }
  if (has_body) {
    absl::StrAppend(&head, "Content-Length: ", response.body.size(), "\r\n");
  }
  if (!keep_alive || is_http_1_0) {
    absl::StrAppend(&head, "Connection: ", keep_alive ? "keep-alive" : "close", "\r\n");
  }
  return head + "\r\n";
}

}  // namespace itemized::server
