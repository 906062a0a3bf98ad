// What is served beside the API itself: the console at `/`, or a plain page where the program was built without it, the
// API's description, and the page that renders it.
#include "http/handlers.hpp"
#include "http/static_files.hpp"

namespace waihu::http {

namespace {

constexpr std::string_view plain_page = R"(<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Waihu</title></head>
<body>
<h1>Waihu 外呼服务</h1>
<p>服务正在运行。版本 )" WAIHU_VERSION R"(。</p>
<p>此程序未包含操作控制台（编译时 WITH_CONSOLE=OFF，或没有 Node.js 20.19 及以上版本）。<br>
This program was built without the operators' console (WITH_CONSOLE=OFF, or no Node.js 20.19 or newer).</p>
<ul>
<li><a href="/docs">/docs</a>：接口说明</li>
<li><a href="/openapi.json">/openapi.json</a>：接口描述 (OpenAPI 3.1)</li>
<li><a href="/api/health">/api/health</a>：健康检查</li>
</ul>
</body>
</html>
)";

constexpr std::string_view html = "text/html; charset=utf-8";
/// Nothing from elsewhere, nothing inline; the script may fetch the description from here.
constexpr std::string_view reader_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

}  // namespace

async<response> front_page(call& c) {
  if (auto console = c.s.page.answer(c.req)) co_return std::move(*console);
  static const auto file = static_file_of(
      plain_page, html, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  co_return file_answer(c.req, file);
}

async<response> api_description(call& c) {
  static const auto file = static_file_of(embedded_file("openapi.json"), "application/json; charset=utf-8", {});
  co_return file_answer(c.req, file);
}

async<response> api_page(call& c) {
  static const auto file = static_file_of(embedded_file("docs.html"), html, reader_policy);
  co_return file_answer(c.req, file);
}

async<response> api_page_script(call& c) {
  static const auto file = static_file_of(embedded_file("reader.js"), "text/javascript; charset=utf-8", {});
  co_return file_answer(c.req, file);
}

async<response> api_page_style(call& c) {
  static const auto file = static_file_of(embedded_file("reader.css"), "text/css; charset=utf-8", {});
  co_return file_answer(c.req, file);
}

}  // namespace waihu::http
