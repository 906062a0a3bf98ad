// What the sessions of both transports share and what does not depend on the transport. Sees asio.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/ip_network.hpp"
#include "http/async.hpp"

namespace waihu::http {

inline constexpr std::uint32_t header_bytes_limit = 32 * 1024;
inline constexpr int header_count_limit = 100;
inline constexpr std::size_t gzip_from = 1024;
/// Of a refused body, read on so that the answer is not lost to a reset.
inline constexpr std::size_t drain_limit = 1 << 20;
inline constexpr milliseconds drain_patience{1'000};
/// What the kernel may keep for a subscriber who does not read (Linux keeps twice that); by itself it would keep 4 MiB.
inline constexpr int event_send_buffer = 64 * 1024;

/// Runs things on a session's strand.
std::shared_ptr<reactor> make_reactor(boost::asio::ip::tcp::socket::executor_type strand);

/// 16 random hexadecimal digits.
std::string fresh_request_id();
/// Whether a client's X-Request-Id may be repeated in answers and logs.
bool is_sane_request_id(std::string_view id);

/// The address of a connection's other end; nothing of an unspecified endpoint (it has gone already).
std::optional<config::ip_address> address_of(const boost::asio::ip::tcp::endpoint& end);

/// Whether a handshake failed because the client speaks HTTP without TLS.
bool is_plain_request(const boost::system::error_code& handshake_failure);

}  // namespace waihu::http
