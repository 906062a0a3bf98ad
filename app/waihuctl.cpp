// waihuctl: the command line. Reads arguments and hands over to app/ctl; decides nothing itself.
#include "app/ctl/command_line.hpp"

int main(int argc, char** argv) { return waihu::ctl::run(argc, argv); }
