# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT, a C++ file that holds the bytes of INPUT. Chunks keep within
# what every compiler takes as one string literal.
file(READ ${INPUT} REST)
set(LITERALS "")
while(NOT REST STREQUAL "")
  string(SUBSTRING "${REST}" 0 4000 CHUNK)
  string(LENGTH "${CHUNK}" SIZE)
  string(SUBSTRING "${REST}" ${SIZE} -1 REST)
  string(APPEND LITERALS "\n    R\"json(${CHUNK})json\"")
endwhile()
file(
  WRITE ${OUTPUT}
  "// Made from bundled.json.
#include \"client/rates/bundled_json.h\"

namespace itemized::client {
extern const char kBundledJson[] =${LITERALS};
extern const unsigned long kBundledJsonSize = sizeof(kBundledJson) - 1;
}  // namespace itemized::client
")
