// What becomes of an exception that ends an actor: it is said, in the log or to the parent, before the actor is gone.
#pragma once

#include <caf/all.hpp>
#include <exception>
#include <string>

namespace waihu {

/// What an exception says of itself; for the log.
std::string what_of(const std::exception_ptr& thrown);

/// Logs what ended the actor called `part`; the error is its exit reason.
caf::error log_exception(const char* part, const std::exception_ptr& thrown);

/// Has `self` log the exception that ends it; CAF alone tells only those who monitor it, and only that it is gone.
template <class Self>
void log_exceptions(Self* self) {
  self->set_exception_handler(
      [self](std::exception_ptr& thrown) -> caf::error { return log_exception(self->name(), thrown); });
}

}  // namespace waihu
