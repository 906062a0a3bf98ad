// Writes every exchange of a connection as a line of JSON into the folder that WAIHU_EXCHANGES names, where the
// contract test reads them (tests/openapi). Does nothing without that variable.
#pragma once

#include <string>
#include <string_view>

namespace waihu::test {

struct reply;

/// The requests of one connection that wait for their answer. Not thread-safe; several may write at once.
class exchange_log {
 public:
  /// Bytes that were sent.
  void sent(std::string_view bytes);
  /// The answer to the oldest request: its head and body.
  void answered(const reply& r);

 private:
  std::string waiting_;
};

}  // namespace waihu::test
