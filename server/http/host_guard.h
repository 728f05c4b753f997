// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "server/http/router.h"

namespace itemized::server {

// Keeps web pages of other sites out, though a browser on this machine reaches the
// server: a request must be addressed to an IP address, to localhost or to one of
// `names` (so a name that an attacker points here is refused, "DNS rebinding": 421).
// What a browser sends may change something only if it comes from a page of this server
// (403) and is JSON (415), which no other page can send without our permission. The log is
// told of a sample of the refusals.
HttpGuard MakeHostGuard(std::vector<std::string> names);

}  // namespace itemized::server
