#include "tests/http/socket_client.hpp"

#include <strings.h>

#include <algorithm>

namespace waihu::test {

int socket_frame::close_code() const {
  if (opcode != 8 || payload.size() < 2) return 0;
  return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
}

reply socket_client::open(const std::string& target, const header_list& more) {
  header_list headers{{"Host", "test"},
                      {"Connection", "Upgrade"},
                      {"Upgrade", "websocket"},
                      {"Sec-WebSocket-Version", "13"},
                      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  for (const auto& one : more) {
    std::erase_if(headers, [&](const auto& h) { return strcasecmp(h.first.c_str(), one.first.c_str()) == 0; });
    if (!one.second.empty()) headers.push_back(one);
  }
  auto request = "GET " + target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  connection_.send(request + "\r\n");
  return connection_.read();
}

bool socket_client::send_frame(int opcode, const std::string& payload, bool is_last, bool is_masked) {
  std::string bytes;
  bytes += static_cast<char>((is_last ? 0x80 : 0) | opcode);
  const int mask_bit = is_masked ? 0x80 : 0;
  if (payload.size() < 126) {
    bytes += static_cast<char>(mask_bit | static_cast<int>(payload.size()));
  } else {
    const int width = payload.size() < 65536 ? 2 : 8;
    bytes += static_cast<char>(mask_bit | (width == 2 ? 126 : 127));
    for (int i = width - 1; i >= 0; --i) bytes += static_cast<char>(payload.size() >> (8 * i) & 0xffU);
  }
  const std::string mask = "\x12\x34\x56\x78";
  if (is_masked) bytes += mask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    bytes += is_masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i];
  return connection_.send(bytes);
}

socket_frame socket_client::next_frame() {
  const auto head = connection_.read_bytes(2);
  if (head.size() < 2) return {};
  std::size_t size = static_cast<unsigned char>(head[1]) & 127U;
  if (size >= 126) {
    const auto wide = connection_.read_bytes(size == 126 ? 2 : 8);
    size = 0;
    for (const char c : wide) size = size << 8U | static_cast<unsigned char>(c);
  }
  socket_frame frame;
  frame.payload = connection_.read_bytes(size);
  if (frame.payload.size() == size) frame.opcode = static_cast<unsigned char>(head[0]) & 15;
  return frame;
}

socket_frame socket_client::next() {
  for (;;) {
    auto frame = next_frame();
    if (frame.opcode == 9) send_frame(10, frame.payload);
    else if (frame.opcode != 10) return frame;
  }
}

bool socket_client::read_until(const std::string& wanted) {
  for (;;) {
    auto frame = next();
    if (frame.opcode != 1) return false;
    messages_.push_back(frame.payload);
    if (frame.payload.find(wanted) != std::string::npos) return true;
  }
}

socket_frame socket_client::closing() {
  for (;;) {
    auto frame = next();
    if (frame.opcode != 1) return frame;
    messages_.push_back(frame.payload);
  }
}

}  // namespace waihu::test
