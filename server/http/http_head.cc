// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_head.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include <arpa/inet.h>

namespace itemized::server {
namespace {

// These fields decide what a request is, and who sends it: two of them are two answers.
constexpr std::array<absl::string_view, 9> kOnce = {
    "host",         "content-length", "transfer-encoding", "content-encoding",
    "content-type", "origin",         "sec-fetch-site",    "expect",
    "authorization"};

constexpr size_t kContentLengthDigitsMax = 18;  // So many fit 64 bits.

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

bool IsDigits(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Looks for control characters other than the tabulator.
bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

bool IsTarget(absl::string_view target) {
  return target == "*" ||
         (absl::StartsWith(target, "/") && std::none_of(target.begin(), target.end(), [](char c) {
            return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
          }));
}

class Checker {
 public:
  std::optional<HeadFault> RequestLine(absl::string_view line) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
    if (parts.size() != 3 || !IsToken(parts[0]) || !absl::StartsWith(parts[2], "HTTP/")) {
      return HeadFault{400, "This is not a valid HTTP request."};
    }
    if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") {
      return HeadFault{505, "This server speaks HTTP/1.1 and HTTP/1.0."};
    }
    is_1_0_ = parts[2] == "HTTP/1.0";
    if (!IsTarget(parts[1])) {
      return HeadFault{400, "The address in the request must begin with a slash."};
    }
    return std::nullopt;
  }

  std::optional<HeadFault> Field(absl::string_view line) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos || !IsToken(line.substr(0, colon))) {
      return HeadFault{400,
                       "A header line must be \"Name: value\", without white space before the "
                       "name or the colon."};
    }
    const std::string name = absl::AsciiStrToLower(line.substr(0, colon));
    const auto once = std::find(kOnce.begin(), kOnce.end(), name);
    if (once == kOnce.end()) {
      return std::nullopt;
    }
    auto& value = values_[static_cast<size_t>(once - kOnce.begin())];
    if (value.has_value()) {
      return HeadFault{400, "A header field is given twice that may be there only once."};
    }
    value = absl::StripAsciiWhitespace(line.substr(colon + 1));
    return std::nullopt;
  }

  std::optional<HeadFault> Finish() const {
    const auto& host = values_[0];
    const auto& length = values_[1];
    const auto& coding = values_[2];
    if (!host.has_value() && !is_1_0_) {
      return HeadFault{400, "The request has no Host header."};
    }
    if (host.has_value() && !NameInHost(*host).has_value()) {
      return HeadFault{400, "The Host header is not a name or address with an optional port."};
    }
    if (length.has_value() && (!IsDigits(*length) || length->size() > kContentLengthDigitsMax)) {
      return HeadFault{400, "Content-Length must be one whole number."};
    }
    if (!coding.has_value()) {
      return std::nullopt;
    }
    if (length.has_value() || is_1_0_) {
      return HeadFault{400, "Transfer-Encoding cannot come with Content-Length or over HTTP/1.0."};
    }
    if (!absl::EqualsIgnoreCase(*coding, "chunked")) {
      return HeadFault{501, "The only transfer coding that this server knows is chunked."};
    }
    return std::nullopt;
  }

 private:
  bool is_1_0_ = false;
  std::array<std::optional<absl::string_view>, kOnce.size()> values_;
};

bool IsIpv6(absl::string_view text) {
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool IsPortOrNone(absl::string_view text) {
  return text.empty() ||
         (absl::ConsumePrefix(&text, ":") && text.size() <= 5 && (text.empty() || IsDigits(text)));
}

}  // namespace

std::optional<HeadFault> CheckHead(absl::string_view head) {
  if (!absl::ConsumeSuffix(&head, "\r\n\r\n")) {
    return HeadFault{400, "This is not a valid HTTP request."};
  }
  Checker checker;
  bool is_first = true;
  for (const absl::string_view line : absl::StrSplit(head, "\r\n")) {
    if (HasControl(line)) {
      return HeadFault{400, "The header has a control character."};
    }
    const auto fault = is_first ? checker.RequestLine(line) : checker.Field(line);
    if (fault.has_value()) {
      return fault;
    }
    is_first = false;
  }
  return checker.Finish();
}

bool HasBareLineFeed(absl::string_view head) {
  for (size_t at = head.find('\n'); at != absl::string_view::npos; at = head.find('\n', at + 1)) {
    if (at == 0 || head[at - 1] != '\r') {
      return true;
    }
  }
  return false;
}

std::optional<std::string> NameInHost(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) {
    const size_t end = host.find(']');
    if (end == absl::string_view::npos || !IsIpv6(host.substr(0, end)) ||
        !IsPortOrNone(host.substr(end + 1))) {
      return std::nullopt;
    }
    return absl::AsciiStrToLower(host.substr(0, end));
  }
  const absl::string_view name = host.substr(0, host.find(':'));
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
  if (!is_name || !IsPortOrNone(host.substr(name.size()))) {
    return std::nullopt;
  }
  return absl::AsciiStrToLower(name);
}

}  // namespace itemized::server
