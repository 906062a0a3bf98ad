#include "http/body_fields.hpp"

#include <rapidjson/document.h>
#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <array>
#include <charconv>
#include <cmath>

#include "http/json_writer.hpp"
#include "messages/model/json_depth.hpp"

namespace waihu::http {

namespace {

using value_t = rapidjson::Value;

std::string_view view(const value_t& v) { return {v.GetString(), v.GetStringLength()}; }

std::optional<std::int64_t> as_integer(const value_t& v) {
  if (v.IsInt64()) return v.GetInt64();
  if (v.IsDouble()) {
    const double d = v.GetDouble();
    if (std::abs(d) < 9.0e15 && d == std::floor(d)) return static_cast<std::int64_t>(d);
    return std::nullopt;
  }
  if (v.IsString()) return parse_integer(view(v));
  return std::nullopt;
}

/// Takes characters and forgets them.
struct null_sink {
  using Ch = char;
  // NOLINTBEGIN(readability-identifier-naming): RapidJSON's names
  void Put(char) {}
  void Flush() {}
  // NOLINTEND(readability-identifier-naming)
};

/// The parser checks the bytes of a text, but takes "\udc00" without its first half, which is no character.
bool has_lone_surrogate(const value_t& v) {
  null_sink sink;
  rapidjson::Writer<null_sink, rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::CrtAllocator,
                    rapidjson::kWriteValidateEncodingFlag>
      writer(sink);
  return !v.Accept(writer);
}

/// Builds the tree while the parser reads, but reads the numbers itself: RapidJSON's quick reading of them is off by
/// some units in the last place, so that a filter would not be given back as it came, and its exact one
/// (kParseFullPrecisionFlag) reads past its tables and answers infinity (found by fuzzing).
class tree_builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, tree_builder> {
 public:
  explicit tree_builder(rapidjson::Document& into) : into_(into) {}
  // NOLINTBEGIN(readability-identifier-naming): RapidJSON's names
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    if (std::int64_t n{}; read(text, length, n)) return into_.Int64(n);
    if (std::uint64_t n{}; read(text, length, n)) return into_.Uint64(n);
    double n{};
    return read(text, length, n) && into_.Double(n);
  }
  bool Null() { return into_.Null(); }
  bool Bool(bool b) { return into_.Bool(b); }
  bool String(const char* text, rapidjson::SizeType length, bool copy) { return into_.String(text, length, copy); }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) { return into_.Key(text, length, copy); }
  bool StartObject() { return into_.StartObject(); }
  bool EndObject(rapidjson::SizeType members) { return into_.EndObject(members); }
  bool StartArray() { return into_.StartArray(); }
  bool EndArray(rapidjson::SizeType items) { return into_.EndArray(items); }
  /// For numbers that the parser has read, which it does not do with kParseNumbersAsStringsFlag.
  static bool Default() { return false; }
  // NOLINTEND(readability-identifier-naming)

 private:
  /// Whether the whole text is a number of this type and within its range.
  template <class Number>
  static bool read(const char* text, rapidjson::SizeType length, Number& into) {
    const auto [end, fault] = std::from_chars(text, text + length, into);
    return fault == std::errc{} && end == text + length;
  }

  rapidjson::Document& into_;
};

rapidjson::ParseErrorCode parse(std::string_view json, rapidjson::Document& into) {
  constexpr unsigned flags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::MemoryStream bytes(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> characters(bytes);
  rapidjson::Reader reader;
  const auto read = [&](rapidjson::Document& document) {
    tree_builder builder(document);
    return !reader.Parse<flags>(characters, builder).IsError();
  };
  into.Populate(read);
  return reader.GetParseErrorCode();
}

}  // namespace

struct body_fields::tree {
  // Most bodies are small: they are read into this, not into RapidJSON's first piece of 64 KiB.
  std::array<char, 512> first_piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): the allocator's
  rapidjson::MemoryPoolAllocator<> memory{first_piece.data(), first_piece.size()};
  rapidjson::Document document{&memory, 256};
  std::vector<field_error> errors;
  std::size_t found{};  ///< Errors in all, also those that `errors` only counts.

  static const value_t* find(const void* object, std::string_view name) {
    if (object == nullptr) return nullptr;
    const auto& o = *static_cast<const value_t*>(object);
    const value_t wanted(rapidjson::StringRef(name.data(), name.size()));
    const auto it = o.FindMember(wanted);
    if (it == o.MemberEnd() || it->value.IsNull()) return nullptr;
    return &it->value;
  }
};

body_fields::body_fields(std::string_view json) : tree_(std::make_shared<tree>()) {
  if (json.substr(0, 3) == "\xEF\xBB\xBF") json.remove_prefix(3);
  if (trimmed(json).empty()) json = "{}";
  // The parser does not recurse, but the tree's destructor does.
  if (is_nested_deeper_than(json, depth_limit)) {
    add_error("body", "JSON 嵌套层数过深");
    return;
  }
  if (const auto fault = parse(json, tree_->document); fault != rapidjson::kParseErrorNone) {
    const bool number = fault == rapidjson::kParseErrorTermination || fault == rapidjson::kParseErrorNumberTooBig;
    const bool encoding = fault == rapidjson::kParseErrorStringInvalidEncoding;
    add_error("body", number ? "数字超出范围" : encoding ? "不是有效的 UTF-8 编码" : "不是有效的 JSON");
    return;
  }
  if (json.find("\\u") != std::string_view::npos && has_lone_surrogate(tree_->document)) {
    add_error("body", "不是有效的 UTF-8 编码");
    return;
  }
  if (!tree_->document.IsObject()) {
    add_error("body", "必须是 JSON 对象");
    return;
  }
  object_ = static_cast<const value_t*>(&tree_->document);
}

body_fields::body_fields(const std::vector<name_value>& query) : tree_(std::make_shared<tree>()) {
  auto& d = tree_->document;
  d.SetObject();
  for (const auto& [name, text] : query) {
    if (!is_storable_text(name) || !is_storable_text(text)) {
      add_error(is_storable_text(name) ? name : "query", "不是有效的 UTF-8 编码");
      continue;
    }
    value_t key(name, d.GetAllocator());
    if (!d.HasMember(key)) d.AddMember(key, value_t(text, d.GetAllocator()), d.GetAllocator());
  }
  object_ = static_cast<const value_t*>(&d);
}

body_fields::body_fields(std::shared_ptr<tree> shared, const void* object, std::string prefix)
    : tree_(std::move(shared)), object_(object), prefix_(std::move(prefix)) {}
body_fields::~body_fields() = default;
body_fields::body_fields(const body_fields&) = default;
body_fields& body_fields::operator=(const body_fields&) = default;

void body_fields::add_error(std::string_view name, std::string_view reason) {
  auto& errors = tree_->errors;
  if (++tree_->found <= error_limit) {
    errors.push_back({prefix_ + std::string(name), std::string(reason)});
    return;
  }
  if (errors.size() == error_limit) errors.push_back({"body", {}});
  errors.back().reason = "另有 " + std::to_string(tree_->found - error_limit) + " 处错误未列出";
}
const std::vector<field_error>& body_fields::errors() const noexcept { return tree_->errors; }

bool body_fields::has(std::string_view name) const { return tree::find(object_, name) != nullptr; }

std::optional<std::int64_t> body_fields::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const auto* v = tree::find(object_, name);
  if (v == nullptr || (v->IsString() && trimmed(view(*v)).empty())) return std::nullopt;
  const auto n = as_integer(*v);
  if (!n) {
    add_error(name, "必须是整数");
    return std::nullopt;
  }
  if (*n < min || *n > max) {
    add_error(name, max == INT64_MAX ? "不能小于 " + std::to_string(min)
                                     : "必须在 " + std::to_string(min) + " 到 " + std::to_string(max) + " 之间");
    return std::nullopt;
  }
  return n;
}

std::int64_t body_fields::required_integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const auto before = tree_->found;
  const auto n = integer(name, min, max);
  if (!n && tree_->found == before && object_ != nullptr) add_error(name, "缺少必填字段");
  return n.value_or(0);
}

std::optional<std::string> body_fields::text(std::string_view name, std::size_t max_length) {
  const auto* v = tree::find(object_, name);
  if (v == nullptr) return std::nullopt;
  if (!v->IsString()) {
    add_error(name, "必须是字符串");
    return std::nullopt;
  }
  const auto t = view(*v);
  if (t.find('\0') != std::string_view::npos) {
    add_error(name, "含有不允许的字符");
    return std::nullopt;
  }
  if (length_in_characters(t) > max_length) {
    add_error(name, "长度不能超过 " + std::to_string(max_length) + " 个字符");
    return std::nullopt;
  }
  return std::string(t);
}

std::string body_fields::required_text(std::string_view name, std::size_t max_length, std::size_t min_length) {
  const auto before = tree_->found;
  auto t = text(name, max_length);
  if (!t) {
    if (tree_->found == before && object_ != nullptr) add_error(name, "缺少必填字段");
    return {};
  }
  if (length_in_characters(*t) < min_length) add_error(name, "不能为空");
  return std::move(*t);
}

std::optional<std::string> body_fields::text_or_number(std::string_view name, std::size_t max_length) {
  const auto* v = tree::find(object_, name);
  if (v == nullptr || !v->IsNumber()) return text(name, max_length);
  std::string out;
  string_sink sink{&out};
  json_writer w(sink);
  v->Accept(w);
  if (out.size() <= max_length) return out;
  add_error(name, "长度不能超过 " + std::to_string(max_length) + " 个字符");
  return std::nullopt;
}

std::string body_fields::required_text_or_number(std::string_view name, std::size_t max_length) {
  const auto before = tree_->found;
  auto t = text_or_number(name, max_length);
  if (!t && tree_->found == before && object_ != nullptr) add_error(name, "缺少必填字段");
  if (t && t->empty()) add_error(name, "不能为空");
  return std::move(t).value_or("");
}

std::optional<std::string> body_fields::text_or_list(std::string_view name, std::size_t max_length) {
  const auto* v = tree::find(object_, name);
  if (v == nullptr || !v->IsArray()) return text(name, max_length);
  std::string joined;
  for (const auto& part : texts(name)) joined += (joined.empty() ? "" : ",") + part;
  if (length_in_characters(joined) <= max_length) return joined;
  add_error(name, "长度不能超过 " + std::to_string(max_length) + " 个字符");
  return std::nullopt;
}

std::optional<bool> body_fields::boolean(std::string_view name) {
  const auto* v = tree::find(object_, name);
  if (v == nullptr) return std::nullopt;
  if (v->IsBool()) return v->GetBool();
  if (v->IsString() && trimmed(view(*v)).empty()) return std::nullopt;
  if (v->IsString() && (view(*v) == "true" || view(*v) == "True")) return true;
  if (v->IsString() && (view(*v) == "false" || view(*v) == "False")) return false;
  if (const auto n = as_integer(*v); n && (*n == 0 || *n == 1)) return *n == 1;
  add_error(name, "必须是布尔值");
  return std::nullopt;
}

std::vector<std::string> body_fields::texts(std::string_view name, std::size_t max_items, std::size_t max_length) {
  std::vector<std::string> out;
  const auto* v = tree::find(object_, name);
  if (v == nullptr) return out;
  const auto take = [&](std::string_view t) {
    t = trimmed(t);
    if (t.empty()) return;
    if (t.find('\0') != std::string_view::npos) add_error(name, "含有不允许的字符");
    else if (length_in_characters(t) > max_length)
      add_error(name, "每项长度不能超过 " + std::to_string(max_length) + " 个字符");
    else out.emplace_back(t);
  };
  if (v->IsString()) {
    for (const auto& part : split(view(*v), ',')) take(part);
  } else if (v->IsArray()) {
    for (const auto& item : v->GetArray()) {
      if (item.IsNull()) continue;
      if (!item.IsString()) {
        add_error(name, "必须是字符串列表");
        return {};
      }
      take(view(item));
    }
  } else {
    add_error(name, "必须是字符串列表");
  }
  if (out.size() > max_items) add_error(name, "最多 " + std::to_string(max_items) + " 项");
  return out;
}

std::vector<std::int64_t> body_fields::integers(std::string_view name, std::size_t max_items) {
  std::vector<std::int64_t> out;
  const auto* v = tree::find(object_, name);
  if (v == nullptr) return out;
  if (v->IsString()) {
    for (const auto& part : split(view(*v), ',')) {
      if (part.empty()) continue;
      const auto n = parse_integer(part);
      if (!n) {
        add_error(name, "必须是整数列表");
        return {};
      }
      out.push_back(*n);
    }
  } else if (v->IsArray()) {
    for (const auto& item : v->GetArray()) {
      if (item.IsNull()) continue;
      const auto n = as_integer(item);
      if (!n) {
        add_error(name, "必须是整数列表");
        return {};
      }
      out.push_back(*n);
    }
  } else if (const auto n = as_integer(*v)) {
    out.push_back(*n);
  } else {
    add_error(name, "必须是整数列表");
  }
  if (out.size() > max_items) add_error(name, "最多 " + std::to_string(max_items) + " 项");
  return out;
}

std::optional<body_fields> body_fields::object(std::string_view name) {
  const auto* v = tree::find(object_, name);
  if (v == nullptr) return std::nullopt;
  if (!v->IsObject()) {
    add_error(name, "必须是对象");
    return std::nullopt;
  }
  return body_fields(tree_, v, prefix_ + std::string(name) + ".");
}

std::vector<body_fields> body_fields::objects(std::string_view name, std::size_t max_items) {
  std::vector<body_fields> out;
  const auto* v = tree::find(object_, name);
  if (v == nullptr) return out;
  if (!v->IsArray()) {
    add_error(name, "必须是数组");
    return out;
  }
  if (v->Size() > max_items) {
    add_error(name, "最多 " + std::to_string(max_items) + " 项");
    return out;
  }
  for (rapidjson::SizeType i = 0; i < v->Size(); ++i) {
    const auto& item = (*v)[i];
    auto label = std::string(name) + "[" + std::to_string(i) + "]";
    if (item.IsObject()) out.push_back(body_fields(tree_, &item, prefix_ + label + "."));
    else add_error(label, "必须是对象");
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> body_fields::text_pairs(std::string_view name, std::size_t max_items) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto* v = tree::find(object_, name);
  if (v == nullptr) return out;
  const auto take = [&](std::string_view range) {
    if (trimmed(range).empty()) return;
    const auto parts = split(range, ',');
    if (parts.size() > 2) add_error(name, "时间范围格式错误");
    else out.emplace_back(parts[0], parts.size() == 2 ? parts[1] : std::string{});
  };
  const auto side = [&](const value_t& o, const char* member) -> std::string {
    const auto* s = tree::find(&o, member);
    if (s == nullptr) return {};
    if (s->IsString()) return std::string(trimmed(view(*s)));
    add_error(name, "时间范围格式错误");
    return {};
  };
  if (v->IsString()) {
    for (const auto& range : split(view(*v), ';')) take(range);
  } else if (v->IsArray()) {
    for (const auto& item : v->GetArray()) {
      if (item.IsString()) {
        take(view(item));
      } else if (item.IsObject()) {
        out.emplace_back(side(item, "start"), side(item, "end"));
      } else if (item.IsArray() && item.Size() == 2 && (item[0].IsString() || item[0].IsNull()) &&
                 (item[1].IsString() || item[1].IsNull())) {
        out.emplace_back(item[0].IsString() ? view(item[0]) : "", item[1].IsString() ? view(item[1]) : "");
      } else {
        add_error(name, "时间范围格式错误");
      }
      if (out.size() > max_items) break;
    }
  } else {
    add_error(name, "时间范围格式错误");
  }
  if (out.size() > max_items) add_error(name, "最多 " + std::to_string(max_items) + " 项");
  return out;
}

std::string body_fields::json() const {
  if (object_ == nullptr) return "{}";
  std::string out;
  string_sink sink{&out};
  json_writer w(sink);
  static_cast<const value_t*>(object_)->Accept(w);
  return out;
}

response invalid_answer(const request& req, const std::vector<field_error>& errors) {
  const auto& first = errors.front();
  envelope e("error", code_bad_parameter, "参数错误: " + first.field + " " + first.reason);
  auto& w = e.data();
  w.StartObject();
  key(w, "errors");
  w.StartArray();
  for (const auto& error : errors) {
    w.StartObject();
    field(w, "field", error.field);
    field(w, "reason", error.reason);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return e.done_as_error(422, req.request_id);
}

}  // namespace waihu::http
