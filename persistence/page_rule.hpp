// Which page of a list is answered for the one that was asked for. Both stores use it, so that a page does not depend
// on the store.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "messages/model/queries.hpp"

namespace waihu {

/// The page that is answered, its items still missing: the size within 1..500; a page past the end is the last page,
/// and an empty list has page 1.
template <class T>
query::page_of<T> page_for(const query::page_request& asked, std::int64_t total) {
  query::page_of<T> page;
  page.total = total;
  page.page_size = std::clamp(asked.page_size, 1, 500);
  const auto last = std::max<std::int64_t>(1, (total + page.page_size - 1) / page.page_size);
  page.page = static_cast<int>(std::clamp<std::int64_t>(asked.page, 1, last));
  return page;
}

/// How many items of the list come before the page.
template <class T>
std::int64_t offset_of(const query::page_of<T>& page) {
  return static_cast<std::int64_t>(page.page - 1) * page.page_size;
}

/// The page of a list that is whole in memory.
template <class T>
query::page_of<T> cut_page(std::vector<T> all, const query::page_request& asked) {
  auto page = page_for<T>(asked, static_cast<std::int64_t>(all.size()));
  const auto begin = static_cast<std::size_t>(offset_of(page));
  const auto end = std::min(all.size(), begin + static_cast<std::size_t>(page.page_size));
  for (auto i = begin; i < end; ++i) page.items.push_back(std::move(all[i]));
  return page;
}

}  // namespace waihu
