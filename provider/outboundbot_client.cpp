// The thirteen operations: parameters, one signed request, one decoded answer.
#include "provider/outboundbot_client.hpp"

#include <chrono>
#include <utility>

#include "provider/http_client.hpp"
#include "provider/outboundbot_answer.hpp"
#include "provider/outboundbot_codec.hpp"
#include "provider/signing.hpp"

namespace waihu {
namespace {

using provider::http_answer;
using signing::parameters;

/// What every request of one client shares. Outlives the client while answers are under way.
struct account {
  signing::credentials who;
  std::string instance_id;
  bool is_v3{true};
  signing_sources sources;
  provider::text_cleaner cleaner{{}};
};

class outboundbot_client final : public voice_provider {
 public:
  outboundbot_client(std::shared_ptr<provider::http_client> http, account shared)
      : http_(std::move(http)), account_(std::make_shared<const account>(std::move(shared))) {}

  void create_job_group(job_group_request request, milliseconds deadline, completion<std::string> done) override {
    parameters query = {{"JobGroupName", request.name}, {"ScriptId", request.script_id}};
    if (!request.description.empty()) query.emplace_back("JobGroupDescription", request.description);
    call<std::string>("CreateJobGroup", std::move(query), deadline, std::move(done),
                      [](const auto& doc, const auto&) { return provider::outboundbot::read_created_group(doc); });
  }

  void list_job_groups(std::string search_text, std::int64_t created_since_ms, int page_number, int page_size,
                       milliseconds deadline, completion<provider_page<job_group>> done) override {
    auto query = page_parameters(page_number, page_size);
    if (!search_text.empty()) query.emplace_back("SearchText", std::move(search_text));
    if (created_since_ms > 0) query.emplace_back("StartTime", std::to_string(created_since_ms));
    call<provider_page<job_group>>(
        "ListJobGroups", std::move(query), deadline, std::move(done),
        [](const auto& doc, const auto&) { return provider::outboundbot::read_group_page(doc); });
  }

  void delete_job_group(std::string job_group_id, milliseconds deadline, completion<bool> done) override {
    group_order("DeleteJobGroup", std::move(job_group_id), {}, deadline, std::move(done));
  }

  void assign_jobs(std::string job_group_id, std::vector<job_order> orders, departure leaving, milliseconds deadline,
                   completion<assigned_jobs> done) override {
    if (job_group_id.empty() || orders.empty() || orders.size() > max_jobs_per_call)
      return done(fail(errc::invalid_argument, "AssignJobs: needs a group and 1 to 99 jobs"));
    std::vector<std::string> texts;
    for (const auto& order : orders) {
      if (order.phone.empty() || order.reference_id.empty())
        return done(fail(errc::invalid_argument, "AssignJobs: a job without number or reference id"));
      texts.push_back(provider::outboundbot::job_json(order));
    }
    parameters query = {{"JobGroupId", std::move(job_group_id)}};
    provider::outboundbot::append_list(query, "JobsJson", texts);
    call<assigned_jobs>(
        "AssignJobs", std::move(query), deadline, std::move(done),
        [](const auto& doc, const auto&) { return provider::outboundbot::read_assigned_jobs(doc); },
        std::move(leaving));
  }

  void spend_mark(std::string job_group_id, std::string mark, milliseconds deadline, completion<bool> done) override {
    if (job_group_id.empty() || mark.empty())
      return done(fail(errc::invalid_argument, "ListJobsByGroup: needs a group and a mark"));
    auto query = page_parameters(1, 1);
    query.emplace_back("JobGroupId", std::move(job_group_id));
    call<bool>(
        "ListJobsByGroup", std::move(query), deadline,
        [done = std::move(done)](result<bool> answer) {
          const bool was_spent = !answer && answer.error().vendor_code == provider::nonce_used_code;
          done(was_spent ? result<bool>{true} : std::move(answer));
        },
        [](const auto&, const auto&) { return result<bool>{true}; }, departure{std::move(mark), {}});
  }

  void list_jobs(std::vector<std::string> call_job_ids, milliseconds deadline,
                 completion<std::vector<job_snapshot>> done) override {
    if (call_job_ids.empty() || call_job_ids.size() > max_jobs_per_call)
      return done(fail(errc::invalid_argument, "ListJobs: needs 1 to 99 ids"));
    parameters query;
    provider::outboundbot::append_list(query, "JobId", call_job_ids);
    call<std::vector<job_snapshot>>(
        "ListJobs", std::move(query), deadline, std::move(done),
        [](const auto& doc, const auto& body) { return provider::outboundbot::read_jobs(doc, body); });
  }

  void list_jobs_by_group(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                          completion<provider_page<job_snapshot>> done) override {
    if (job_group_id.empty()) return done(fail(errc::invalid_argument, "ListJobsByGroup: needs a group"));
    auto query = page_parameters(page_number, page_size);
    query.emplace_back("JobGroupId", job_group_id);
    call<provider_page<job_snapshot>>("ListJobsByGroup", std::move(query), deadline, std::move(done),
                                      [job_group_id](const auto& doc, const auto&) {
                                        return provider::outboundbot::read_jobs_by_group(doc, job_group_id);
                                      });
  }

  void query_jobs_with_result(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                              completion<provider_page<job_snapshot>> done) override {
    if (job_group_id.empty()) return done(fail(errc::invalid_argument, "QueryJobsWithResult: needs a group"));
    auto query = page_parameters(page_number, page_size);
    query.emplace_back("JobGroupId", job_group_id);
    call<provider_page<job_snapshot>>("QueryJobsWithResult", std::move(query), deadline, std::move(done),
                                      [job_group_id](const auto& doc, const auto&) {
                                        return provider::outboundbot::read_job_results(doc, job_group_id);
                                      });
  }

  void describe_job(std::string call_job_id, milliseconds deadline, completion<job_snapshot> done) override {
    if (call_job_id.empty()) return done(fail(errc::invalid_argument, "DescribeJob: needs an id"));
    parameters query = {{"JobId", std::move(call_job_id)}, {"WithScript", "false"}};
    call<job_snapshot>("DescribeJob", std::move(query), deadline, std::move(done),
                       [](const auto& doc, const auto& body) { return provider::outboundbot::read_job(doc, body); });
  }

  void describe_job_group(std::string job_group_id, milliseconds deadline,
                          completion<job_group_progress> done) override {
    if (job_group_id.empty()) return done(fail(errc::invalid_argument, "DescribeJobGroup: needs a group"));
    parameters query = {{"JobGroupId", std::move(job_group_id)}};
    call<job_group_progress>(
        "DescribeJobGroup", std::move(query), deadline, std::move(done),
        [](const auto& doc, const auto&) { return provider::outboundbot::read_group_progress(doc); });
  }

  void suspend_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) override {
    group_order("SuspendJobs", std::move(job_group_id), {{"All", "true"}}, deadline, std::move(done));
  }

  void resume_jobs(std::string job_group_id, std::string mark, milliseconds deadline, completion<bool> done) override {
    group_order("ResumeJobs", std::move(job_group_id), {{"All", "true"}}, deadline, std::move(done),
                departure{std::move(mark), {}});
  }

  void cancel_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) override {
    group_order("CancelJobs", std::move(job_group_id), {{"All", "true"}}, deadline, std::move(done));
  }

  void cancel_job(std::string call_job_id, milliseconds deadline, completion<bool> done) override {
    if (call_job_id.empty()) return done(fail(errc::invalid_argument, "CancelJobs: needs a job"));
    parameters query = {{"All", "false"}, {"JobId.1", std::move(call_job_id)}};
    call<bool>("CancelJobs", std::move(query), deadline, std::move(done),
               [](const auto&, const auto&) { return result<bool>{true}; });
  }

  void download_recording(std::string call_task_id, milliseconds deadline, completion<recording_link> done) override {
    if (call_task_id.empty()) return done(fail(errc::invalid_argument, "DownloadRecording: needs a task id"));
    parameters query = {{"TaskId", std::move(call_task_id)}};
    call<recording_link>("DownloadRecording", std::move(query), deadline, std::move(done),
                         [](const auto& doc, const auto&) { return provider::outboundbot::read_recording(doc); });
  }

 private:
  /// The provider refuses a nonce that it has seen, whatever was asked with it (REFERENCE.md section 4).
  static std::string nonce_of(const std::string& mark) { return signing::sha256_hex(mark).substr(0, 32); }

  static bool is_write(std::string_view action) {
    return action == "AssignJobs" || action == "CreateJobGroup" || action == "DeleteJobGroup" ||
           action == "SuspendJobs" || action == "ResumeJobs" || action == "CancelJobs";
  }
  static parameters page_parameters(int page_number, int page_size) {
    return {{"PageNumber", std::to_string(page_number)}, {"PageSize", std::to_string(page_size)}};
  }

  /// An order to a whole group whose answer is the envelope only. Without a group it might reach the whole instance.
  void group_order(const char* action, std::string job_group_id, parameters query, milliseconds deadline,
                   completion<bool> done, departure leaving = {}) {
    if (job_group_id.empty()) return done(fail(errc::invalid_argument, std::string{action} + ": needs a group"));
    query.emplace_back("JobGroupId", std::move(job_group_id));
    call<bool>(
        action, std::move(query), deadline, std::move(done),
        [](const auto&, const auto&) { return result<bool>{true}; }, std::move(leaving));
  }

  template <class T, class Decode>
  void call(const char* action, parameters query, milliseconds deadline, completion<T> done, Decode decode,
            departure leaving = {}) {
    signing::api_call what;
    what.host = http_->where().host_header;
    what.path = http_->where().base_path + "/";
    what.action = action;
    what.query = {{"InstanceId", account_->instance_id}};
    what.query.insert(what.query.end(), std::make_move_iterator(query.begin()), std::make_move_iterator(query.end()));
    what.epoch_seconds = account_->sources.now_seconds();
    what.nonce = leaving.mark.empty() ? account_->sources.nonce() : nonce_of(leaving.mark);
    if (what.nonce.empty()) return done(fail(errc::internal, std::string{action} + ": no random source for a nonce"));
    auto made = account_->is_v3 ? signing::sign_v3(what, account_->who) : signing::sign_v1(what, account_->who);
    provider::http_request request{
        what.method, std::move(made.target), std::move(made.headers), std::move(made.body), {}};
    if (is_write(action)) {
      request.may_leave = [may_write = account_->sources.may_write, may_leave = std::move(leaving.may_leave)] {
        return (!may_write || may_write()) && (!may_leave || may_leave(std::chrono::steady_clock::now()));
      };
    }
    http_->send(std::move(request), deadline,
                [shared = account_, action, done = std::move(done), decode](result<http_answer> answer) {
                  done(understand<T>(*shared, action, std::move(answer), decode));
                });
  }

  template <class T, class Decode>
  static result<T> understand(const account& shared, const char* action, result<http_answer> answer,
                              const Decode& decode) {
    if (!answer) {
      answer.error().message.insert(0, std::string{action} + ": ");
      return tl::unexpected(std::move(answer.error()));
    }
    rapidjson::Document doc;
    auto good = provider::read_answer(action, *answer, shared.cleaner, doc);
    if (!good) return tl::unexpected(std::move(good.error()));
    result<T> out = decode(doc, answer->body);
    if (!out) out.error().message.insert(0, std::string{action} + ": ");
    return out;
  }

  std::shared_ptr<provider::http_client> http_;
  std::shared_ptr<const account> account_;
};

std::int64_t system_seconds() { return to_epoch_ms(wall_now()) / 1000; }

}  // namespace

result<std::shared_ptr<voice_provider>> make_outboundbot_client(boost::asio::io_context& io,
                                                                const config::provider_options& options,
                                                                signing_sources sources) {
  if (options.instance_id.empty() || options.access_key_id.empty() || options.access_key_secret.empty())
    return fail(errc::invalid_argument, "provider: instance_id, access_key_id and access_key_secret are required");
  if (options.signature != "v3" && options.signature != "v1")
    return fail(errc::invalid_argument, "provider: signature is v3 or v1");
  auto where = provider::parse_endpoint(options.endpoint);
  if (!where) return tl::unexpected(where.error());

  provider::http_client_options limits;
  limits.ca_file = options.ca_file;
  limits.connections = options.connections;
  limits.connect_timeout = options.connect_timeout;
  limits.answer_limit_bytes = options.answer_limit_bytes;
  auto http = provider::http_client::make(io, std::move(*where), std::move(limits));
  if (!http) return tl::unexpected(http.error());

  account shared;
  shared.who = {options.access_key_id, options.access_key_secret, options.security_token};
  shared.instance_id = options.instance_id;
  shared.is_v3 = options.signature == "v3";
  shared.sources = std::move(sources);
  if (!shared.sources.now_seconds) shared.sources.now_seconds = system_seconds;
  if (!shared.sources.nonce) shared.sources.nonce = signing::make_nonce;
  shared.cleaner = provider::text_cleaner({options.access_key_secret, options.security_token, options.access_key_id});
  return std::make_shared<outboundbot_client>(std::move(*http), std::move(shared));
}

}  // namespace waihu
