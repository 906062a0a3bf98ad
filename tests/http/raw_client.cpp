#include "tests/http/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace waihu::test {

struct json_view::tree {
  rapidjson::Document document;
  const rapidjson::Value* at(const std::string& path) const {
    return rapidjson::Pointer(path.c_str(), path.size()).Get(document);
  }
};

json_view::json_view(const std::string& text) : tree_(std::make_shared<tree>()) {
  tree_->document.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  if (tree_->document.HasParseError()) tree_->document.SetNull();
}
bool json_view::is_valid() const { return !tree_->document.IsNull(); }
bool json_view::has(const std::string& path) const { return tree_->at(path) != nullptr; }
bool json_view::is_null(const std::string& path) const {
  const auto* v = tree_->at(path);
  return v != nullptr && v->IsNull();
}
std::string json_view::text(const std::string& path) const {
  const auto* v = tree_->at(path);
  if (v == nullptr) return "<absent>";
  return v->IsString() ? std::string(v->GetString(), v->GetStringLength()) : "<not a string>";
}
std::int64_t json_view::number(const std::string& path) const {
  const auto* v = tree_->at(path);
  return v != nullptr && v->IsInt64() ? v->GetInt64() : -999999;
}
bool json_view::flag(const std::string& path) const {
  const auto* v = tree_->at(path);
  return v != nullptr && v->IsTrue();
}
int json_view::size(const std::string& path) const {
  const auto* v = tree_->at(path);
  return v != nullptr && v->IsArray() ? static_cast<int>(v->Size()) : -1;
}
std::vector<std::string> json_view::keys(const std::string& path) const {
  std::vector<std::string> out;
  const auto* v = tree_->at(path);
  if (v == nullptr || !v->IsObject()) return out;
  for (const auto& m : v->GetObject()) out.emplace_back(m.name.GetString());
  return out;
}

std::string reply::header(const std::string& name) const {
  const auto it = headers.find(name);
  return it == headers.end() ? "" : it->second;
}

raw_client::raw_client(std::uint16_t port, std::chrono::milliseconds patience) {
  handle_ = ::socket(AF_INET, SOCK_STREAM, 0);
  timeval t{};
  t.tv_sec = patience.count() / 1000;
  t.tv_usec = (patience.count() % 1000) * 1000;
  ::setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
  ::setsockopt(handle_, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(handle_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) close();
}
raw_client::~raw_client() { close(); }

struct raw_client::tls_state {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> connection{nullptr, &SSL_free};
};

bool raw_client::start_tls(const tls_wish& wish) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to the socket by itself
  tls_ = std::make_unique<tls_state>();
  auto* context = tls_->context.get();
  // Old versions are offered only below OpenSSL's own security level: the server shall refuse them, not this library.
  if (wish.most_version != 0) SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, wish.least_version);
  SSL_CTX_set_max_proto_version(context, wish.most_version);
  if (!wish.ciphers.empty()) SSL_CTX_set_cipher_list(context, wish.ciphers.c_str());
  if (!wish.protocols.empty())
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(wish.protocols.data()),
                            static_cast<unsigned>(wish.protocols.size()));
  if (!wish.trusted.empty()) {
    SSL_CTX_load_verify_locations(context, wish.trusted.c_str(), nullptr);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  tls_->connection.reset(SSL_new(context));
  SSL_set_fd(tls_->connection.get(), handle_);
  return SSL_connect(tls_->connection.get()) == 1;
}

std::string raw_client::tls_version() const { return SSL_get_version(tls_->connection.get()); }
std::string raw_client::tls_protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls_->connection.get(), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}
std::string raw_client::tls_serial() const {
  const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(tls_->connection.get()),
                                                          &X509_free);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(shown.get()), nullptr), &BN_free);
  char* digits = BN_bn2dec(number.get());
  std::string text(digits);
  OPENSSL_free(digits);
  return text;
}

void raw_client::close() {
  if (tls_ && tls_->connection) SSL_shutdown(tls_->connection.get());
  tls_.reset();
  if (handle_ >= 0) ::close(handle_);
  handle_ = -1;
  if (stream_head_.header("content-type").rfind("text/event-stream", 0) == 0) {
    stream_head_.body = stream_;
    log_.answered(stream_head_);
  }
  stream_head_ = {};
}

bool raw_client::send(std::string_view bytes) {
  log_.sent(bytes);
  while (!bytes.empty()) {
    const auto n = tls_ ? SSL_write(tls_->connection.get(), bytes.data(), static_cast<int>(bytes.size()))
                        : ::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

long raw_client::receive(char* into, std::size_t size) {
  return tls_ ? SSL_read(tls_->connection.get(), into, static_cast<int>(size)) : ::recv(handle_, into, size, 0);
}

bool raw_client::fill() {
  char bytes[65536];
  const auto n = receive(bytes, sizeof bytes);
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

reply raw_client::read_head() {
  reply r;
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return r;
  std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  r.status = std::atoi(head.c_str() + 9);
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const auto line_end = head.find("\r\n", at);
    const auto line = head.substr(at, line_end - at);
    at = line_end + 2;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    auto value = line.substr(line.find_first_not_of(' ', colon + 1));
    auto& kept = r.headers[name];
    kept = kept.empty() ? value : kept + ", " + value;
  }
  stream_head_ = r;
  return r;
}

bool raw_client::read_chunk(std::string& out) {
  std::size_t line_end;
  while ((line_end = buffer_.find("\r\n")) == std::string::npos)
    if (!fill()) return false;
  const auto size = std::strtoul(buffer_.c_str(), nullptr, 16);
  while (buffer_.size() < line_end + 2 + size + 2)
    if (!fill()) return false;
  out.append(buffer_, line_end + 2, size);
  buffer_.erase(0, line_end + 2 + size + 2);
  return size > 0;
}

reply raw_client::read(bool is_head) {
  auto r = read_whole(is_head);
  stream_head_ = {};
  log_.answered(r);
  return r;
}

reply raw_client::read_whole(bool is_head) {
  auto r = read_head();
  if (r.status == 100) r = read_head();
  if (r.status == 0 || is_head || r.status == 204 || r.status == 304) return r;
  if (r.header("transfer-encoding") == "chunked") {
    while (read_chunk(r.body)) {
    }
    return r;
  }
  const auto size = std::strtoul(r.header("content-length").c_str(), nullptr, 10);
  while (buffer_.size() < size)
    if (!fill()) break;
  r.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return r;
}

bool raw_client::read_until(const std::string& wanted) {
  while (stream_.find(wanted) == std::string::npos)
    if (!read_chunk(stream_)) return stream_.find(wanted) != std::string::npos;
  return true;
}

std::string raw_client::read_bytes(std::size_t n) {
  while (buffer_.size() < n)
    if (!fill()) break;
  auto bytes = buffer_.substr(0, n);
  buffer_.erase(0, bytes.size());
  return bytes;
}

bool raw_client::is_closed_by_server() {
  char byte;
  for (;;) {
    errno = 0;
    const auto n = receive(&byte, 1);
    if (n > 0) continue;
    // Within TLS any end but a time-out counts.
    return tls_ ? errno != EAGAIN : n == 0 || errno == ECONNRESET;
  }
}

std::string make_request(const std::string& method, const std::string& target,
                         const std::vector<std::pair<std::string, std::string>>& headers, const std::string& body) {
  std::string out = method + " " + target + " HTTP/1.1\r\nHost: test\r\n";
  for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + body;
}

}  // namespace waihu::test
