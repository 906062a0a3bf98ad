#include "http/response_head.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace waihu::http {

namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Unknown";
  }
}

/// A line of ours, whose value holds no line break.
void add_own(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// A line whose value may come from elsewhere; one that would end the line is left out.
void add(std::string& out, std::string_view name, std::string_view value) {
  constexpr auto none = std::string_view::npos;
  if (value.find('\n') == none && value.find('\r') == none) add_own(out, name, value);
}

/// IMF-fixdate, which wants English names whatever the locale.
std::string http_date(wall_time now) {
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t t = std::chrono::floor<seconds>(now).time_since_epoch().count();
  std::tm utc{};
  if (gmtime_r(&t, &utc) == nullptr) return {};
  std::array<char, 96> text{};
  const int n = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                              days.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                              months.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour,
                              utc.tm_min, utc.tm_sec);
  return {text.data(), static_cast<std::size_t>(n)};
}

/// The same, written once a second and thread.
const std::string& http_date_of_second(wall_time now) {
  thread_local std::time_t second = -1;
  thread_local std::string text;
  const std::time_t t = std::chrono::floor<seconds>(now).time_since_epoch().count();
  if (t != second) {
    text = http_date(now);
    second = t;
  }
  return text;
}

}  // namespace

std::string response_head(const response& answer, const framing& how, wall_time now) {
  std::string out;
  out.reserve(512);
  out += how.version >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ";
  out += std::to_string(answer.status);
  out += ' ';
  out += reason_of(answer.status);
  out += "\r\n";
  add_own(out, "Date", http_date_of_second(now));
  out += "Server: waihu\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
  if (!answer.content_type.empty()) add(out, "Content-Type", answer.content_type);
  for (const auto& [name, value] : answer.headers) add(out, name, value);
  if (how.is_chunked) add_own(out, "Transfer-Encoding", "chunked");
  if (how.content_length) add_own(out, "Content-Length", std::to_string(*how.content_length));
  if (!how.keep_alive) add_own(out, "Connection", "close");
  if (how.keep_alive && how.version < 11) add_own(out, "Connection", "keep-alive");
  out += "\r\n";
  return out;
}

std::string chunk_of(const std::string& bytes) {
  std::array<char, 24> size{};
  const int n = std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  std::string out(size.data(), static_cast<std::size_t>(n));
  out += bytes;
  out += "\r\n";
  return out;
}

}  // namespace waihu::http
