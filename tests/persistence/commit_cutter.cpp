#include "tests/persistence/commit_cutter.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace waihu::testing {

namespace {

// "/tmp/x" from "...host=%2Ftmp%2Fx".
std::string folder_in(const std::string& url) {
  std::string out;
  const auto begin = url.find("host=") + 5;
  for (auto i = begin; i < url.size() && url[i] != '&'; ++i) {
    if (url.compare(i, 3, "%2F") == 0) {
      out += '/';
      i += 2;
    } else {
      out += url[i];
    }
  }
  return out;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  if (path.size() >= sizeof a.sun_path) throw std::runtime_error("socket path too long: " + path);
  std::memcpy(a.sun_path, path.c_str(), path.size() + 1);
  return a;
}

bool send_all(int to, const char* bytes, ssize_t size) {
  while (size > 0) {
    const auto sent = ::send(to, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= sent;
  }
  return true;
}

}  // namespace

commit_cutter::commit_cutter(const config::store_options& server) : options_{server} {
  folder_ = "/tmp/waihu-cut-XXXXXX";
  if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("cannot make a folder under /tmp");
  server_path_ = folder_in(server.url) + "/.s.PGSQL.5432";
  const auto path = folder_ + "/.s.PGSQL.5432";
  options_.url = server.url.substr(0, server.url.find("host=")) + "host=" + folder_;
  const auto address = address_of(path);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 16) != 0)
    throw std::runtime_error("cannot listen on " + path);
  acceptor_ = std::thread{[this] { accept_clients(); }};
}

commit_cutter::~commit_cutter() {
  stopping_ = true;
  acceptor_.join();
  for (auto& s : servants_) s.join();
  stop_listening();
  ::unlink((folder_ + "/.s.PGSQL.5432").c_str());
  ::rmdir(folder_.c_str());
}

void commit_cutter::arm(cut how, bool for_good) {
  for_good_ = for_good;
  armed_ = how;
}

void commit_cutter::stop_listening() {
  if (const int l = listener_.exchange(-1); l >= 0) ::close(l);
}

void commit_cutter::accept_clients() {
  while (!stopping_ && listener_ >= 0) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    const std::lock_guard lock{mutex_};
    servants_.emplace_back([this, client] { serve(client); });
  }
}

void commit_cutter::serve(int client) {
  const auto address = address_of(server_path_);
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::array<char, 65536> buffer{};
  bool swallow = false;
  while (open && !stopping_) {
    std::array<pollfd, 2> both{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (::poll(both.data(), both.size(), 20) <= 0) continue;
    if (both[0].revents != 0) {
      const auto got = ::recv(client, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      const bool commits =
          std::string_view{buffer.data(), static_cast<std::size_t>(got)}.find("COMMIT") != std::string_view::npos;
      const auto how = commits ? armed_.exchange(cut::none) : cut::none;
      if (how != cut::none) {
        ++count_;
        if (for_good_) stop_listening();
      }
      if (how == cut::before_commit) {
        if (meanwhile_) meanwhile_();
        break;
      }
      swallow = how == cut::after_commit;
      open = send_all(server, buffer.data(), got);
    }
    if (both[1].revents != 0) {
      const auto got = ::recv(server, buffer.data(), buffer.size(), 0);
      // The server has answered the COMMIT, so it is done; the client does not hear of it.
      if (got <= 0 || swallow) break;
      open = send_all(client, buffer.data(), got);
    }
  }
  ::close(client);
  ::close(server);
}

}  // namespace waihu::testing
