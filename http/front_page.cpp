// The plain page at `/`: says that the daemon runs and where its documentation is.
#include <sodium.h>

#include "http/handlers.hpp"
#include "http/json_writer.hpp"

namespace waihu::http {

namespace {

constexpr std::string_view page = R"(<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Waihu</title></head>
<body>
<h1>Waihu 外呼服务</h1>
<p>服务正在运行。版本 )" WAIHU_VERSION R"(。</p>
<ul>
<li><a href="/api/health">/api/health</a>：健康检查</li>
<li>接口与限制的说明：docs/http.md</li>
</ul>
</body>
</html>
)";

std::string etag_of(std::string_view text) {
  unsigned char hash[16];
  crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0);
  char hex[2 * sizeof hash + 1];
  sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
  return '"' + std::string(hex) + '"';
}

}  // namespace

async<response> front_page(call& c) {
  static const std::string etag = etag_of(page);
  response r;
  r.headers.emplace_back("ETag", etag);
  r.headers.emplace_back("Cache-Control", "no-cache");
  r.headers.emplace_back("Content-Security-Policy", "default-src 'none'");
  const auto* known = c.req.header("if-none-match");
  if (known != nullptr && known->find(etag) != std::string::npos) {
    r.status = 304;
    r.content_type.clear();
    co_return r;
  }
  r.content_type = "text/html; charset=utf-8";
  r.body = page;
  co_return r;
}

}  // namespace waihu::http
