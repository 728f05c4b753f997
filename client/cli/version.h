// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace itemized::cli {

extern const char kVersion[];  // What this program is: "0.1.0".

}  // namespace itemized::cli
