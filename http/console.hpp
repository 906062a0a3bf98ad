// The operators' console as it is served: the built files of web/, packed into the program or in a folder. Knows
// nothing of what is in them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/exchange.hpp"
#include "messages/model/failure.hpp"

namespace waihu::http {

/// A file of the console that is packed into the program (web/pack.py). Lives as long as the program.
struct packed_file {
  std::string_view path;  ///< As it is asked for: "/index.html", "/assets/antd-CVnsLRdm.js".
  std::string_view gzip;  ///< Its content.
  std::string_view etag;  ///< Of the content, weak.
};

/// A file's content, and whether it is in gzip form.
struct console_file {
  std::string content;
  std::string etag;
  bool is_packed{};
};

class console {
 public:
  /// Finds a file by its path; nullopt: there is none.
  using source = std::function<std::optional<console_file>(std::string_view path)>;

  /// None: `answer` has an answer to nothing.
  console() = default;
  explicit console(source files) : files_(std::move(files)) {}
  /// Out of the program. Where `files` is empty there is no console.
  static console of(std::span<const packed_file> files);
  /// Out of a folder, each time anew, for work on the console. invalid_argument: there is no index.html in it.
  static result<console> of_folder(const std::string& folder);

  /// GET and HEAD: the file of that path; the page itself for "/" and for any other path that a browser goes to, since
  /// the page's own router knows it (/api and /assets excepted). nullopt: the path is not the console's.
  [[nodiscard]] std::optional<response> answer(const request& req) const;

 private:
  source files_;
};

}  // namespace waihu::http
