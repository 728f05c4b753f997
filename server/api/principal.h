// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace itemized::server {

// Says who asks, or who sends. Each protocol makes it in one place, from what a call brings
// with it (`PrincipalOf` in server/grpc and in server/http), and hands it to server/api, which
// decides what may be seen and changed.
//
// There is one principal so far: whoever reaches the server. Once a server tells its callers
// apart, this is what carries the name that a token or a certificate proves, the tenant whose
// calls may be seen, and the rights: to send events, to ask, to change rates, to make backups.
// It is a value; copies are independent of the call that they came from.
class Principal {
 public:
  // Stands for whoever reaches the server, and has all rights.
  static Principal Local() { return Principal(); }

 private:
  Principal() = default;
};

}  // namespace itemized::server
