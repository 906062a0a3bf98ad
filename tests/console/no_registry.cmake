# Fails where a lock file says from where packages come: cmake -DFILE=package-lock.json -P no_registry.cmake
file(READ ${FILE} text)
if(text MATCHES "\"resolved\"")
  message(FATAL_ERROR "${FILE} names a registry; write it again with the .npmrc beside it in force")
endif()
