// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace itemized::cli {

extern const char kStyle[];  // What report/style.css holds.
extern const unsigned long kStyleSize;

}  // namespace itemized::cli
