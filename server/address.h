// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

// Says where to listen. Port 0 stands for any free one.
struct Address {
  std::string host;  // It is a name or a number; IPv6 has no brackets.
  uint16_t port = 0;

  // Writes "127.0.0.1:4317" or "[::1]:4317".
  std::string ToString() const;
};

// Reads "HOST:PORT". Returns INVALID_ARGUMENT, with a sentence, for anything else.
absl::StatusOr<Address> ParseAddress(absl::string_view text);

// Puts a number in place of a name, one of IPv4 where there is a choice. Returns
// INVALID_ARGUMENT if no such host is known.
absl::StatusOr<Address> Resolve(const Address& address);

// Tells whether only this machine can reach a resolved address.
bool IsLoopback(const Address& address);

// Says why nobody can listen at a resolved address. Returns OK if one can after all,
// else UNAVAILABLE with a sentence.
absl::Status TryToListen(const Address& address);

// Opens a socket that listens at a resolved address and does not block; the caller closes it.
// Returns UNAVAILABLE, with a sentence, if it cannot.
absl::StatusOr<int> ListenAt(const Address& address, int backlog);

}  // namespace itemized::server
