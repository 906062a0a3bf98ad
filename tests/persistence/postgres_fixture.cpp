#include "tests/persistence/postgres_fixture.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "persistence/migrate.hpp"

// libpqxx 6.4 forgets the result of a statement that finds its connection dead; the tests kill connections by the
// dozen.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:PQmakeEmptyPGresult"; }

namespace waihu::testing {

namespace {

const std::string script = WAIHU_SOURCE_DIR "/scripts/private_postgres";

// The first line the command prints; throws when it fails.
std::string run_command(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run: " + command);
  std::string output;
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  if (::pclose(pipe) != 0) throw std::runtime_error(command + ": " + output);
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return output;
}

std::string make_folder() {
  const char* base = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it meanwhile
  std::string name = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/waihu-pg-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder " + name);
  return name;
}

using connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

connection connect(const std::string& url) {
  connection c{PQconnectdb(url.c_str()), &PQfinish};
  if (PQstatus(c.get()) != CONNECTION_OK) throw std::runtime_error(std::string{"connect: "} + PQerrorMessage(c.get()));
  PQsetNoticeProcessor(
      c.get(), [](void*, const char*) {}, nullptr);
  return c;
}

std::vector<std::string> ask(const std::string& url, const std::string& sql) {
  const auto c = connect(url);
  const answer a{PQexec(c.get(), sql.c_str()), &PQclear};
  const auto status = PQresultStatus(a.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    throw std::runtime_error(sql + ": " + PQresultErrorMessage(a.get()));
  std::vector<std::string> out;
  for (int i = 0; i < PQntuples(a.get()); ++i)
    out.emplace_back(PQgetisnull(a.get(), i, 0) != 0 ? "NULL" : PQgetvalue(a.get(), i, 0));
  return out;
}

config::store_options options_for(std::string url) {
  config::store_options o;
  o.url = std::move(url);
  o.reconnect_min = std::chrono::milliseconds{10};
  o.reconnect_max = std::chrono::milliseconds{200};
  return o;
}

// One cluster for the process, with one migrated template database.
class shared_cluster {
 public:
  shared_cluster() : folder_{make_folder()} {
    try {
      url_ = run_command(script + " start " + folder_);
      ask(url_, "create database waihu_template");
      const auto applied = migrate(options_for(url_of("waihu_template")));
      if (!applied) throw std::runtime_error("migrate: " + applied.error().message + " " + applied.error().vendor_code);
      ask(url_, "alter database waihu_template is_template true allow_connections false");
    } catch (...) {
      destroy();
      throw;
    }
  }
  ~shared_cluster() { destroy(); }
  shared_cluster(const shared_cluster&) = delete;
  shared_cluster& operator=(const shared_cluster&) = delete;

  std::string make_database(const std::string& from) {
    const auto name = "t" + std::to_string(++last_);
    const std::lock_guard lock{mutex_};
    ask(url_, "create database " + name + (from.empty() ? "" : " template " + from));
    return url_of(name);
  }
  std::string url_of(const std::string& name) const {
    auto url = url_;
    return url.replace(url.find("/postgres?"), 10, "/" + name + "?");
  }
  const std::string& url() const { return url_; }

 private:
  void destroy() noexcept {
    try {
      run_command(script + " destroy " + folder_);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
  }
  std::string folder_, url_;
  std::atomic<int> last_{0};
  std::mutex mutex_;
};

shared_cluster& cluster() {
  static shared_cluster c;
  return c;
}

std::string database_name(const std::string& url) {
  const auto begin = url.find("@/") + 2;
  return url.substr(begin, url.find('?') - begin);
}

}  // namespace

config::store_options fresh_database() { return options_for(cluster().make_database("waihu_template")); }
config::store_options blank_database() { return options_for(cluster().make_database("")); }

void drop_database(const config::store_options& options) {
  ask(cluster().url(), "drop database if exists " + database_name(options.url) + " with (force)");
}

std::string run_sql(const config::store_options& options, const std::string& sql) {
  const auto c = connect(options.url);
  const answer a{PQexec(c.get(), sql.c_str()), &PQclear};
  const auto* state = PQresultErrorField(a.get(), PG_DIAG_SQLSTATE);
  return state == nullptr ? "" : state;
}

std::vector<std::string> ask_sql(const config::store_options& options, const std::string& sql) {
  return ask(options.url, sql);
}

int end_sessions(const config::store_options& options) {
  const auto ended = ask(options.url,
                         "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                         " where datname = current_database() and pid <> pg_backend_pid()");
  return static_cast<int>(ended.size());
}

struct notification_listener::state {
  connection server;
  std::deque<std::string> arrived;

  void collect() {
    PQconsumeInput(server.get());
    while (PGnotify* n = PQnotifies(server.get())) {
      arrived.emplace_back(n->extra);
      PQfreemem(n);
    }
  }
};

notification_listener::notification_listener(const config::store_options& options, const std::string& channel)
    : state_{new state{connect(options.url), {}}} {
  const answer a{PQexec(state_->server.get(), ("listen " + channel).c_str()), &PQclear};
}

notification_listener::~notification_listener() = default;

std::string notification_listener::next() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  state_->collect();
  while (state_->arrived.empty() && std::chrono::steady_clock::now() < deadline) {
    pollfd readable{PQsocket(state_->server.get()), POLLIN, 0};
    ::poll(&readable, 1, 200);
    state_->collect();
  }
  if (state_->arrived.empty()) return {};
  auto first = std::move(state_->arrived.front());
  state_->arrived.pop_front();
  return first;
}

int notification_listener::pending() {
  // A round trip: what the server sent before its answer has arrived with it.
  const answer a{PQexec(state_->server.get(), "select 1"), &PQclear};
  state_->collect();
  return static_cast<int>(state_->arrived.size());
}

private_cluster::private_cluster() : folder_{make_folder()} { start(); }

private_cluster::~private_cluster() {
  try {
    run_command(script + " destroy " + folder_);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
  }
}

config::store_options private_cluster::options() const { return options_for(url_); }
void private_cluster::stop() { run_command(script + " stop " + folder_); }
void private_cluster::start() { url_ = run_command(script + " start " + folder_); }
void private_cluster::restart_immediate() { run_command(script + " restart " + folder_ + " -m immediate"); }
void private_cluster::kill9() { run_command(script + " kill9 " + folder_); }

}  // namespace waihu::testing
