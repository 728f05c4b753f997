// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/producer.h"

#include <algorithm>
#include <random>

namespace itemized::client {

std::string NewProducerId() {
  std::random_device random;
  std::string id(16, '\0');
  std::generate(id.begin(), id.end(), [&] { return static_cast<char>(random()); });
  return id;
}

}  // namespace itemized::client
