#include "http/session_parts.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <random>

namespace waihu::http {

namespace {

namespace asio = boost::asio;
using executor = asio::ip::tcp::socket::executor_type;

class strand_reactor final : public reactor {
 public:
  explicit strand_reactor(executor where) : where_(std::move(where)) {}
  void post(std::function<void()> f) override { asio::post(where_, std::move(f)); }
  std::shared_ptr<void> post_after(milliseconds delay, std::function<void()> f) override {
    auto timer = std::make_shared<asio::steady_timer>(where_, delay);
    timer->async_wait([f = std::move(f)](const boost::system::error_code& ec) {
      if (!ec) f();
    });
    return timer;
  }

 private:
  executor where_;
};

}  // namespace

std::shared_ptr<reactor> make_reactor(executor strand) { return std::make_shared<strand_reactor>(std::move(strand)); }

std::string fresh_request_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id(16, '0');
  auto n = random();
  for (auto& c : id) {
    c = digits[n & 15U];
    n >>= 4U;
  }
  return id;
}

bool is_sane_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

std::optional<config::ip_address> address_of(const asio::ip::tcp::endpoint& end) {
  if (end.port() == 0) return std::nullopt;
  const auto address = end.address();
  return address.is_v4() ? config::ip_address(address.to_v4().to_bytes())
                         : config::ip_address(address.to_v6().to_bytes());
}

bool is_plain_request(const boost::system::error_code& handshake_failure) {
  return handshake_failure.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(handshake_failure.value())) == SSL_R_HTTP_REQUEST;
}

}  // namespace waihu::http
