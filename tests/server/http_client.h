// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace itemized::server {

// Sends `bytes` to a port of this machine and returns all that comes back
// until the server closes the connection.
std::string Exchange(uint16_t port, const std::string& bytes);

// The answer to "GET path", header and body.
std::string Get(uint16_t port, const std::string& path);

}  // namespace itemized::server
