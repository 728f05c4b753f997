// SPDX-License-Identifier: Apache-2.0
#include "storage/base/mutex.h"

#include "storage/base/check.h"

namespace itemized {

SharedMutex::SharedMutex() {
  pthread_rwlockattr_t attributes;
  CHECK(pthread_rwlockattr_init(&attributes) == 0);
  // PTHREAD_RWLOCK_PREFER_WRITER_NP, without "NONRECURSIVE", would let readers go first all the
  // same.
  CHECK(pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) ==
        0);
  CHECK(pthread_rwlock_init(&lock_, &attributes) == 0);
  CHECK(pthread_rwlockattr_destroy(&attributes) == 0);
}

SharedMutex::~SharedMutex() {
  CHECK(pthread_rwlock_destroy(&lock_) == 0);
}

void SharedMutex::lock() {
  CHECK(pthread_rwlock_wrlock(&lock_) == 0);
}

void SharedMutex::unlock() {
  CHECK(pthread_rwlock_unlock(&lock_) == 0);
}

void SharedMutex::lock_shared() {
  CHECK(pthread_rwlock_rdlock(&lock_) == 0);
}

void SharedMutex::unlock_shared() {
  CHECK(pthread_rwlock_unlock(&lock_) == 0);
}

}  // namespace itemized
