// import, scenes, create-scene, tasks, create, start, suspend, resume, diagnose.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "app/ctl/command_support.hpp"
#include "app/ctl/display_text.hpp"
#include "app/ctl/table.hpp"
#include "app/ctl/task_progress.hpp"

namespace waihu::ctl {

namespace {

constexpr std::size_t max_import_bytes = 64U << 20U;

/// `data` as JSON, or the table.
int show(const global_options& g, const api_answer& answer, const table& t) {
  if (wants(g, "json")) std::cout << to_json(answer.data()) << '\n';
  else std::cout << (wants(g, "csv") ? format_csv(t) : format_table(t));
  return done;
}

/// Opens the API, posts, and reports or uses the answer.
int post(const global_options& g, const char* target, const json_object& body,
         const std::function<int(const api_answer&)>& use) {
  auto api = open_api(g);
  if (!api) return report(api.error());
  return with_answer(api->post(target, body.text()), use);
}

/// Prints JSON where it was asked for, else the line.
int tell(const global_options& g, const api_answer& answer, const std::string& line) {
  std::cout << (wants(g, "json") ? to_json(answer.data()) : line) << '\n';
  return done;
}

}  // namespace

int run_import(const global_options& g, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return report(failure{errc::invalid_argument, "cannot read " + file, "", 0});
  std::string content(max_import_bytes + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > max_import_bytes)
    return report(failure{errc::invalid_argument, file + " is longer than 64 MiB", "", 0});
  auto api = open_api(g);
  if (!api) return report(api.error());
  const auto name = std::filesystem::path(file).filename().string();
  const auto answer = api->upload("/api/leads/import", name, content);
  if (!answer) return report(answer.error());
  const auto& data = answer->data();
  if (wants(g, "json")) {
    std::cout << to_json(data) << '\n';
  } else if (data.IsObject()) {
    std::cout << "rows " << number_of(data, "total_rows") << ", imported " << number_of(data, "success_count")
              << ", skipped " << number_of(data, "skipped_count") << ", faulty " << number_of(data, "error_count")
              << '\n';
    const auto& errors = member(data, "errors");
    if (errors.IsArray())
      for (const auto& e : errors.GetArray()) std::cout << "  " << printable(text_of(e)) << '\n';
  }
  // a file whose rows are all known already is no failure for whoever imports it again
  const bool nothing_new = number_of(data, "skipped_count") > 0;
  return answer->is_success() || nothing_new ? static_cast<int>(done) : report(*answer);
}

int run_scenes(const global_options& g) {
  auto api = open_api(g);
  if (!api) return report(api.error());
  return with_answer(api->get("/api/scenes"), [&](const api_answer& answer) {
    table t{{"script_id", "name", "type", "bot", "tags"}, {}};
    if (answer.data().IsArray())
      for (const auto& s : answer.data().GetArray()) {
        const auto& tags = member(s, "scene_tags");
        t.rows.push_back({text_of(s, "script_id"), text_of(s, "scene_name"),
                          number_of(s, "scene_type") == 1 ? "official" : "custom", text_of(s, "bot_name"),
                          std::to_string(tags.IsArray() ? tags.Size() : 0)});
      }
    return show(g, answer, t);
  });
}

int run_create_scene(const global_options& g, const new_scene& s) {
  json_object body;
  body.add("scene_name", s.name).add("scene_detail", s.detail).add("bot_name", s.bot_name);
  body.add("scene_type", static_cast<std::int64_t>(s.type));
  if (!s.target.empty()) body.add("dialogue_target", s.target);
  if (!s.opening.empty()) body.add("dialogue_opening_prompt", s.opening);
  return post(g, "/api/create_scene", body,
              [&](const api_answer& answer) { return tell(g, answer, text_of(answer.data(), "script_id")); });
}

int run_create(const global_options& g, const new_task& t) {
  json_object filter;
  filter.add("leads_type", t.types).add("leads_product", t.products);
  json_object body;
  body.add("task_name", t.name).add("script_id", t.script_id).add_object("size_desc", filter);
  return post(g, "/api/create-autoCall-tasks", body, [&](const api_answer& answer) {
    const auto& skipped = member(answer.data(), "skipped");
    return tell(g, answer,
                "task " + text_of(answer.data(), "task_id") + " with " + text_of(answer.data(), "leads_count") +
                    " calls; left out: " + std::to_string(number_of(skipped, "invalid_phone")) + " without a number, " +
                    std::to_string(number_of(skipped, "duplicate_phone")) + " with a number called already, " +
                    std::to_string(number_of(skipped, "do_not_call")) + " not to be called");
  });
}

int run_start(const global_options& g, std::int64_t task) {
  json_object body;
  body.add("task_id", task);
  return post(g, "/api/start-call-task", body, [&](const api_answer& answer) {
    return tell(g, answer,
                "task " + std::to_string(task) + " is calling; " +
                    std::to_string(number_of(answer.data(), "received_jobs_count")) + " of " +
                    std::to_string(number_of(answer.data(), "leads_count")) + " acknowledged so far");
  });
}

int run_suspend_resume(const global_options& g, std::int64_t task, const std::string& action) {
  json_object body;
  body.add("task_id", task).add("action", action);
  return post(g, "/api/suspend-resume-task", body, [&](const api_answer& answer) {
    return tell(g, answer,
                "task " + std::to_string(task) + " is " + task_type_words(number_of(answer.data(), "task_type")));
  });
}

int run_tasks(const global_options& g) {
  constexpr std::int64_t most_pages = 200;
  auto api = open_api(g);
  if (!api) return report(api.error());
  table t{{"task", "name", "state", "calls", "created"}, {}};
  std::string json;
  for (std::int64_t page = 1, pages = 1; page <= pages; ++page) {
    const auto answer = api->get("/api/task_list?page_size=100&page=" + std::to_string(page));
    if (!answer) return report(answer.error());
    if (!answer->is_success()) return report(*answer);
    const auto& items = member(answer->data(), "items");
    if (items.IsArray())
      for (const auto& i : items.GetArray()) {
        t.rows.push_back({text_of(i, "id"), text_of(i, "task_name"), task_type_words(number_of(i, "task_type")),
                          text_of(i, "leads_count"), text_of(i, "create_time")});
        json += (json.empty() ? "" : ",") + to_json(i);
      }
    pages = std::min(most_pages, number_of(member(answer->data(), "pagination"), "total_pages"));
  }
  if (wants(g, "json")) std::cout << '[' << json << "]\n";
  else std::cout << (wants(g, "csv") ? format_csv(t) : format_table(t));
  return done;
}

int run_diagnose(const global_options& g, std::int64_t task) {
  json_object body;
  body.add("task_id", task);
  return post(g, "/api/diagnose-task", body, [&](const api_answer& answer) {
    const auto& data = answer.data();
    const auto& stats = member(data, "stats");
    table t{{"what", "value"}, {}};
    t.rows = {{"task", text_of(data, "task_id") + " " + text_of(data, "task_name")},
              {"state", task_type_words(number_of(data, "task_type"))},
              {"job group", text_of(data, "job_group_id")},
              {"being worked on", text_of(data, "is_processing")},
              {"owner", text_of(data, "owner_node") + " epoch " + text_of(data, "epoch")},
              {"last error", text_of(data, "last_error")}};
    if (stats.IsObject())
      for (const auto& s : stats.GetObject()) t.rows.push_back({s.name.GetString(), text_of(s.value)});
    const auto& reasons = member(data, "reasons");
    if (reasons.IsArray())
      for (const auto& r : reasons.GetArray()) t.rows.push_back({"waits for", text_of(r)});
    return show(g, answer, t);
  });
}

}  // namespace waihu::ctl
