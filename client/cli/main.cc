// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/environment.h"
#include "client/cli/execute.h"

int main(int argc, char** argv) {
  itemized::cli::Environment env = itemized::cli::ProcessEnvironment();
  const int exit_status =
      itemized::cli::Execute(std::vector<std::string>(argv + 1, argv + argc), env);
  if (!std::cout.flush()) {
    std::cerr << "itemize: Cannot write to standard output: check where it goes.\n";
    return itemized::cli::kExitFailed;
  }
  return exit_status;
}
