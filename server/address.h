// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace itemized::server {

// Where to listen. Port 0: any free one.
struct Address {
  std::string host;  // A name or a number; IPv6 without brackets.
  uint16_t port = 0;

  std::string ToString() const;  // "127.0.0.1:4317", "[::1]:4317".
};

// Reads "HOST:PORT". INVALID_ARGUMENT with a sentence.
absl::StatusOr<Address> ParseAddress(absl::string_view text);

// Puts a number in place of a name, of IPv4 where there is a choice.
// INVALID_ARGUMENT if no such host is known.
absl::StatusOr<Address> Resolve(const Address& address);

// Whether only this machine can reach a resolved address.
bool IsLoopback(const Address& address);

// Says why nobody can listen at a resolved address: OK if one can after all,
// else UNAVAILABLE with a sentence.
absl::Status TryToListen(const Address& address);

// A socket that listens at a resolved address and does not block, for the caller to close.
// UNAVAILABLE with a sentence if it cannot.
absl::StatusOr<int> ListenAt(const Address& address, int backlog);

}  // namespace itemized::server
