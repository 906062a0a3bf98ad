// Certificates for tests, made by openssl when the test runs, in a folder that goes with the object.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace waihu::test {

/// A self-signed certificate for localhost and its key, with a serial number of one's choice.
class own_certificate {
 public:
  explicit own_certificate(int serial = 1) {
    std::string pattern = (std::filesystem::temp_directory_path() / "waihu-cert-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    make(serial);
  }
  ~own_certificate() { std::filesystem::remove_all(folder_); }
  own_certificate(const own_certificate&) = delete;
  own_certificate& operator=(const own_certificate&) = delete;

  /// Makes another pair in the same files.
  void make(int serial) const {
    run("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        " -set_serial " +
        std::to_string(serial) + " -keyout " + key() + " -out " + certificate());
  }
  /// The key again, behind a passphrase.
  std::string locked_key() const {
    run("pkey -aes256 -passout pass:four -in " + key() + " -out " + folder_ + "/locked.key");
    return folder_ + "/locked.key";
  }
  std::string certificate() const { return folder_ + "/server.pem"; }
  std::string key() const { return folder_ + "/server.key"; }

 private:
  static void run(const std::string& arguments) {
    ASSERT_EQ(std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()), 0) << arguments;
  }
  std::string folder_;
};

}  // namespace waihu::test
