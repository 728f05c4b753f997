// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace itemized::client {

// The text of client/rates/bundled.json, made a part of the program at build.
extern const char kBundledJson[];
extern const unsigned long kBundledJsonSize;

}  // namespace itemized::client
