# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT, a C++ file that holds the bytes of INPUT as NAMESPACE::NAME, which HEADER
# declares beside its size, NAMESize. Chunks keep within what every compiler takes as one string
# literal.
file(READ ${INPUT} REST)
set(LITERALS "")
while(NOT REST STREQUAL "")
  string(SUBSTRING "${REST}" 0 4000 CHUNK)
  string(LENGTH "${CHUNK}" SIZE)
  string(SUBSTRING "${REST}" ${SIZE} -1 REST)
  string(APPEND LITERALS "\n    R\"json(${CHUNK})json\"")
endwhile()
cmake_path(GET INPUT FILENAME FILE)
file(
  WRITE ${OUTPUT}
  "// Made from ${FILE}.
#include \"${HEADER}\"

namespace ${NAMESPACE} {
extern const char ${NAME}[] =${LITERALS};
extern const unsigned long ${NAME}Size = sizeof(${NAME}) - 1;
}  // namespace ${NAMESPACE}
")
