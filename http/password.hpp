// Passwords: argon2id by libsodium, and the old system's SHA-256 digests, which are accepted once. Hashing is slow on
// purpose, so it runs on its own few threads and never on an io thread.
#pragma once

#include <string>
#include <string_view>

#include "http/work_pool.hpp"
#include "messages/model/failure.hpp"

namespace waihu::http {

/// Longest password taken, bytes.
inline constexpr std::size_t password_length_limit = 1024;

/// The argon2id string to store for a password (libsodium's "interactive" cost: 2 passes over 64 MiB). Blocks for some
/// 0.1 s. invalid_argument when empty or too long, unavailable when there is no memory.
result<std::string> hash_password(std::string_view password);

/// What a check of a password found.
struct password_verdict {
  bool is_right{};
  std::string new_hash;  ///< Set when right and the stored hash is of the old kind or cost: store this instead.
};

/// Compares a password with a stored hash, in constant time for the digest. An empty `stored_hash` stands for an
/// unknown user: answers wrong after the same work. Old digests cost that work too. Blocks.
password_verdict check_password(std::string_view password, const std::string& stored_hash);

/// A few threads for the two functions above, with a bounded queue.
class password_workers {
 public:
  /// `threads` at least 1; each needs 64 MiB while it hashes.
  password_workers(int threads, std::size_t queue_limit);

  /// Answers from a worker thread; overloaded at once when the queue is full.
  void check(std::string password, std::string stored_hash, const completion<password_verdict>& done);
  /// Hashes; the same rules.
  void hash(std::string password, const completion<std::string>& done);

 private:
  work_pool pool_;
};

}  // namespace waihu::http
