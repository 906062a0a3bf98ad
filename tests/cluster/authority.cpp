#include "tests/cluster/authority.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace waihu::test {

namespace {
const std::string new_key = " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
}

void authority::openssl(const std::string& arguments) {
  if (std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) != 0)
    throw std::runtime_error("openssl " + arguments);
}

authority::authority(const std::string& name) {
  std::string pattern = (std::filesystem::temp_directory_path() / "waihu-ca-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  openssl("req -x509" + new_key + " -days 30 -subj /CN=" + name + " -keyout " + path("ca.key") + " -out " + ca());
}

authority::~authority() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void authority::request(const std::string& name) const {
  openssl("req" + new_key + " -subj /CN=" + name + " -keyout " + key(name) + " -out " + path(name + ".csr"));
}

void authority::sign(const std::string& name, const std::string& more) const {
  request(name);
  openssl("x509 -req -in " + path(name + ".csr") + " -CA " + ca() + " -CAkey " + path("ca.key") + " -CAcreateserial " +
          more + " -out " + certificate(name));
}

void authority::sign_with(const std::string& name, const std::string& extensions) const {
  std::ofstream(path(name + ".ext")) << extensions << '\n';
  sign(name, "-days 30 -extfile " + path(name + ".ext"));
}

config::cluster_options authority::options(const std::string& name) const {
  config::cluster_options o;
  o.enabled = true;
  o.port = 0;
  o.certificate = certificate(name);
  o.key = key(name);
  o.ca = ca();
  return o;
}

}  // namespace waihu::test
