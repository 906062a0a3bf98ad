#include "http/tls_identity.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/ssl/context.hpp>
#include <ctime>
#include <fstream>
#include <string_view>

namespace waihu::http {

namespace {

namespace ssl = boost::asio::ssl;

constexpr std::string_view offered_protocol{"\x08http/1.1", 9};

/// Picks http/1.1. Who offers only other protocols is told so (RFC 7301 section 3.2); who offers none is served.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  unsigned char* picked = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(offered_protocol.data());
  const int agreement = SSL_select_next_proto(&picked, chosen_size, ours,
                                              static_cast<unsigned>(offered_protocol.size()), offered, offered_size);
  *chosen = picked;
  return agreement == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

auto refused(const std::string& key, const std::string& file, std::string_view what, std::string_view cure) {
  ERR_clear_error();
  return fail(errc::invalid_argument, key + ": " + file + " " + std::string(what) + ". Cure: " + std::string(cure));
}

bool can_be_read(const std::string& file) { return std::ifstream(file).good(); }

/// Everything but certificate and key. False when the library refuses.
bool set_rules(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets serve for resumption
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

wall_time end_of(const X509* certificate) {
  std::tm utc{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) != 1) return {};
  return std::chrono::time_point_cast<wall_time::duration>(std::chrono::system_clock::from_time_t(timegm(&utc)));
}

}  // namespace

tls_identity::tls_identity(std::unique_ptr<ssl::context> context) : context_(std::move(context)) {}
tls_identity::~tls_identity() = default;

result<std::shared_ptr<const tls_identity>> tls_identity::load(const std::string& certificate_file,
                                                               const std::string& key_file) {
  const std::string certificate_key = "http.tls_certificate";
  const std::string key_key = "http.tls_key";
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  auto* raw = context->native_handle();
  if (!set_rules(raw)) return fail(errc::internal, "TLS cannot be set up");
  // Nobody is there to answer when the key asks for a passphrase.
  const auto wants_passphrase = std::make_shared<bool>(false);
  context->set_password_callback([wants_passphrase](std::size_t, ssl::context::password_purpose) {
    *wants_passphrase = true;
    return std::string();
  });
  if (!can_be_read(certificate_file))
    return refused(certificate_key, certificate_file, "cannot be read",
                   "correct the path, or let the daemon's user read it");
  if (SSL_CTX_use_certificate_chain_file(raw, certificate_file.c_str()) != 1)
    return refused(certificate_key, certificate_file, "holds no usable certificate in PEM form",
                   "give the certificate, followed by the chain up to the authority, as PEM");
  if (!can_be_read(key_file))
    return refused(key_key, key_file, "cannot be read", "correct the path, or let the daemon's user read it");
  if (SSL_CTX_use_PrivateKey_file(raw, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (*wants_passphrase)
      return refused(key_key, key_file, "is protected by a passphrase, and nobody is there to type it",
                     "store the key without one (openssl pkey -in OLD -out NEW), readable by the daemon alone");
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
      return refused(key_key, key_file, "does not belong to the certificate " + certificate_file,
                     "give the key that the certificate was made for");
    return refused(key_key, key_file, "holds no usable private key in PEM form", "give the certificate's key as PEM");
  }
  if (SSL_CTX_check_private_key(raw) != 1)
    return refused(key_key, key_file, "does not belong to the certificate " + certificate_file,
                   "give the key that the certificate was made for");
  std::shared_ptr<tls_identity> loaded(new tls_identity(std::move(context)));
  loaded->good_until_ = end_of(SSL_CTX_get0_certificate(raw));
  return std::shared_ptr<const tls_identity>(std::move(loaded));
}

}  // namespace waihu::http
