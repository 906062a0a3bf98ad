// The scripted server.
#include "tests/provider/scripted_server.hpp"

#include <sys/socket.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace waihu::testing {

namespace asio = boost::asio;
using asio::ip::tcp;

peer::peer(tcp::socket socket, asio::ssl::context* tls) : socket_(std::move(socket)) {
  if (tls != nullptr) stream_.emplace(socket_, *tls);
}

std::size_t peer::receive(char* into, std::size_t size) {
  boost::system::error_code error;
  if (stream_ && !is_ready_) {
    stream_->handshake(asio::ssl::stream_base::server, error);
    if (error) return 0;
    is_ready_ = true;
  }
  const auto count = stream_ ? stream_->read_some(asio::buffer(into, size), error)
                             : socket_.read_some(asio::buffer(into, size), error);
  return error ? 0 : count;
}

std::optional<signing::received_request> peer::read_request() {
  char chunk[16384];
  auto end = pending_.find("\r\n\r\n");
  while (end == std::string::npos) {
    const auto count = receive(chunk, sizeof chunk);
    if (count == 0) return std::nullopt;
    pending_.append(chunk, count);
    end = pending_.find("\r\n\r\n");
  }
  signing::received_request out;
  std::size_t length = 0;
  std::size_t at = 0;
  for (bool is_first = true; at < end; is_first = false) {
    const auto stop = pending_.find("\r\n", at);
    const auto line = pending_.substr(at, stop - at);
    at = stop + 2;
    if (is_first) {
      const auto space = line.find(' ');
      out.method = line.substr(0, space);
      out.target = line.substr(space + 1, line.rfind(' ') - space - 1);
      continue;
    }
    const auto colon = line.find(": ");
    out.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  if (const auto text = signing::find_header(out.headers, "content-length")) length = std::stoul(*text);
  pending_.erase(0, end + 4);
  while (pending_.size() < length) {
    const auto count = receive(chunk, sizeof chunk);
    if (count == 0) return std::nullopt;
    pending_.append(chunk, count);
  }
  out.body = pending_.substr(0, length);
  pending_.erase(0, length);
  return out;
}

bool peer::write(std::string_view bytes) {
  boost::system::error_code error;
  if (stream_) {
    asio::write(*stream_, asio::buffer(bytes), error);
  } else {
    asio::write(socket_, asio::buffer(bytes), error);
  }
  return !error;
}

bool peer::answer(int status, std::string_view body, std::string_view more_headers) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n";
  out.append(more_headers).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  out.append(body);
  return write(out);
}

void peer::reset() {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void peer::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void peer::wait_for_close() {
  char chunk[4096];
  while (receive(chunk, sizeof chunk) > 0) {
  }
}

scripted_server::scripted_server(script run, const std::string& certificate_file, const std::string& key_file)
    : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), run_(std::move(run)) {
  if (!certificate_file.empty()) {
    tls_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    tls_->use_certificate_chain_file(certificate_file);
    tls_->use_private_key_file(key_file, asio::ssl::context::pem);
  }
  port_ = acceptor_.local_endpoint().port();
  acceptor_thread_ = std::thread([this] { accept_all(); });
}

scripted_server::~scripted_server() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
    // shutdown() wakes blocking calls of other threads; close() would not.
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    for (const auto& one : peers_)
      if (one->socket_.is_open()) ::shutdown(one->socket_.native_handle(), SHUT_RDWR);
  }
  acceptor_thread_.join();
  for (auto& thread : threads_) thread.join();
}

std::string scripted_server::url() const {
  return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_);
}

void scripted_server::accept_all() {
  for (;;) {
    boost::system::error_code error;
    auto socket = acceptor_.accept(error);
    if (error) return;
    const std::lock_guard lock(mutex_);
    if (is_closing_) return;
    auto one = std::make_shared<peer>(std::move(socket), tls_.get());
    one->number = ++accepted_;
    peers_.push_back(one);
    threads_.emplace_back([this, one] {
      run_(*one);
      // The descriptor stays valid until the destructor; only the stream ends here.
      if (one->socket_.is_open()) ::shutdown(one->socket_.native_handle(), SHUT_RDWR);
    });
  }
}

scripted_server::script scripted_server::for_each_request(
    std::function<void(peer&, const signing::received_request&)> handle) {
  return [handle = std::move(handle)](peer& client) {
    while (auto request = client.read_request()) handle(client, *request);
  };
}

}  // namespace waihu::testing
