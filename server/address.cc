// SPDX-License-Identifier: Apache-2.0
#include "server/address.h"

#include <netdb.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include <arpa/inet.h>
#include <sys/socket.h>

namespace itemized::server {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Returns what the resolver knows of `address`, or null and an error text if that is nothing.
AddressList LookUp(const Address& address, std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int code =
      getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &found);
  if (code != 0) {
    error = gai_strerror(code);
    found = nullptr;
  }
  return AddressList(found, &freeaddrinfo);
}

absl::Status CannotListen(const Address& address, int error) {
  const std::string where = address.ToString();
  if (error == EADDRINUSE) {
    return absl::UnavailableError(
        absl::StrCat("The address ", where,
                     " is taken by another process; stop that one or choose another port."));
  }
  if (error == EACCES) {
    return absl::UnavailableError(
        absl::StrCat("Listening at ", where, " is not permitted; choose a port above 1023."));
  }
  return absl::UnavailableError(absl::StrCat("The server cannot listen at ", where, ": ",
                                             strerror(error), "; choose another address."));
}

}  // namespace

std::string Address::ToString() const {
  const bool v6 = absl::StrContains(host, ":");
  return v6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(text.substr(colon + 1), &port) || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no address; write HOST:PORT, such as 127.0.0.1:4317."));
  }
  absl::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (absl::StrContains(host, ":")) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no address; write IPv6 as [HOST]:PORT."));
  }
  return Address{std::string(host), static_cast<uint16_t>(port)};
}

absl::StatusOr<Address> Resolve(const Address& address) {
  std::string error;
  const AddressList list = LookUp(address, error);
  if (list == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("The host \"", address.host,
                                                   "\" is not known: ", error,
                                                   "; write a name that resolves, or a number."));
  }
  const addrinfo* chosen = list.get();
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET) {
      chosen = each;
      break;
    }
  }
  char host[NI_MAXHOST] = {};
  if (getnameinfo(chosen->ai_addr, chosen->ai_addrlen, host, sizeof(host), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("The host \"", address.host, "\" has no numeric address; write a number."));
  }
  return Address{host, address.port};
}

bool IsLoopback(const Address& address) {
  return address.host == "::1" || absl::StartsWith(address.host, "127.");
}

absl::Status TryToListen(const Address& address) {
  const absl::StatusOr<int> fd = ListenAt(address, 1);
  if (fd.ok()) {
    close(*fd);
  }
  return fd.status();
}

absl::StatusOr<int> ListenAt(const Address& address, int backlog) {
  std::string error;
  const AddressList list = LookUp(address, error);
  if (list == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("The address ", address.ToString(), " does not resolve: ", error, "."));
  }
  const int fd =
      socket(list->ai_family, list->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, list->ai_protocol);
  if (fd < 0) {
    return CannotListen(address, errno);
  }
  const int reuse = 1;  // A port that was left a moment ago is free.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
  if (bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, backlog) == 0) {
    return fd;
  }
  const int code = errno;
  close(fd);
  return CannotListen(address, code);
}

}  // namespace itemized::server
