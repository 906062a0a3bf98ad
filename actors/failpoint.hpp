// Places where a test may kill the daemon: between two steps whose order decides that nobody is called twice. Compiled
// in only with WAIHU_FAILPOINTS (the dev preset); elsewhere a call of it is nothing.
#pragma once

namespace waihu {

#ifdef WAIHU_FAILPOINTS
/// Ends the process at once, as kill -9 would, when the environment says WAIHU_FAILPOINT=<name>:<n> and this is the
/// n-th time the place is passed.
void failpoint(const char* name) noexcept;
#else
inline void failpoint(const char*) noexcept {}
#endif

}  // namespace waihu
