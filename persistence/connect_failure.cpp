#include "persistence/connect_failure.hpp"

#include <array>

namespace waihu {

namespace {

struct known_failure {
  std::string_view word;      ///< Stands in what libpq says,
  std::string_view word_too;  ///< and so does this.
  std::string_view our_words;
};

constexpr std::string_view wrong_user =
    "the store refuses the user or the password; correct them in store.url (WAIHU_STORE_URL)";
constexpr std::string_view no_database = "the store has no such database; create it, or correct its name in store.url";
constexpr std::string_view not_admitted =
    "the store's access rules (pg_hba.conf) admit no such user, database and address, or only with TLS; allow it there,"
    " or set store.sslmode";
constexpr std::string_view no_tls =
    "no TLS as store.sslmode demands it was agreed with the store; check store.sslmode, store.sslrootcert,"
    " store.sslcert and store.sslkey, and whether the server has TLS";
constexpr std::string_view too_many =
    "the store has no connection left for us; raise max_connections or the user's limit there, or lower store.readers";
constexpr std::string_view not_ready = "the store is starting, stopping or recovering; it comes by itself";
constexpr std::string_view no_host = "the host in store.url is not known; correct it, or the name service";
constexpr std::string_view unreachable =
    "the store is unreachable; check host and port in store.url, the server, the network";

// Sentences of libpq and PostgreSQL 15. Of several (one for each address tried) the first that is listed counts.
constexpr std::array known_failures{
    known_failure{"password authentication failed", "", wrong_user},
    known_failure{"no password supplied", "", wrong_user},
    known_failure{"authentication failed for user", "", wrong_user},
    known_failure{"role \"", "\" does not exist", wrong_user},
    known_failure{"is not permitted to log in", "", wrong_user},
    known_failure{"database \"", "\" does not exist", no_database},
    known_failure{"no pg_hba.conf entry", "", not_admitted},
    known_failure{"pg_hba.conf rejects", "", not_admitted},
    known_failure{"permission denied for database", "", not_admitted},
    known_failure{"does not support SSL", "", no_tls},
    known_failure{"SSL error", "", no_tls},
    known_failure{"SSL SYSCALL error", "", no_tls},
    known_failure{"server certificate", "", no_tls},
    known_failure{"certificate file", "", no_tls},
    known_failure{"private key file", "", no_tls},
    known_failure{"too many clients", "", too_many},
    known_failure{"too many connections", "", too_many},
    known_failure{"remaining connection slots are reserved", "", too_many},
    known_failure{"the database system is", "", not_ready},
    known_failure{"could not translate host name", "", no_host},
};

}  // namespace

std::string_view connect_failure_text(std::string_view said) noexcept {
  for (const auto& k : known_failures)
    if (said.find(k.word) != std::string_view::npos && said.find(k.word_too) != std::string_view::npos)
      return k.our_words;
  return unreachable;
}

}  // namespace waihu
