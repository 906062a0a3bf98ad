// A private certificate authority for tests: made by openssl when the test runs, in a folder that goes with the object.
#pragma once

#include <filesystem>
#include <string>

#include "config/options.hpp"

namespace waihu::test {

class authority {
 public:
  explicit authority(const std::string& name = "ca");
  ~authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  /// Signs a certificate for a node: NAME.pem and NAME.key in the folder. `more` goes to `openssl x509`.
  void sign(const std::string& name, const std::string& more = "-days 30") const;
  /// The same with lines of an extension file ("extendedKeyUsage=serverAuth").
  void sign_with(const std::string& name, const std::string& extensions) const;
  /// Of a cluster whose node has the certificate of that name.
  [[nodiscard]] config::cluster_options options(const std::string& name) const;
  [[nodiscard]] std::string certificate(const std::string& name) const { return path(name + ".pem"); }
  [[nodiscard]] std::string key(const std::string& name) const { return path(name + ".key"); }
  [[nodiscard]] std::string ca() const { return path("ca.pem"); }
  [[nodiscard]] std::string path(const std::string& file) const { return (folder_ / file).string(); }
  static void openssl(const std::string& arguments);

 private:
  void request(const std::string& name) const;
  std::filesystem::path folder_;
};

}  // namespace waihu::test
