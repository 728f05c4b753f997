// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/socket_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace itemized::server {
namespace {

// A socket that has said something so lately is at work.
constexpr std::chrono::milliseconds kIdleAfter(500);

// Returns 0 if there is no such descriptor.
ino_t InodeOf(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

const char* Describe(FrameWatch::Verdict verdict) {
  return verdict == FrameWatch::Verdict::kEndlessHeaders
             ? "its headers do not end"
             : "it begins and resets streams, or sends frames without content, without end";
}

}  // namespace

WatchedSocket::WatchedSocket(int fd, std::string host, MemoryBudget& memory)
    : fd_(fd), host_(std::move(host)), memory_(memory), inode_(InodeOf(fd)) {}

bool WatchedSocket::is_open() const {
  return InodeOf(fd_) == inode_;
}

void WatchedSocket::Shut() const {
  // A copy is compared and shut, which nobody else can close in between.
  const int fd = fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    return;
  }
  if (InodeOf(fd) == inode_) {
    shutdown(fd, SHUT_RDWR);
  }
  close(fd);
}

FrameWatch::Verdict WatchedSocket::Read(const ReadBytes& read) {
  const auto now = std::chrono::steady_clock::now();
  const MutexLock lock(mutex_);
  read_at_ = now;
  for (const absl::Span<const uint8_t> bytes : read) {
    if (const auto verdict = watch_.Feed(bytes, now); verdict != FrameWatch::Verdict::kFine) {
      return verdict;
    }
  }
  return FrameWatch::Verdict::kFine;
}

bool WatchedSocket::Pay() {
  const MutexLock lock(mutex_);
  if (is_forgotten_ || watch_.unfinished_bytes() == charge_.bytes()) {
    return true;
  }
  if (charge_.bytes() > 0) {
    return charge_.Resize(watch_.unfinished_bytes());
  }
  auto charge = memory_.Take(watch_.unfinished_bytes());
  if (charge.has_value()) {
    charge_ = *std::move(charge);
  }
  return charge.has_value();
}

void WatchedSocket::Forget() {
  const MutexLock lock(mutex_);
  is_forgotten_ = true;
  charge_.Release();
}

int64_t WatchedSocket::unfinished_bytes() const {
  const MutexLock lock(mutex_);
  return is_forgotten_ ? 0 : watch_.unfinished_bytes();
}

bool WatchedSocket::has_begun() const {
  const MutexLock lock(mutex_);
  return watch_.has_begun();
}

WatchedSocket::Instant WatchedSocket::read_at() const {
  const MutexLock lock(mutex_);
  return read_at_;
}

SocketTable& SocketTable::Get() {
  static SocketTable& table = *new SocketTable;  // It is read from until the very end.
  return table;
}

void SocketTable::Add(int fd, std::string host, MemoryBudget& memory) {
  auto socket = std::make_shared<WatchedSocket>(fd, std::move(host), memory);
  const MutexLock lock(mutex_);
  Socket& entry = sockets_[fd];
  if (entry != nullptr) {
    entry->Forget();
  }
  entry = std::move(socket);
}

void SocketTable::RemoveClosed() {
  for (auto it = sockets_.begin(); it != sockets_.end();) {
    const auto socket = it++;
    if (!socket->second->is_open()) {
      socket->second->Forget();
      sockets_.erase(socket);
    }
  }
}

size_t SocketTable::CountOpen(const MemoryBudget& memory) {
  const MutexLock lock(mutex_);
  RemoveClosed();
  return static_cast<size_t>(
      std::count_if(sockets_.begin(), sockets_.end(),
                    [&](const auto& entry) { return entry.second->pays_from(memory); }));
}

bool SocketTable::ShutIdlest(const MemoryBudget& memory) {
  const auto now = std::chrono::steady_clock::now();
  const MutexLock lock(mutex_);
  absl::flat_hash_map<absl::string_view, size_t> of_host;
  for (const auto& [fd, socket] : sockets_) {
    of_host[socket->host()] += socket->pays_from(memory) ? 1U : 0U;
  }
  int idlest = -1;
  std::tuple<bool, size_t, std::chrono::nanoseconds> highest;
  for (const auto& [fd, socket] : sockets_) {
    const std::chrono::nanoseconds idle = now - socket->read_at();
    const std::tuple rank(!socket->has_begun(), of_host[socket->host()], idle);
    const bool may_go = socket->pays_from(memory) && (idle > kIdleAfter || !socket->has_begun());
    if (may_go && (idlest < 0 || rank > highest)) {
      idlest = fd;
      highest = rank;
    }
  }
  if (idlest < 0) {
    return false;
  }
  sockets_[idlest]->Shut();
  sockets_[idlest]->Forget();
  sockets_.erase(idlest);
  return true;
}

void SocketTable::Remove(const MemoryBudget& memory) {
  const MutexLock lock(mutex_);
  for (auto it = sockets_.begin(); it != sockets_.end();) {
    const auto socket = it++;
    if (socket->second->pays_from(memory)) {
      socket->second->Forget();
      sockets_.erase(socket);
    }
  }
}

SocketTable::Socket SocketTable::Find(int fd) const {
  const MutexLock lock(mutex_);
  const auto found = sockets_.find(fd);
  return found == sockets_.end() ? nullptr : found->second;
}

void SocketTable::Erase(int fd) {
  const MutexLock lock(mutex_);
  const auto found = sockets_.find(fd);
  if (found != sockets_.end()) {
    found->second->Forget();
    sockets_.erase(found);
  }
}

bool SocketTable::Read(int fd, const ReadBytes& read) {
  const Socket socket = Find(fd);
  if (socket == nullptr) {
    return true;
  }
  if (read.empty() || !socket->is_open()) {
    Erase(fd);
    return true;
  }
  const FrameWatch::Verdict verdict = socket->Read(read);
  if (verdict != FrameWatch::Verdict::kFine) {
    CutOff(*socket, verdict);
    Erase(fd);
    return false;
  }
  for (int tries = 0; tries < 4 && !socket->Pay(); ++tries) {
    FreeMemory(socket->memory());
  }
  return true;
}

void SocketTable::CutOff(const WatchedSocket& socket, FrameWatch::Verdict verdict) {
  if (const std::optional<int64_t> times = cut_off_.Count()) {
    spdlog::warn("Clients were cut off, {} since this was told last; now one at {}: {}.", *times,
                 socket.host(), Describe(verdict));
  }
  socket.Shut();
}

void SocketTable::FreeMemory(const MemoryBudget& memory) {
  Socket largest;
  {
    const MutexLock lock(mutex_);
    RemoveClosed();
    for (const auto& [fd, socket] : sockets_) {
      if (socket->pays_from(memory) && socket->unfinished_bytes() > 0 &&
          (largest == nullptr || socket->unfinished_bytes() > largest->unfinished_bytes())) {
        largest = socket;
      }
    }
  }
  if (largest == nullptr) {
    return;
  }
  if (const std::optional<int64_t> times = no_memory_.Count()) {
    spdlog::warn(
        "Clients with unfinished messages were cut off for want of memory (--memory-limit), {} "
        "since this was told last; now one at {} that has sent {} bytes of them.",
        *times, largest->host(), largest->unfinished_bytes());
  }
  largest->Shut();
  largest->Forget();
}

namespace {

ReadBytes PiecesOf(const msghdr& message, size_t size) {
  ReadBytes pieces;
  for (size_t i = 0; i < message.msg_iovlen && size > 0; ++i) {
    const iovec& buffer = message.msg_iov[i];
    const size_t taken = std::min(size, buffer.iov_len);
    pieces.emplace_back(static_cast<const uint8_t*>(buffer.iov_base), taken);
    size -= taken;
  }
  return pieces;
}

}  // namespace
}  // namespace itemized::server

// gRPC reads with this function, and has no other place to look on. The one of libc is the
// same system call.
extern "C" ssize_t recvmsg(int fd, msghdr* message, int flags) {
  const ssize_t read = syscall(SYS_recvmsg, fd, message, flags);
  if (read < 0 || (flags & (MSG_PEEK | MSG_ERRQUEUE)) != 0) {
    return read;
  }
  const auto pieces = itemized::server::PiecesOf(*message, static_cast<size_t>(read));
  if (!itemized::server::SocketTable::Get().Read(fd, pieces)) {
    errno = ECONNRESET;
    return -1;
  }
  return read;
}
