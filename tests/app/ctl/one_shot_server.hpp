// A TCP listener on a free port that keeps each request it gets and answers it with prepared bytes: for what a sound
// daemon never sends (broken, late or foreign answers).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace waihu::ctl {

class one_shot_server {
 public:
  /// Answers every connection with `reply` and closes it; with "" it answers nothing and keeps it open.
  explicit one_shot_server(std::string reply) : reply_(std::move(reply)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    if (socket_ < 0 || ::bind(socket_, name, size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, name, &size) != 0)
      throw std::runtime_error("no port to listen on");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  one_shot_server(const one_shot_server&) = delete;
  one_shot_server& operator=(const one_shot_server&) = delete;
  ~one_shot_server() {
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
    thread_.join();
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The last request, whole.
  [[nodiscard]] std::string request() const {
    const std::lock_guard lock(mutex_);
    return request_;
  }
  /// Connections taken so far.
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve() {
    for (int held = -1;;) {
      const int peer = ::accept(socket_, nullptr, nullptr);
      if (held >= 0) ::close(held);
      held = -1;
      if (peer < 0) return;
      ++connections_;
      auto text = receive(peer);
      {
        const std::lock_guard lock(mutex_);
        request_ = std::move(text);
      }
      if (reply_.empty()) {
        held = peer;
        continue;
      }
      (void)::send(peer, reply_.data(), reply_.size(), MSG_NOSIGNAL);
      ::close(peer);
    }
  }

  static std::string receive(int peer) {
    std::string text;
    char buffer[4096];
    for (;;) {
      const auto head = text.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto at = text.find("Content-Length: ");
        const auto length = at < head ? std::strtoul(text.c_str() + at + 16, nullptr, 10) : 0;
        if (text.size() >= head + 4 + length) return text;
      }
      const auto n = ::recv(peer, buffer, sizeof buffer, 0);
      if (n <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(n));
    }
  }

  std::string reply_;
  int socket_;
  std::uint16_t port_{};
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::string request_;
  std::thread thread_;
};

}  // namespace waihu::ctl
