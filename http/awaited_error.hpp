// How coroutines on asio wait: with the error as a value. Sees asio.
#pragma once

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace waihu::http {

/// Awaits with the error as a value.
inline auto with_error(boost::system::error_code& ec) {
  return boost::asio::redirect_error(boost::asio::use_awaitable, ec);
}

}  // namespace waihu::http
