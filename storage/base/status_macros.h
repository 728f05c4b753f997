#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function if `expression` is an error status.
#define RETURN_IF_ERROR(expression)                      \
  do {                                                   \
    absl::Status status_macro_result = (expression);     \
    if (!status_macro_result.ok()) {                     \
      return status_macro_result;                        \
    }                                                    \
  } while (false)

#define STATUS_MACROS_CONCAT_INNER(a, b) a##b
#define STATUS_MACROS_CONCAT(a, b) STATUS_MACROS_CONCAT_INNER(a, b)

// ASSIGN_OR_RETURN(auto x, F()): assigns the value of a StatusOr or returns its error.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_IMPL(STATUS_MACROS_CONCAT(status_or_, __LINE__), target, expression)

#define ASSIGN_OR_RETURN_IMPL(status_or, target, expression) \
  auto status_or = (expression);                             \
  if (!status_or.ok()) {                                     \
    return status_or.status();                               \
  }                                                          \
  target = *std::move(status_or)
