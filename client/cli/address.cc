// SPDX-License-Identifier: Apache-2.0
#include "client/cli/address.h"

#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include <sys/socket.h>
#include <sys/time.h>

#include "client/cli/environment.h"

namespace itemized::cli {
namespace {

constexpr char kGrpcPort[] = "4317";

struct HostAndPort {
  std::string host;  // An IPv6 address without its brackets.
  std::string port;  // "": none was given.
};

absl::Status BadAddress(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("--server must be HOST:PORT, such as ",
                                                 kDefaultServer, ", but is \"", text, "\"."));
}

absl::StatusOr<HostAndPort> Split(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == absl::string_view::npos || end == 0) {
      return BadAddress(absl::StrCat("[", text));
    }
    absl::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !absl::ConsumePrefix(&rest, ":")) {
      return BadAddress(absl::StrCat("[", text));
    }
    return HostAndPort{std::string(text.substr(0, end)), std::string(rest)};
  }
  const auto colons = std::count(text.begin(), text.end(), ':');
  if (colons != 1) {
    return HostAndPort{std::string(text), ""};  // A name, or an IPv6 address.
  }
  const size_t colon = text.find(':');
  return HostAndPort{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

bool IsHost(absl::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("-._:%").find(c) != absl::string_view::npos;
  });
}

bool IsPort(const std::string& port) {
  uint32_t number = 0;
  return absl::SimpleAtoi(port, &number) && number > 0 && number <= UINT16_MAX;
}

// A TCP connection; -1 if there is none within a second.
int Connect(const HostAndPort& where) {
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(where.host.c_str(), where.port.c_str(), &wanted, &found) != 0) {
    return -1;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  const timeval patience = {.tv_sec = 1, .tv_usec = 0};
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0) {
      continue;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
      return fd;
    }
    close(fd);
  }
  return -1;
}

}  // namespace

absl::StatusOr<std::string> ServerAddress(absl::string_view text) {
  absl::string_view address = absl::StripAsciiWhitespace(text);
  if (absl::StartsWith(address, "unix:")) {
    return std::string(address);
  }
  if (absl::StartsWithIgnoreCase(address, "https://")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--server is \"", text,
                     "\", and itemized does not speak TLS yet: give HOST:PORT of its gRPC port, "
                     "through a tunnel if it is far away."));
  }
  if (absl::StartsWithIgnoreCase(address, "http://")) {
    address.remove_prefix(sizeof("http://") - 1);
  }
  address = absl::StripSuffix(address, "/");
  const absl::StatusOr<HostAndPort> parts = Split(address);
  if (!parts.ok() || !IsHost(parts->host)) {
    return BadAddress(text);
  }
  const bool lacks_port = parts->port.empty() && !absl::EndsWith(address, ":");
  const std::string port = lacks_port ? kGrpcPort : parts->port;
  if (!IsPort(port)) {
    return BadAddress(text);
  }
  const bool ipv6 = absl::StrContains(parts->host, ":");
  return absl::StrCat(ipv6 ? "[" : "", parts->host, ipv6 ? "]:" : ":", port);
}

std::string HttpPortHint(const std::string& address) {
  const absl::StatusOr<HostAndPort> where = Split(address);
  if (!where.ok() || !IsPort(where->port)) {
    return "";
  }
  const int fd = Connect(*where);
  if (fd < 0) {
    return "";
  }
  constexpr absl::string_view kRequest =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::array<char, 7> answer = {};
  const bool sent = send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
                    static_cast<ssize_t>(kRequest.size());
  const ssize_t received = sent ? recv(fd, answer.data(), answer.size(), MSG_WAITALL) : -1;
  close(fd);
  if (received != static_cast<ssize_t>(answer.size()) ||
      absl::string_view(answer.data(), answer.size()) != "HTTP/1.") {
    return "";
  }
  const bool ipv6 = absl::StrContains(where->host, ":");
  return absl::StrCat(address, " is an HTTP port, and itemize speaks gRPC: that is at ",
                      ipv6 ? "[" : "", where->host, ipv6 ? "]" : "", ":", kGrpcPort,
                      " unless the server was told otherwise.");
}

}  // namespace itemized::cli
