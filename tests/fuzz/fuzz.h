// SPDX-License-Identifier: Apache-2.0
#pragma once

// A fuzzer is one file that defines these two functions; main.cc makes a program
// of them with libFuzzer (https://llvm.org/docs/LibFuzzer.html). Its oracles are
// CHECKs, which abort, as a crash does.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace itemized::fuzz {

// Inputs from which a session starts, all of them accepted. They come from our
// own encoders where there is one, so that they follow every change of a form.
std::vector<std::string> Seeds();

// Gives `input` to the parser and checks what comes of it; whether it was taken.
bool Accepts(absl::string_view input);

}  // namespace itemized::fuzz
