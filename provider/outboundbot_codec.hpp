// Translation between our terms (messages/model/voice.hpp) and OutboundBot's parameters and answers. Pure: no network,
// no clock. The wire names are a contract; those that differ between operations are noted where they are read.
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

#include "messages/model/failure.hpp"
#include "messages/model/voice.hpp"
#include "provider/percent_coding.hpp"

namespace waihu::provider::outboundbot {

/// One JobsJson element: a job with one contact.
std::string job_json(const job_order& order);
/// `prefix.1`, `prefix.2`, ... appended to `out`.
void append_list(signing::parameters& out, std::string_view prefix, const std::vector<std::string>& values);

/// The decoders take a parsed good answer. They fail with errc::malformed where what was asked for is not in it.
result<std::string> read_created_group(const rapidjson::Document& doc);
result<assigned_jobs> read_assigned_jobs(const rapidjson::Document& doc);
result<provider_page<job_group>> read_group_page(const rapidjson::Document& doc);
result<job_group_progress> read_group_progress(const rapidjson::Document& doc);
/// `body` is the text that `doc` was parsed from: conversations are cut out of it byte for byte.
result<std::vector<job_snapshot>> read_jobs(const rapidjson::Document& doc, std::string_view body);
result<job_snapshot> read_job(const rapidjson::Document& doc, std::string_view body);
/// `job_group_id` is what was asked for; the rows do not always repeat it.
result<provider_page<job_snapshot>> read_jobs_by_group(const rapidjson::Document& doc, const std::string& job_group_id);
result<provider_page<job_snapshot>> read_job_results(const rapidjson::Document& doc, const std::string& job_group_id);
/// not_found when there is no URL (yet).
result<recording_link> read_recording(const rapidjson::Document& doc);

}  // namespace waihu::provider::outboundbot
