#include "tests/simulator/sim_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace waihu::simulator_tests {

namespace {

using clock = std::chrono::steady_clock;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

bool readable(int descriptor, std::chrono::milliseconds patience) {
  pollfd p{descriptor, POLLIN, 0};
  return ::poll(&p, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

rapidjson::Document reply::json() const {
  rapidjson::Document d;
  d.Parse(body.data(), body.size());
  EXPECT_FALSE(d.HasParseError()) << body.substr(0, 200);
  return d;
}

std::string reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (lower(key) == name) return value;
  return {};
}

connection::connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    ADD_FAILURE() << "cannot connect to waihu-sim";
}

connection::~connection() { ::close(socket_); }

bool connection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

reply connection::receive(std::chrono::milliseconds patience) {
  const auto deadline = clock::now() + patience;
  reply out;
  std::size_t body_at = std::string::npos;
  std::size_t length = 0;
  for (;;) {
    if (body_at == std::string::npos) {
      const auto end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) {
        body_at = end + 4;
        out.status = std::stoi(buffer_.substr(9, 3));
        std::size_t line = buffer_.find("\r\n") + 2;
        while (line < end + 2) {
          const auto stop = buffer_.find("\r\n", line);
          const auto colon = buffer_.find(':', line);
          out.headers.emplace_back(buffer_.substr(line, colon - line), buffer_.substr(colon + 2, stop - colon - 2));
          line = stop + 2;
        }
        const auto stated = out.header("content-length");
        length = stated.empty() ? 0 : std::stoul(stated);
      }
    }
    if (body_at != std::string::npos && buffer_.size() >= body_at + length) {
      out.how = reply::end::answered;
      out.body = buffer_.substr(body_at, length);
      buffer_.erase(0, body_at + length);
      return out;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
    if (left.count() <= 0 || !readable(socket_, left)) return out;
    char bytes[65'536];
    const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) {
      out.how = got < 0 && errno == ECONNRESET ? reply::end::reset : reply::end::closed;
      return out;
    }
    buffer_.append(bytes, static_cast<std::size_t>(got));
  }
}

std::string request_text(std::string_view method, std::string_view target, std::string_view body,
                         const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string text = std::string{method} + " " + std::string{target} + " HTTP/1.1\r\n";
  bool has_host = false;
  for (const auto& [name, value] : headers) {
    text += name + ": " + value + "\r\n";
    has_host = has_host || lower(name) == "host";
  }
  if (!has_host) text += "Host: sim\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return text + std::string{body};
}

sim_process::sim_process(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), WAIHU_SIM_PROGRAM);
  const auto given = [&](const char* name) {
    return std::find(arguments.begin(), arguments.end(), name) != arguments.end();
  };
  if (!given("--access-key")) arguments.insert(arguments.end(), {"--access-key", "ak", "--access-secret", "sk"});
  if (!given("--listen")) arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
  std::vector<char*> raw;
  for (auto& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return;
  }
  pid_ = ::fork();
  if (pid_ == 0) {
    // A test that crashes must not leave it behind.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv(WAIHU_SIM_PROGRAM, raw.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output_ = ends[0];
  std::string line;
  while (line.find('\n') == std::string::npos && readable(output_, std::chrono::seconds{20})) {
    char c = 0;
    if (::read(output_, &c, 1) != 1) break;
    line += c;
  }
  constexpr std::string_view promise = "waihu-sim listening on http://127.0.0.1:";
  if (!line.starts_with(promise)) {
    ADD_FAILURE() << "waihu-sim did not get ready; it said: " << line;
    return;
  }
  port_ = static_cast<std::uint16_t>(std::stoi(line.substr(promise.size())));
}

sim_process::~sim_process() {
  if (pid_ > 0 && stop() != 0) ADD_FAILURE() << "waihu-sim did not end cleanly";
  if (output_ >= 0) ::close(output_);
}

int sim_process::stop() {
  if (pid_ <= 0) return -1;
  ::kill(pid_, SIGTERM);
  const auto deadline = clock::now() + std::chrono::seconds{10};
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      pid_ = -1;
      return -1;
    }
    ::poll(nullptr, 0, 5);
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

reply sim_process::get(std::string_view target) const {
  return connection{port_}.exchange(request_text("GET", target));
}

reply sim_process::post(std::string_view target, std::string_view body) const {
  auto r = connection{port_}.exchange(request_text("POST", target, body));
  EXPECT_EQ(r.status, 200) << target << ": " << r.body;
  return r;
}

reply sim_process::remove(std::string_view target) const {
  return connection{port_}.exchange(request_text("DELETE", target));
}

void sim_process::advance(std::chrono::milliseconds virtual_time) const {
  post("/sim/clock", "{\"advance_ms\":" + std::to_string(virtual_time.count()) + "}");
}

std::int64_t sim_process::summary(std::initializer_list<const char*> path) const {
  const auto d = get("/sim/summary").json();
  const auto& value = at(d, path);
  EXPECT_TRUE(value.IsInt64());
  return value.IsInt64() ? value.GetInt64() : -1;
}

std::string api_client::text(const std::string& action, signing::parameters query, signing::parameters form) const {
  signing::api_call call;
  call.host = sim_.host();
  call.action = action;
  call.query = std::move(query);
  if (!instance.empty()) call.query.emplace_back("InstanceId", instance);
  call.form = std::move(form);
  call.epoch_seconds = static_cast<std::int64_t>(std::time(nullptr)) + clock_offset_s;
  call.nonce = fixed_nonce.empty() ? signing::make_nonce() : fixed_nonce;
  const signing::credentials who{access_key, secret, {}};
  const auto made = v1_ ? signing::sign_v1(call, who) : signing::sign_v3(call, who);
  return request_text(call.method, made.target, body_replacement.empty() ? made.body : body_replacement, made.headers);
}

reply api_client::call(const std::string& action, signing::parameters query, signing::parameters form) const {
  return connection{sim_.port()}.exchange(text(action, std::move(query), std::move(form)));
}

std::string api_client::create_group(const std::string& name) const {
  const auto r = call("CreateJobGroup", {{"JobGroupName", name}, {"ScriptId", "script-1"}});
  EXPECT_EQ(r.status, 200) << r.body;
  return text_at(r.json(), {"JobGroup", "JobGroupId"});
}

reply api_client::assign(const std::string& group, const std::vector<std::string>& references) const {
  signing::parameters query{{"JobGroupId", group}};
  for (std::size_t i = 0; i < references.size(); ++i)
    query.emplace_back("JobsJson." + std::to_string(i + 1), element(references[i]));
  return call("AssignJobs", std::move(query));
}

rapidjson::Document api_client::job(const std::string& job_id) const {
  const auto all = call("ListJobs", {{"JobId.1", job_id}}).json();
  rapidjson::Document d;
  d.CopyFrom(at(all, {"Jobs", "0"}), d.GetAllocator());
  return d;
}

std::string api_client::job_id_of(const std::string& group, const std::string& reference) const {
  const auto page = call("ListJobsByGroup", {{"JobGroupId", group}, {"PageNumber", "1"}, {"PageSize", "100"}}).json();
  const auto& list = at(page, {"Jobs", "List"});
  if (list.IsArray())
    for (const auto& job : list.GetArray())
      if (text_at(job, {"ReferenceId"}) == reference) return text_at(job, {"JobId"});
  ADD_FAILURE() << "no job with reference id " << reference;
  return {};
}

std::string element(const std::string& reference, const std::string& phone) {
  std::string number = phone;
  if (number.empty()) {
    const auto hash = std::hash<std::string>{}(reference) % 100'000'000;
    number = "138" + std::string(8 - std::to_string(hash).size(), '0') + std::to_string(hash);
  }
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> w{buffer};
  w.StartObject();
  w.Key("contacts");
  w.StartArray();
  w.StartObject();
  w.Key("phoneNumber");
  w.String(number);
  w.Key("referenceId");
  w.String(reference);
  w.Key("name");
  w.String("张三");
  w.EndObject();
  w.EndArray();
  w.Key("extras");
  w.StartArray();
  w.StartObject();
  w.Key("key");
  w.String("order");
  w.Key("value");
  w.String("a b+c*d~e'(f)!&=%/\"");
  w.EndObject();
  w.EndArray();
  w.EndObject();
  return buffer.GetString();
}

const rapidjson::Value& at(const rapidjson::Value& value, std::initializer_list<const char*> path) {
  static const rapidjson::Value nothing;
  const auto* here = &value;
  for (const char* step : path) {
    if (here->IsObject() && here->HasMember(step)) {
      here = &(*here)[step];
    } else if (here->IsArray() && std::stoul(step) < here->Size()) {
      here = &(*here)[static_cast<rapidjson::SizeType>(std::stoul(step))];
    } else {
      return nothing;
    }
  }
  return *here;
}

namespace {

std::string named(std::initializer_list<const char*> path) {
  std::string text;
  for (const char* step : path) text += std::string{"/"} + step;
  return text;
}

}  // namespace

std::size_t count_at(const rapidjson::Value& value, std::initializer_list<const char*> path) {
  const auto& found = at(value, path);
  if (found.IsArray()) return found.Size();
  ADD_FAILURE() << "no list at " << named(path);
  return 0;
}

std::int64_t number_at(const rapidjson::Value& value, std::initializer_list<const char*> path) {
  const auto& found = at(value, path);
  if (found.IsInt64()) return found.GetInt64();
  ADD_FAILURE() << "no whole number at " << named(path);
  return 0;
}

bool flag_at(const rapidjson::Value& value, std::initializer_list<const char*> path) {
  const auto& found = at(value, path);
  if (found.IsBool()) return found.GetBool();
  ADD_FAILURE() << "no flag at " << named(path);
  return false;
}

std::string text_at(const rapidjson::Value& value, std::initializer_list<const char*> path) {
  const auto& found = at(value, path);
  return found.IsString() ? std::string{found.GetString(), found.GetStringLength()} : std::string{};
}

}  // namespace waihu::simulator_tests
