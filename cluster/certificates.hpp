// What links between nodes rest on: this node's certificate, its key, and the authority that signed every node's. They
// are checked before CAF sees them: of a file that it cannot use CAF says nothing until somebody connects, and then the
// process ends. Shows nothing of OpenSSL.
#pragma once

#include "config/options.hpp"
#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"

namespace waihu::cluster {

/// Checks `cluster.certificate`, `cluster.key` and `cluster.ca`: all there and readable, the key is the certificate's,
/// the authority signed it, and it is good now, as a server's and as a client's. Answers until when the certificate is
/// good. invalid_argument names the setting, the file and the cure. Blocks on the files.
result<wall_time> check_certificates(const config::cluster_options& options);

}  // namespace waihu::cluster
