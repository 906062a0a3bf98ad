// The grammar of waihuctl's command line.
#pragma once

namespace waihu::ctl {

/// Parses the arguments, runs the one command they name, answers the exit code. Faulty arguments: bad_usage and a text
/// on standard error.
int run(int argc, const char* const* argv);

}  // namespace waihu::ctl
