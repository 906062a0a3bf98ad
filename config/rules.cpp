#include "config/rules.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "config/case_scripts.hpp"
#include "config/ip_network.hpp"

namespace waihu::config {

namespace {

/// The parts of an address that matter here.
struct address {
  std::string_view scheme, host, port, path;
  bool has_user{};
};

std::optional<address> split_address(std::string_view url) {
  address a;
  const auto colon = url.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  a.scheme = url.substr(0, colon);
  url.remove_prefix(colon + 3);
  const auto slash = url.find_first_of("/?#");
  auto authority = url.substr(0, slash);
  a.path = slash == std::string_view::npos ? std::string_view{} : url.substr(slash);
  if (const auto user = authority.rfind('@'); user != std::string_view::npos) {
    a.has_user = true;
    authority.remove_prefix(user + 1);
  }
  const auto bracket = authority.find(']');
  const auto port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  a.host = authority.substr(0, port);
  if (port != std::string_view::npos) a.port = authority.substr(port + 1);
  const bool bad_port = port != std::string_view::npos &&
                        (a.port.empty() || a.port.size() > 5 ||
                         !std::all_of(a.port.begin(), a.port.end(), [](char c) { return c >= '0' && c <= '9'; }));
  const bool bad_host = a.host.empty() || std::any_of(url.begin(), url.end(), [](char c) {
                          return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '\\';
                        });
  if (bad_port || bad_host) return std::nullopt;
  return a;
}

bool is_http(const address& a) noexcept { return a.scheme == "http" || a.scheme == "https"; }

void check_file(std::string_view key, const std::string& path, const rule_report& report) {
  if (!path.empty() && !std::ifstream(path)) report(key, "the file " + path + " cannot be read", "correct the path");
}

void check_http(const http_options& o, const rule_report& report) {
  for (const auto& origin : o.cors_origins) {
    if (origin == "*") {
      report("http.cors_origins", "\"*\" would let every page use a visitor's session",
             "name the origins, e.g. \"https://console.example.com\"");
      continue;
    }
    const auto a = split_address(origin);
    if (!a || !is_http(*a) || a->has_user || !a->path.empty())
      report("http.cors_origins", "\"" + origin.substr(0, 100) + "\" is not an origin",
             "write scheme://host[:port] without a path or a slash at the end");
  }
  if (o.tls_certificate.empty() != o.tls_key.empty())
    report(o.tls_certificate.empty() ? "http.tls_certificate" : "http.tls_key",
           "is empty while its other half is given", "give both http.tls_certificate and http.tls_key, or neither");
  check_file("http.tls_certificate", o.tls_certificate, report);
  check_file("http.tls_key", o.tls_key, report);
  for (const auto& entry : o.trusted_proxies)
    if (!ip_network::parse(entry))
      report("http.trusted_proxies", "\"" + entry.substr(0, 100) + "\" is neither an address nor a network",
             "write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32: the bits behind the prefix are zero, the prefix is not");
  if (o.proxy_header == "proxy_protocol" && o.trusted_proxies.empty())
    report("http.proxy_header", "is proxy_protocol, and http.trusted_proxies names nobody who may speak it",
           "name the proxies in http.trusted_proxies, or take forwarded_for");
  if (o.listen_address.empty())
    report("http.listen_address", "is empty", "give 127.0.0.1, or 0.0.0.0 for every interface");
  if (o.import_limit_bytes < o.body_limit_bytes)
    report("http.import_limit_bytes", "is less than http.body_limit_bytes", "raise it to at least that");
  if (o.start_budget >= o.request_timeout)
    report("http.start_budget_ms", "is not less than http.request_timeout_ms", "lower it below that");
  if (o.refresh_budget >= o.request_timeout)
    report("http.refresh_budget_ms", "is not less than http.request_timeout_ms", "lower it below that");
}

/// `low` up to `high`: a back-off or two limits of which one holds the other.
template <class T>
void check_order(const T& low, const T& high, std::string_view low_key, std::string_view high_key,
                 const rule_report& report) {
  if (low > high)
    report(low_key, "is more than " + std::string(high_key), "lower it, or raise " + std::string(high_key));
}

void check_store(const store_options& o, const rule_report& report) {
  const bool is_uri = o.url.starts_with("postgresql://") || o.url.starts_with("postgres://");
  if (!o.url.empty() && !is_uri && o.url.find('=') == std::string::npos)
    report("store.url", "is neither an address nor a connection string",
           "write postgresql://user@host:port/database, or host=... dbname=...");
  check_order(o.reconnect_min, o.reconnect_max, "store.reconnect_min_ms", "store.reconnect_max_ms", report);
  check_order(o.lock_timeout, o.statement_timeout, "store.lock_timeout_ms", "store.statement_timeout_ms", report);
  if (o.sslcert.empty() != o.sslkey.empty())
    report(o.sslcert.empty() ? "store.sslcert" : "store.sslkey", "is empty while its other half is given",
           "give both store.sslcert and store.sslkey, or neither");
  check_file("store.sslrootcert", o.sslrootcert, report);
  check_file("store.sslcert", o.sslcert, report);
  check_file("store.sslkey", o.sslkey, report);
}

void check_provider(const provider_options& o, const rule_report& report) {
  const auto a = split_address(o.endpoint);
  if (!a || !is_http(*a) || a->has_user || !(a->path.empty() || a->path == "/"))
    report("provider.endpoint", "is not an http or https address of a host",
           "write https://host or http://host:port, without a path");
  check_order(o.connect_timeout, o.read_deadline, "provider.connect_timeout_ms", "provider.read_deadline_ms", report);
  check_order(o.connect_timeout, o.write_deadline, "provider.connect_timeout_ms", "provider.write_deadline_ms", report);
  check_order(o.retry_min, o.retry_max, "provider.retry_min_ms", "provider.retry_max_ms", report);
  check_order(o.breaker_open_min, o.breaker_open_max, "provider.breaker_open_min_ms", "provider.breaker_open_max_ms",
              report);
  check_file("provider.ca_file", o.ca_file, report);
}

void check_analyst(const analyst_options& o, const rule_report& report) {
  if (o.kind != "openai") return;
  const auto a = split_address(o.base_url);
  if (!a || !is_http(*a) || a->has_user)
    report("analyst.base_url", "is not an http or https address",
           "write https://host/path as the server's manual says");
  if (o.model.empty()) report("analyst.model", "is empty", "name the model");
  if (o.api_key.empty() && (o.dialect == "dashscope" || o.dialect == "openai"))
    report("analyst.api_key", "is empty, which this server does not accept",
           "set WAIHU_ANALYST_API_KEY, or analyst.kind = \"rules\" to work without a language model");
  const auto first = o.extra_body_json.find_first_not_of(" \t\r\n");
  const auto last = o.extra_body_json.find_last_not_of(" \t\r\n");
  if (first != std::string::npos && (o.extra_body_json[first] != '{' || o.extra_body_json[last] != '}'))
    report("analyst.extra_body_json", "is not a JSON object", "write {...} or leave it empty");
}

void check_work(const options& o, const rule_report& report) {
  check_order(o.job.look_interval, o.job.queued_look_interval, "job.look_interval_ms", "job.queued_look_interval_ms",
              report);
  check_order(o.job.look_interval, o.job.deadline, "job.look_interval_ms", "job.deadline_s", report);
  check_order(o.dispatch.organization_concurrency, o.dispatch.account_concurrency, "dispatch.organization_concurrency",
              "dispatch.account_concurrency", report);
  check_order(o.dispatch.organization_calls_per_s, o.dispatch.account_calls_per_s, "dispatch.organization_calls_per_s",
              "dispatch.account_calls_per_s", report);
  check_order(o.supervisor.restart_min, o.supervisor.restart_max, "supervisor.restart_min_ms",
              "supervisor.restart_max_ms", report);
  if (o.node.lease_renew * 2 > o.node.lease_time)
    report("node.lease_renew_ms", "is more than half of node.lease_time_ms, so that one late sign loses the work",
           "lower it to a third of node.lease_time_ms");
}

void check_cluster(const cluster_options& o, const rule_report& report) {
  if (!o.enabled) return;
  const std::array<std::pair<std::string_view, const std::string*>, 3> files{
      {{"cluster.certificate", &o.certificate}, {"cluster.key", &o.key}, {"cluster.ca", &o.ca}}};
  for (const auto& [key, path] : files) {
    if (path->empty())
      report(key, "is empty, and nodes speak only over mutual TLS",
             "make a private CA and a certificate for each node, as docs/clustering.md shows");
    else check_file(key, *path, report);
  }
  if (o.listen_address.empty()) report("cluster.listen_address", "is empty", "name an address of this machine");
  const bool everywhere = o.listen_address == "0.0.0.0" || o.listen_address == "::";
  if (everywhere && o.advertise_address.empty())
    report("cluster.advertise_address", "is empty while the node listens on every address",
           "name the address on which other nodes reach this one");
  if (o.heartbeat * 2 > o.link_timeout)
    report("cluster.heartbeat_ms", "is more than half of cluster.link_timeout_ms, so that one late sign cuts a link",
           "lower it to a quarter of cluster.link_timeout_ms");
}

void check_cases(const cases_options& o, const rule_report& report) {
  for (const auto& entry : o.scripts)
    if (const auto fault = case_scripts::fault_of_script(entry))
      report(
          "cases.scripts", *fault,
          "write stage.party=script id, stage one of intent_survey|fact_finding|material_verify|agreement|follow_up, "
          "party applicant or respondent");
  for (const auto& entry : o.called_parties)
    if (const auto fault = case_scripts::fault_of_called_party(entry))
      report("cases.called_parties", *fault, "write stage=party, e.g. \"fact_finding=applicant\"");
  check_order(o.look_interval, o.deadline, "cases.look_interval_ms", "cases.deadline_s", report);
}

void check_time_zone(const std::string& zone, const rule_report& report) {
  const bool plain = !zone.empty() && zone.find("..") == std::string::npos && zone.front() != '/' &&
                     std::all_of(zone.begin(), zone.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '/' || c == '_' || c == '-' || c == '+';
                     });
  const std::filesystem::path database = "/usr/share/zoneinfo";
  std::error_code ignored;
  if (!plain ||
      (std::filesystem::is_directory(database, ignored) && !std::filesystem::is_regular_file(database / zone, ignored)))
    report("node.time_zone", "is not the name of a time zone", "give a name like \"Asia/Shanghai\"; needs tzdata");
}

void check_log(const log_options& o, const rule_report& report) {
  constexpr std::array<std::string_view, 6> levels{"trace", "debug", "info", "warn", "error", "off"};
  for (const auto& entry : o.components) {
    const auto eq = entry.find('=');
    const auto level = eq == std::string::npos ? std::string_view{} : std::string_view(entry).substr(eq + 1);
    if (eq == 0 || std::find(levels.begin(), levels.end(), level) == levels.end())
      report("log.components", "\"" + entry.substr(0, 80) + "\" is not a component with its level",
             "write \"component=level\", level one of trace|debug|info|warn|error|off");
  }
}

}  // namespace

void check_rules(const options& o, const rule_report& report) {
  check_http(o.http, report);
  check_store(o.store, report);
  check_provider(o.provider, report);
  check_analyst(o.analyst, report);
  check_work(o, report);
  check_cases(o.cases, report);
  check_cluster(o.cluster, report);
  check_time_zone(o.node.time_zone, report);
  check_log(o.log, report);
}

}  // namespace waihu::config
