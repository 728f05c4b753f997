// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace itemized::bench {

// A library loaded at run time; it stays loaded, as such libraries do not bear to be
// unloaded.
class SharedLibrary {
 public:
  absl::Status Load(const std::string& path) {
    handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    return handle_ != nullptr
               ? absl::OkStatus()
               : absl::UnavailableError(absl::StrCat("Cannot load ", path, ": ", dlerror()));
  }

  // Points `*function` at the one named; NOT_FOUND if the library has none such.
  template <typename Function>
  absl::Status Find(const char* name, Function** function) const {
    *function = reinterpret_cast<Function*>(dlsym(handle_, name));
    return *function != nullptr
               ? absl::OkStatus()
               : absl::NotFoundError(absl::StrCat("The library has no function ", name));
  }

 private:
  void* handle_ = nullptr;
};

}  // namespace itemized::bench
