# waihud, the daemon. node.* is the composition root.
pkg_check_modules(LIBSYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
waihu_library(node SOURCES
  actor_backend.cpp
  node.cpp
  node_watch.cpp
  readiness.cpp
  LINKS waihu::actors waihu::cluster waihu::http waihu::persistence waihu::provider waihu::console)
add_executable(waihud waihud.cpp)
target_link_libraries(waihud PRIVATE waihu::node PkgConfig::LIBSYSTEMD)
waihu_unoptimised(waihu_node waihud)
