// SPDX-License-Identifier: Apache-2.0
#include "client/cli/version.h"

namespace itemized::cli {

const char kVersion[] = ITEMIZED_VERSION;

}  // namespace itemized::cli
