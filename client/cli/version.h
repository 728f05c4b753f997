// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace itemized::cli {

// The version of this program, such as "0.1.0".
extern const char kVersion[];

}  // namespace itemized::cli
