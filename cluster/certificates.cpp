#include "cluster/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace waihu::cluster {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
void free_certificates(STACK_OF(X509) * list) { sk_X509_pop_free(list, X509_free); }

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using certificates_ptr = std::unique_ptr<STACK_OF(X509), freed_by<free_certificates>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using authorities_ptr = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;
using check_ptr = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;

constexpr std::string_view certificate_key = "cluster.certificate";
constexpr std::string_view key_key = "cluster.key";
constexpr std::string_view ca_key = "cluster.ca";
constexpr std::string_view correct_path = "correct the path, or let the daemon's user read it";

auto refused(std::string_view key, const std::string& file, std::string_view what, std::string_view cure) {
  ERR_clear_error();
  return fail(errc::invalid_argument,
              std::string(key) + ": " + file + " " + std::string(what) + ". Cure: " + std::string(cure));
}

/// A folder opens, too, but cannot be read.
bool can_be_read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return in.good() && in.peek() != std::ifstream::traits_type::eof();
}

wall_time time_of(const ASN1_TIME* shown) {
  std::tm utc{};
  if (shown == nullptr || ASN1_TIME_to_tm(shown, &utc) != 1) return {};
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::from_time_t(timegm(&utc)));
}

/// Nobody is there to type one.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// The node's certificate, and what else its file holds: those between it and the authority.
struct presented {
  certificate_ptr own;
  certificates_ptr between{sk_X509_new_null()};
};

result<presented> read_certificate(const std::string& file) {
  if (!can_be_read(file)) return refused(certificate_key, file, "cannot be read", correct_path);
  const bio_ptr in(BIO_new_file(file.c_str(), "r"));
  presented found;
  if (in) found.own.reset(PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr));
  if (!found.own)
    return refused(certificate_key, file, "holds no usable certificate in PEM form",
                   "give this node's certificate as PEM, followed by those between it and the authority");
  while (X509* next = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) sk_X509_push(found.between.get(), next);
  ERR_clear_error();
  return found;
}

result<key_ptr> read_key(const std::string& file) {
  if (!can_be_read(file)) return refused(key_key, file, "cannot be read", correct_path);
  const bio_ptr in(BIO_new_file(file.c_str(), "r"));
  bool wants_passphrase = false;
  key_ptr key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, &wants_passphrase) : nullptr);
  if (!key && wants_passphrase)
    return refused(key_key, file, "is protected by a passphrase, and nobody is there to type it",
                   "store the key without one (openssl pkey -in OLD -out NEW), readable by the daemon alone");
  if (!key)
    return refused(key_key, file, "holds no usable private key in PEM form", "give the certificate's key as PEM");
  return key;
}

/// Whether the authority vouches for the certificate in this role; the reason of OpenSSL where not.
int verify(X509_STORE* authorities, const presented& shown, int purpose) {
  const check_ptr check(X509_STORE_CTX_new());
  if (!check || X509_STORE_CTX_init(check.get(), authorities, shown.own.get(), shown.between.get()) != 1)
    return X509_V_ERR_OUT_OF_MEM;
  X509_STORE_CTX_set_purpose(check.get(), purpose);
  return X509_verify_cert(check.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(check.get());
}

result<void> check_signed(const presented& shown, const config::cluster_options& options, int purpose) {
  const authorities_ptr authorities(X509_STORE_new());
  if (!authorities || X509_STORE_load_file(authorities.get(), options.ca.c_str()) != 1)
    return refused(ca_key, options.ca, "holds no usable certificate in PEM form",
                   "give the certificate of the authority that signed every node's, as PEM");
  const auto& file = options.certificate;
  switch (const int why = verify(authorities.get(), shown, purpose); why) {
    case X509_V_OK: return {};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return refused(certificate_key, file, "has run out, or a certificate above it has",
                     "have the authority sign a new one");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return refused(certificate_key, file, "is not good yet, or a certificate above it is not",
                     "set this machine's clock, or wait");
    case X509_V_ERR_INVALID_PURPOSE:
      return refused(certificate_key, file, "is not meant for servers and clients alike",
                     "have it signed with extendedKeyUsage serverAuth and clientAuth, or without that extension");
    default:
      return refused(
          certificate_key, file,
          "was not signed by the authority in " + options.ca + " (" + X509_verify_cert_error_string(why) + ")",
          "give the authority that signed it as cluster.ca; all nodes need the same");
  }
}

}  // namespace

result<wall_time> check_certificates(const config::cluster_options& options) {
  const std::pair<std::string_view, const std::string*> files[] = {
      {certificate_key, &options.certificate}, {key_key, &options.key}, {ca_key, &options.ca}};
  for (const auto& [key, file] : files)
    if (file->empty())
      return fail(errc::invalid_argument, std::string(key) +
                                              " is empty, and nodes speak only over mutual TLS. Cure: make a private "
                                              "authority and a certificate for each node");
  const auto shown = read_certificate(options.certificate);
  if (!shown) return tl::unexpected<failure>(shown.error());
  const auto key = read_key(options.key);
  if (!key) return tl::unexpected<failure>(key.error());
  if (X509_check_private_key(shown->own.get(), key->get()) != 1)
    return refused(key_key, options.key, "does not belong to the certificate " + options.certificate,
                   "give the key that the certificate was made for");
  if (!can_be_read(options.ca)) return refused(ca_key, options.ca, "cannot be read", correct_path);
  for (const int purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT})
    if (const auto checked = check_signed(*shown, options, purpose); !checked)
      return tl::unexpected<failure>(checked.error());
  ERR_clear_error();
  return time_of(X509_get0_notAfter(shown->own.get()));
}

}  // namespace waihu::cluster
