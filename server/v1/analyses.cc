// SPDX-License-Identifier: Apache-2.0
#include "server/v1/analyses.h"

#include "server/v1/answer.h"

namespace itemized::server {

namespace pb = itemized::v1;

}  // namespace itemized::server
