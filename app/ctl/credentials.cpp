#include "app/ctl/credentials.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

namespace waihu::ctl {

namespace {

constexpr std::size_t max_token_bytes = 8192;
constexpr std::size_t max_password_bytes = 1024;

std::optional<std::string> first_line(const std::string& file, std::size_t limit) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(limit + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > limit) return std::nullopt;
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  return text;
}

/// Turns the terminal's echo off while it lives.
class echo_off {
 public:
  echo_off() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  echo_off(const echo_off&) = delete;
  echo_off& operator=(const echo_off&) = delete;
  ~echo_off() {
    if (is_changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool is_changed_{};
};

}  // namespace

std::string default_token_file() {
  const char* base = std::getenv("XDG_CONFIG_HOME");
  if (base != nullptr && *base == '/') return std::string(base) + "/waihu/token";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : ".") + "/.config/waihu/token";
}

result<telemetry::secret_string> read_token(const std::string& file) {
  if (const char* given = std::getenv("WAIHU_TOKEN"); given != nullptr && *given != '\0')
    return telemetry::secret_string(given);
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return fail(errc::not_found, "not logged in: there is no " + file);
  if ((status.st_mode & 0077U) != 0)
    return fail(errc::unauthorized, file + " is open to other users; run: chmod 600 " + file);
  auto token = first_line(file, max_token_bytes);
  if (!token || token->empty()) return fail(errc::not_found, "not logged in: " + file + " holds no token");
  return telemetry::secret_string(std::move(*token));
}

result<void> write_token(const std::string& file, const telemetry::secret_string& token) {
  const std::filesystem::path path(file);
  std::error_code error;
  if (path.has_parent_path() && !std::filesystem::exists(path.parent_path(), error)) {
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) return fail(errc::unavailable, "cannot make " + path.parent_path().string() + ": " + error.message());
    std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all, error);
  }
  auto fresh = file + ".XXXXXX";
  const int fd = ::mkstemp(fresh.data());  // made with mode 0600
  if (fd < 0) return fail(errc::unavailable, "cannot write " + file);
  const auto line = token.reveal() + "\n";
  const bool written = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const bool closed = ::close(fd) == 0;
  if (!written || !closed || std::rename(fresh.c_str(), file.c_str()) != 0) {
    ::unlink(fresh.c_str());
    return fail(errc::unavailable, "cannot write " + file);
  }
  return {};
}

result<telemetry::secret_string> read_password(const std::string& file, const std::string& prompt) {
  std::string password;
  if (!file.empty()) {
    auto text = first_line(file, max_password_bytes);
    if (!text) return fail(errc::invalid_argument, "cannot read a password from " + file);
    password = std::move(*text);
  } else if (const char* given = std::getenv("WAIHU_PASSWORD"); given != nullptr && *given != '\0') {
    password = given;
  } else if (::isatty(STDIN_FILENO) != 0) {
    std::cerr << prompt << std::flush;
    {
      const echo_off silent;
      std::getline(std::cin, password);
    }
    std::cerr << '\n';
  } else {
    std::getline(std::cin, password);
  }
  if (password.empty()) return fail(errc::invalid_argument, "no password given");
  if (password.size() > max_password_bytes) return fail(errc::invalid_argument, "the password is too long");
  return telemetry::secret_string(std::move(password));
}

}  // namespace waihu::ctl
