// Reads the captured requests of real clients and turns them into what the signing library takes.
#pragma once

#include <string>
#include <vector>

#include "provider/signing.hpp"

namespace waihu::testing {

/// One capture of tests/provider/captures, or one published known-answer vector.
struct capture {
  std::string name;
  bool is_v3{};
  bool has_logical_request{};  ///< False for known-answer vectors.
  signing::received_request request;
  signing::credentials who;
  std::string action;
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;
};

/// Folder of the tests' files; ends in '/'.
std::string provider_test_folder();
std::string read_whole_file(const std::string& path);
/// Every capture and vector; fails the running test when a file cannot be read.
std::vector<capture> load_captures();

}  // namespace waihu::testing
