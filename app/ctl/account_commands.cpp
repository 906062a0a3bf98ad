// login, doctor.
#include <openssl/evp.h>
#include <sys/stat.h>

#include <iostream>

#include "app/ctl/command_support.hpp"
#include "app/ctl/credentials.hpp"
#include "http/codes.hpp"

namespace waihu::ctl {

namespace {}  // namespace

int run_login(const global_options& g, const std::string& username, const std::string& password_file) {
  auto address = address_of(g);
  if (!address) return report(address.error());
  const auto password = read_password(password_file, "Password for " + username + ": ");
  if (!password) return report(password.error());
  api_client api(std::move(*address), {}, milliseconds{g.timeout_s * 1000});
  json_object body;
  body.add("username", username).add("password", password->reveal());
  return with_answer(api.post("/api/login", body.text()), [&](const api_answer& answer) {
    const telemetry::secret_string token(text_of(answer.data(), "access_token"));
    if (token.empty()) return report(failure{errc::malformed, "the answer holds no token", "", 0});
    if (const auto written = write_token(g.token_file, token); !written) return report(written.error());
    std::cout << "logged in as " << username << ", organisation " << text_of(answer.data(), "org_id") << ", token in "
              << g.token_file << '\n';
    return static_cast<int>(done);
  });
}

namespace {

/// Prints one line of the doctor's report.
class diagnosis {
 public:
  void good(const std::string& what) const { std::cout << "ok      " << what << '\n'; }
  void bad(const std::string& what, const std::string& cure, int code) {
    std::cout << "FAILED  " << what << "\n        cure: " << cure << '\n';
    if (code_ == done) code_ = code;
  }
  [[nodiscard]] int code() const { return code_; }

 private:
  int code_{done};
};

/// `exp` of a JWT, seconds since 1970; 0 when it cannot be read. Reads only: the daemon checks the signature.
std::int64_t expiry_of(const std::string& token) {
  const auto first = token.find('.');
  const auto second = token.find('.', first == std::string::npos ? first : first + 1);
  if (second == std::string::npos || token.size() > 8192) return 0;
  auto part = token.substr(first + 1, second - first - 1);
  for (auto& c : part) c = c == '-' ? '+' : c == '_' ? '/' : c;
  part.append((4 - part.size() % 4) % 4, '=');
  std::string plain(part.size(), '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                                reinterpret_cast<const unsigned char*>(part.data()), static_cast<int>(part.size()));
  if (n < 0) return 0;
  plain.resize(static_cast<std::size_t>(n));
  rapidjson::Document claims;
  claims.Parse<rapidjson::kParseStopWhenDoneFlag>(plain.data(), plain.size());
  return claims.HasParseError() ? 0 : number_of(claims, "exp");
}

void check_clock(diagnosis& d, std::int64_t server_s) {
  const auto skew = server_s - to_epoch_ms(wall_now()) / 1000;
  if (skew > 30 || skew < -30)
    d.bad("the daemon's clock differs from this machine's by " + std::to_string(skew) + " s",
          "set both by NTP (timedatectl set-ntp true)", refused);
  else d.good("clocks agree");
}

}  // namespace

int run_doctor(const global_options& g) {
  diagnosis d;
  auto address = address_of(g);
  if (!address) {
    d.bad(g.url + ": " + address.error().message, "give --url http://HOST:PORT or set WAIHU_URL", bad_usage);
    return d.code();
  }
  api_client anonymous(*address, {}, milliseconds{g.timeout_s * 1000});
  const auto health = anonymous.get("/api/health");
  if (!health) {
    d.bad(health.error().message, "start waihud, or point --url (now " + g.url + ") at where it listens", not_reached);
    return d.code();
  }
  d.good("waihud answers at " + g.url);
  if (health->date) check_clock(d, to_epoch_ms(*health->date) / 1000);

  auto token = read_token(g.token_file);
  if (!token) {
    d.bad(token.error().message, "waihuctl login USER", not_allowed);
    return d.code();
  }
  d.good("there is a token");
  const auto expiry = expiry_of(token->reveal());
  api_client api(*address, *token, milliseconds{g.timeout_s * 1000});
  const auto verified = api.get("/api/token/verify");
  if (!verified || !verified->is_success()) {
    d.bad("the token is not accepted: " + (verified ? verified->message() : verified.error().message),
          "waihuctl login USER", not_allowed);
    return d.code();
  }
  const auto& times = member(verified->data(), "expiry_info");
  const auto remaining = number_of(times, "remaining_seconds");
  d.good("the token is valid for another " + std::to_string(remaining / 60) + " min");
  if (!health->date && expiry != 0 && remaining != 0) check_clock(d, expiry - remaining);
  const auto tasks = api.get("/api/task_list?page=1&page_size=1");
  if (!tasks) d.bad("tasks: " + tasks.error().message, "look at waihud's log", not_reached);
  else if (tasks->code() == http::code_unavailable)
    d.bad("tasks: " + tasks->message(), "look at waihud's log: store.connect_failed says why, and the cure",
          not_reached);
  else if (!tasks->is_success())
    d.bad("tasks: " + tasks->message(), "bind the user to an organisation (waihuctl setup)", refused);
  else d.good("the store answers");
  return d.code();
}

}  // namespace waihu::ctl
