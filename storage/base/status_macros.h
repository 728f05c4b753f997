// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function if `expression` is an error status.
// The name of its variable has a __COUNTER__, because the macro may stand inside a lambda that is
// an argument of the same macro.
#define RETURN_IF_ERROR(expression) \
  RETURN_IF_ERROR_IMPL(STATUS_MACROS_CONCAT(status_, __COUNTER__), expression)

#define RETURN_IF_ERROR_IMPL(status, expression) \
  do {                                           \
    absl::Status status = (expression);          \
    if (!status.ok()) {                          \
      return status;                             \
    }                                            \
  } while (false)

#define STATUS_MACROS_CONCAT_INNER(a, b) a##b
#define STATUS_MACROS_CONCAT(a, b) STATUS_MACROS_CONCAT_INNER(a, b)

// ASSIGN_OR_RETURN(auto x, F()): assigns the value of a StatusOr or returns its error.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_IMPL(STATUS_MACROS_CONCAT(status_or_, __COUNTER__), target, expression)

#define ASSIGN_OR_RETURN_IMPL(status_or, target, expression) \
  auto status_or = (expression);                             \
  if (!status_or.ok()) {                                     \
    return status_or.status();                               \
  }                                                          \
  target = *std::move(status_or)
