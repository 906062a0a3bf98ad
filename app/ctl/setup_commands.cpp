// setup, config: the two that talk to no daemon.
#include <fstream>
#include <iostream>

#include "app/ctl/command_support.hpp"
#include "app/ctl/credentials.hpp"
#include "config/describe.hpp"
#include "config/load.hpp"
#include "http/account_rules.hpp"
#include "http/body_fields.hpp"
#include "http/password.hpp"
#include "persistence/migrate.hpp"
#include "persistence/postgres_store.hpp"

namespace waihu::ctl {

namespace {

int report_faults(const config::load_outcome& loaded) {
  for (const auto& fault : loaded.faults) std::cerr << config::to_string(fault) << '\n';
  std::cerr << loaded.faults.size() << (loaded.faults.size() == 1 ? " fault\n" : " faults\n");
  return bad_usage;
}

/// The organisation as it is in the store afterwards.
result<std::string> ensure_organization(store& s, const setup_request& wanted) {
  if (!wanted.organization_id.empty()) {
    query::organization_by_id find;
    find.organization_id = wanted.organization_id;
    const auto known = s.run(find);
    if (known) return known->organization_id;
    if (known.error().code != errc::not_found) return tl::unexpected<failure>(known.error());
  }
  query::create_organization create;
  create.name = wanted.organization;
  create.organization_id = wanted.organization_id.empty() ? http::fresh_organization_id() : wanted.organization_id;
  const auto made = s.run(create);
  if (made) return made->organization_id;
  if (made.error().code == errc::conflict)
    return fail(errc::conflict, "an organisation with that name is there already; give its id by --organization-id");
  return tl::unexpected<failure>(made.error());
}

/// False when the user was there already.
result<bool> ensure_user(store& s, const setup_request& wanted, const std::string& organization) {
  query::user_by_name find;
  find.username = wanted.username;
  const auto known = s.run(find);
  if (known) {
    if (known->dcc_user_org_id == organization) return false;
    return fail(errc::conflict, "user " + wanted.username + " is there already, in another organisation");
  }
  if (known.error().code != errc::not_found) return tl::unexpected<failure>(known.error());
  const auto password = read_password(wanted.password_file, "Password for " + wanted.username + ": ");
  if (!password) return tl::unexpected<failure>(password.error());
  if (http::length_in_characters(password->reveal()) < http::least_password_length)
    return fail(errc::invalid_argument,
                "the password must have at least " + std::to_string(http::least_password_length) + " characters");
  auto hash = http::hash_password(password->reveal());
  if (!hash) return tl::unexpected<failure>(hash.error());
  query::create_user create;
  create.username = wanted.username;
  create.password_hash = std::move(*hash);
  create.phone = wanted.phone;
  create.organization_id = organization;
  create.dcc_user = wanted.username;
  create.dcc_user_org_id = organization;
  create.role = parse_user_role(wanted.role).value_or(user_role::viewer);  // the command line takes no other word
  const auto made = s.run(create);
  if (made) return true;
  if (made.error().code == errc::conflict)
    return fail(errc::conflict, "the " + made.error().vendor_code + " is taken by another user");
  return tl::unexpected<failure>(made.error());
}

}  // namespace

int run_setup(const setup_request& s) {
  const auto loaded = config::load({s.config_file, config::process_environment(), s.sets, {"store"}});
  if (!loaded.ok()) return report_faults(loaded);
  const auto migrated = migrate(loaded.value.store);
  if (!migrated) return report_store(migrated.error());
  std::cout << "schema: " << *migrated << " migrations applied\n";
  const auto session = make_postgres_store_factory(loaded.value.store)();
  const auto organization = ensure_organization(*session, s);
  if (!organization) return report_store(organization.error());
  std::cout << "organisation: " << *organization << '\n';
  const auto is_new = ensure_user(*session, s, *organization);
  if (!is_new) return report_store(is_new.error());
  std::cout << "user: " << s.username << (*is_new ? " made" : " was there already") << '\n';
  return done;
}

int run_config(const std::string& what, const std::string& file, const std::vector<std::string>& sets) {
  if (what == "example") {
    std::cout << config::example_toml();
  } else if (what == "reference") {
    std::cout << config::reference_markdown();
  } else {
    const auto loaded = config::load({file, config::process_environment(), sets, {}});
    if (!loaded.ok()) return report_faults(loaded);
    std::cout << config::describe(loaded.value);
  }
  return done;
}

}  // namespace waihu::ctl
