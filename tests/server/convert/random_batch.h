// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>

#include "itemized/v1/event.pb.h"
#include <google/protobuf/message.h>

namespace itemized::server {

// Sets every field of `message`, also those that are added to it one day:
// names from a small vocabulary, numbers of every size, one to three elements
// in a list, the members of a oneof at random.
void FillRandomly(google::protobuf::Message& message, std::mt19937_64& random);

// Makes columns of `rows` rows in which every array has an element for each row.
itemized::v1::CallColumns RandomColumns(int rows, std::mt19937_64& random);

}  // namespace itemized::server
