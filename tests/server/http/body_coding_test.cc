// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "server/http/body_coding.h"

namespace itemized::server {
namespace {

TEST(AcceptEncoding, IsGzipWhenItIsNamedWithAWeight) {
  for (const char* header : {"gzip", "GZip", "x-gzip", "br, gzip", "gzip;q=0.1", "gzip ; q=1", "*",
                             "br;q=1, *;q=0.5", "deflate,gzip;q=1.000"}) {
    EXPECT_TRUE(AcceptsGzip(header)) << header;
  }
  for (const char* header : {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "gzip; q=0", "*;q=0",
                             "gzip;q=0, *", "gzipped", "gzip;q=nonsense"}) {
    EXPECT_FALSE(AcceptsGzip(header)) << header;
  }
}

}  // namespace
}  // namespace itemized::server
