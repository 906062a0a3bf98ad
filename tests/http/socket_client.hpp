// A WebSocket client of RFC 6455 frames by hand, so that tests can send what no library would.
#pragma once

#include <string>
#include <vector>

#include "tests/http/raw_client.hpp"

namespace waihu::test {

/// One frame as it came.
struct socket_frame {
  int opcode{-1};  ///< -1: the connection is closed, or nothing came in time.
  std::string payload;
  /// Of a close frame (opcode 8).
  int close_code() const;
  std::string close_word() const { return payload.size() > 2 ? payload.substr(2) : std::string{}; }
};

/// One connection.
class socket_client {
 public:
  using header_list = std::vector<std::pair<std::string, std::string>>;

  explicit socket_client(std::uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds{20})
      : connection_(port, patience) {}

  /// The handshake's answer. Further headers replace the usual ones of the same name; an empty value leaves them out.
  reply open(const std::string& target, const header_list& more = {});
  void say(const std::string& text) { send_frame(1, text); }
  /// One frame, masked as clients must.
  bool send_frame(int opcode, const std::string& payload, bool is_last = true, bool is_masked = true);
  /// The next frame, whatever it is.
  socket_frame next_frame();
  /// The next text message or close; pings are answered, pongs skipped.
  socket_frame next();
  /// Reads messages until one holds `wanted`; they are kept in `messages()`. False at the end.
  bool read_until(const std::string& wanted);
  const std::vector<std::string>& messages() const { return messages_; }
  /// Reads on to the server's close frame.
  socket_frame closing();
  raw_client& connection() { return connection_; }

 private:
  raw_client connection_;
  std::vector<std::string> messages_;
};

}  // namespace waihu::test
