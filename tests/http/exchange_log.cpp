#include "tests/http/exchange_log.hpp"

#include <rapidjson/writer.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <mutex>

#include "messages/model/text.hpp"
#include "tests/http/raw_client.hpp"

namespace waihu::test {

namespace {

constexpr std::size_t longest_request_body = 64UL * 1024;

/// One request as it was sent.
struct sent_request {
  std::string method, target, body;
  bool is_readable{};  ///< A request line and a whole head.
};

/// Length of the chunked body at the front of `bytes`, its end included; all of it when it is cut short.
std::size_t chunked_length(std::string_view bytes) {
  const auto end = bytes.find("0\r\n\r\n");
  return end == std::string_view::npos ? bytes.size() : end + 5;
}

/// Takes the first request off `bytes`; everything, where it is none.
sent_request take_request(std::string& bytes) {
  sent_request r;
  const auto head_end = bytes.find("\r\n\r\n");
  const auto line = bytes.substr(0, bytes.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  if (head_end == std::string::npos || second == std::string::npos || line.find(' ', second + 1) != std::string::npos) {
    bytes.clear();
    return r;
  }
  r.is_readable = true;
  r.method = line.substr(0, first);
  r.target = line.substr(first + 1, second - first - 1);
  auto head = bytes.substr(0, head_end + 2);
  for (auto& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string_view rest = std::string_view(bytes).substr(head_end + 4);
  std::size_t length = 0;
  if (head.find("\r\ntransfer-encoding: chunked") != std::string::npos) {
    length = chunked_length(rest);
  } else if (const auto at = head.find("\r\ncontent-length: "); at != std::string::npos) {
    length = std::strtoul(head.c_str() + at + 18, nullptr, 10);
    r.body = rest.substr(0, length);
  }
  bytes.erase(0, head_end + 4 + std::min(length, rest.size()));
  return r;
}

/// The file of this process; closed when nobody wants exchanges.
std::ofstream& file() {
  static std::ofstream out = [] {
    const char* folder = std::getenv("WAIHU_EXCHANGES");
    if (folder == nullptr) return std::ofstream();
    return std::ofstream(std::string(folder) + "/http-" + std::to_string(::getpid()) + ".jsonl");
  }();
  return out;
}

struct string_stream {
  using Ch = char;
  std::string out;
  // NOLINTBEGIN(readability-identifier-naming): RapidJSON's names
  void Put(char c) { out.push_back(c); }
  void Flush() {}
  // NOLINTEND(readability-identifier-naming)
};

}  // namespace

void exchange_log::sent(std::string_view bytes) {
  if (file().is_open()) waiting_ += bytes;
}

void exchange_log::answered(const reply& r) {
  if (!file().is_open() || r.status == 0) return;
  const auto request = take_request(waiting_);
  string_stream line;
  rapidjson::Writer<string_stream> w(line);
  const auto text = [&](const char* name, const std::string& value) {
    w.Key(name);
    w.String(value);
  };
  w.StartObject();
  w.Key("readable");
  w.Bool(request.is_readable && is_storable_text(request.target));
  text("method", is_storable_text(request.method) ? request.method : "");
  text("target", is_storable_text(request.target) ? request.target : "");
  if (is_storable_text(request.body) && request.body.size() <= longest_request_body) text("request_body", request.body);
  w.Key("status");
  w.Int(r.status);
  w.Key("headers");
  w.StartObject();
  for (const auto& [name, value] : r.headers) text(name.c_str(), value);
  w.EndObject();
  if (r.header("content-encoding").empty()) text("body", r.body);
  w.EndObject();
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  file() << line.out << std::endl;
}

}  // namespace waihu::test
