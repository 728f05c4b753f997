// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/connections.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "server/grpc/socket_table.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

constexpr int kBacklog = 512;
constexpr std::chrono::milliseconds kTryAgain(
    100);  // Nothing is accepted for this long after a failure.
constexpr rlim_t kDescriptorsMin = 96;

std::string HostOf(const sockaddr_storage& address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  const int failed = getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(),
                                 host.size(), nullptr, 0, NI_NUMERICHOST);
  return failed == 0 ? host.data() : "an unknown address";
}

absl::StatusOr<uint16_t> PortOf(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  std::array<char, NI_MAXSERV> port{};
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0 ||
      getnameinfo(reinterpret_cast<const sockaddr*>(&bound), size, nullptr, 0, port.data(),
                  port.size(), NI_NUMERICSERV) != 0) {
    return absl::UnavailableError(
        "The port of a listening socket cannot be read; start the server again.");
  }
  return static_cast<uint16_t>(std::stoi(port.data()));
}

int OpenSpare() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

absl::StatusOr<size_t> ConnectionsAffordable(size_t wanted) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) {
    return wanted;
  }
  if (files.rlim_cur < kDescriptorsMin) {
    return absl::FailedPreconditionError(
        absl::StrCat("This process may open ", files.rlim_cur, " files, and needs ",
                     kDescriptorsMin, " at least; raise the limit with ulimit -n."));
  }
  const size_t most = files.rlim_cur / 4;
  if (most < wanted) {
    spdlog::warn("This process may open {} files, so gRPC takes {} connections instead of {}.",
                 files.rlim_cur, most, wanted);
  }
  return std::min(most, wanted);
}

absl::StatusOr<std::unique_ptr<Connections>> Connections::Listen(const Address& address,
                                                                 size_t connections_max,
                                                                 MemoryBudget& memory) {
  ASSIGN_OR_RETURN(const int listener, ListenAt(address, kBacklog));
  absl::StatusOr<uint16_t> port = PortOf(listener);
  if (!port.ok()) {
    close(listener);
    return port.status();
  }
  return std::unique_ptr<Connections>(
      new Connections(listener, {address.host, *port}, connections_max, memory));
}

Connections::Connections(int listener, Address address, size_t connections_max,
                         MemoryBudget& memory)
    : listener_(listener),
      wake_(eventfd(0, EFD_CLOEXEC)),
      spare_(OpenSpare()),
      address_(std::move(address)),
      connections_max_(connections_max),
      memory_(memory) {}

Connections::~Connections() {
  Stop();
  SocketTable::Get().Remove(memory_);
  close(listener_);
  close(wake_);
  close(spare_);
}

void Connections::Serve(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor) {
  CHECK(acceptor_ == nullptr);
  acceptor_ = std::move(acceptor);
  thread_ = std::thread([this] { Loop(); });
}

void Connections::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    CHECK(write(wake_, &one, sizeof(one)) == sizeof(one));
    thread_.join();
  }
}

void Connections::Loop() {
  std::array<pollfd, 2> polled{pollfd{listener_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
  while (true) {
    if (poll(polled.data(), polled.size(), -1) < 0) {
      CHECK(errno == EINTR);
      continue;
    }
    if (polled[1].revents != 0) {
      return;
    }
    while (AcceptOne()) {
    }
  }
}

bool Connections::AcceptOne() {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  const int fd =
      accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      RefuseForWantOfDescriptors(errno);
    }
    return errno != EAGAIN;
  }
  if (!HasRoom()) {
    close(fd);
    return true;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  SocketTable::Get().Add(fd, HostOf(peer, size), memory_);
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.listener_fd = listener_;
  parameters.fd = fd;
  acceptor_->HandleNewConnection(&parameters);
  return true;
}

// Tells whether there may be one more connection, if need be in place of another one.
bool Connections::HasRoom() {
  SocketTable& table = SocketTable::Get();
  if (table.CountOpen(memory_) < connections_max_) {
    return true;
  }
  const bool gave_way = table.ShutIdlest(memory_);
  if (const std::optional<int64_t> times = crowded_.Count()) {
    spdlog::warn(
        "All {} connections of gRPC are in use: {} {} since this was told last. Idle ones give "
        "way; raise the number of open files (ulimit -n) for more.",
        connections_max_, *times, gave_way ? "gave way" : "found no room");
  }
  return gave_way;
}

// Takes the place of the spare descriptor for long enough to hang up, so that a client that
// waits does not wait for good.
void Connections::RefuseForWantOfDescriptors(int code) {
  if (const std::optional<int64_t> times = no_descriptors_.Count()) {
    spdlog::error("A connection of gRPC cannot be accepted, {} since this was told last: {}.",
                  *times, std::strerror(code));
  }
  close(std::exchange(spare_, -1));
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) {
    close(fd);
  }
  spare_ = OpenSpare();
  pollfd stopped{wake_, POLLIN, 0};
  poll(&stopped, 1, static_cast<int>(kTryAgain.count()));
}

}  // namespace itemized::server
