#include "http/password.hpp"

#include <sodium.h>

#include <array>

namespace waihu::http {

namespace {

bool is_sodium_ready() {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

bool is_old_digest(const std::string& stored) {
  return stored.size() == 2UL * crypto_hash_sha256_BYTES &&
         stored.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

bool matches_old_digest(std::string_view password, const std::string& stored) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> mine{}, theirs{};
  crypto_hash_sha256(mine.data(), reinterpret_cast<const unsigned char*>(password.data()), password.size());
  std::size_t n = 0;
  if (sodium_hex2bin(theirs.data(), theirs.size(), stored.data(), stored.size(), nullptr, &n, nullptr) != 0)
    return false;
  return n == mine.size() && sodium_memcmp(mine.data(), theirs.data(), mine.size()) == 0;
}

/// The hash that unknown users' passwords are compared with, so that their absence takes as long as a wrong password.
const std::string& decoy_hash() {
  static const std::string hash = hash_password("decoy of nobody").value_or("");
  return hash;
}

}  // namespace

result<std::string> hash_password(std::string_view password) {
  if (!is_sodium_ready()) return fail(errc::internal, "libsodium did not start");
  if (password.empty() || password.size() > password_length_limit)
    return fail(errc::invalid_argument, "a password has 1 to 1024 bytes");
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(errc::unavailable, "not enough memory to hash a password");
  return std::string(out.data());
}

password_verdict check_password(std::string_view password, const std::string& stored_hash) {
  password_verdict verdict;
  if (!is_sodium_ready() || password.size() > password_length_limit) return verdict;
  const bool is_old = is_old_digest(stored_hash);
  const auto& slow = stored_hash.empty() || is_old ? decoy_hash() : stored_hash;
  const bool slow_matches = crypto_pwhash_str_verify(slow.c_str(), password.data(), password.size()) == 0;
  if (is_old) {
    verdict.is_right = matches_old_digest(password, stored_hash);
  } else {
    verdict.is_right = slow_matches && !stored_hash.empty();
  }
  const bool wants_new = is_old || (verdict.is_right && crypto_pwhash_str_needs_rehash(
                                                            stored_hash.c_str(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                                            crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0);
  if (verdict.is_right && wants_new) verdict.new_hash = hash_password(password).value_or("");
  return verdict;
}

password_workers::password_workers(int threads, std::size_t queue_limit) : pool_(threads, queue_limit) {}

void password_workers::check(std::string password, std::string stored_hash, const completion<password_verdict>& done) {
  const bool added = pool_.add([password = std::move(password), stored = std::move(stored_hash),
                                done] { done(check_password(password, stored)); },
                               [done] { done(fail(errc::cancelled, "stopping")); });
  if (!added) done(fail(errc::overloaded, "too many logins at once"));
}

void password_workers::hash(std::string password, const completion<std::string>& done) {
  const bool added = pool_.add([password = std::move(password), done] { done(hash_password(password)); },
                               [done] { done(fail(errc::cancelled, "stopping")); });
  if (!added) done(fail(errc::overloaded, "too many logins at once"));
}

}  // namespace waihu::http
