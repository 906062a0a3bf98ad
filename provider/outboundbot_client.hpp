// The OutboundBot (2019-12-26) client: signs, sends and translates. Retries, rate and breaker are the gateway's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/options.hpp"
#include "messages/model/failure.hpp"
#include "provider/voice_provider.hpp"

namespace boost::asio {
class io_context;
}

namespace waihu {

/// Where a signature's time and nonce come from; tests fix both. And who is asked before a write.
struct signing_sources {
  std::function<std::int64_t()> now_seconds;  ///< Seconds since 1970 UTC; empty: the system's clock.
  std::function<std::string()> nonce;         ///< A new one at every call; empty: the system's random source.
  /// Asked just before the first byte of what changes something at the provider: false = it is not sent any more
  /// (unavailable). Empty: always. Any thread.
  std::function<bool()> may_write;
};

/// The client for `options`. Fails with invalid_argument when endpoint, signature style, ids or CA file are unusable.
/// `io` must be run by somebody and outlive the client. Completions come on its threads (at once, on the caller's, for
/// invalid arguments); dropping the last reference ends what is under way with errc::cancelled. Thread-safe.
/// No failure's message holds a secret, a signed URL or a telephone number.
result<std::shared_ptr<voice_provider>> make_outboundbot_client(boost::asio::io_context& io,
                                                                const config::provider_options& options,
                                                                signing_sources sources = {});

}  // namespace waihu
