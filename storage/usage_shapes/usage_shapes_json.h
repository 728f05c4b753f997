// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace itemized {

// The bytes of proto/itemized/v1/usage_shapes.json, which a build step turns into a source file.
extern const char kUsageShapesJson[];
extern const unsigned long kUsageShapesJsonSize;

}  // namespace itemized
