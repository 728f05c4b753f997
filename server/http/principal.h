// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/principal.h"
#include "server/http/router.h"

namespace itemized::server {

// Says who makes a request over HTTP. No other place of this protocol makes a principal.
inline Principal PrincipalOf(const HttpRequest& /*request*/) {
  return Principal::Local();
}

}  // namespace itemized::server
