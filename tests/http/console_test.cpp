#include "http/console.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "http/compression.hpp"

namespace waihu::http {
namespace {

request get(std::string path, std::vector<name_value> headers = {}) {
  request r;
  r.method = "GET";
  r.path = std::move(path);
  r.headers = std::move(headers);
  return r;
}

std::string header_of(const response& r, std::string_view name) {
  for (const auto& [n, v] : r.headers)
    if (n == name) return v;
  return {};
}

const name_value browser{"accept", "text/html,application/xhtml+xml,*/*;q=0.8"};
const name_value packs{"accept-encoding", "gzip, br"};

class Console : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("waihu-console-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "dist/assets");
    write("dist/index.html", page_);
    write("dist/assets/app-12345678.js", "export {}");
    write("secret", "not for the world");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  [[nodiscard]] console of_folder() const { return console::of_folder((folder_ / "dist").string()).value(); }

  const std::string page_ = "<!doctype html><title>外呼</title>" + std::string(2'000, ' ');
  const std::string packed_ = gzip(page_).value();
  const packed_file files_[2]{{"/index.html", packed_, "W/\"1\""}, {"/assets/app-12345678.js", packed_, "W/\"2\""}};
  const console in_program_ = console::of(files_);
  std::filesystem::path folder_;
};

TEST_F(Console, APackedFileGoesOutAsItIsToWhoTakesItAndUnpackedToOthers) {
  const auto as_it_is = in_program_.answer(get("/", {packs}));
  ASSERT_TRUE(as_it_is);
  EXPECT_EQ(as_it_is->body, packed_);
  EXPECT_EQ(header_of(*as_it_is, "Content-Encoding"), "gzip");
  EXPECT_EQ(header_of(*as_it_is, "Vary"), "Accept-Encoding");
  const auto plain = in_program_.answer(get("/"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->body, page_);
  EXPECT_EQ(header_of(*plain, "Content-Encoding"), "");
  EXPECT_EQ(plain->content_type, "text/html; charset=utf-8");
}

TEST_F(Console, OnlyThePageHasAPolicyAndItAllowsNothingInline) {
  const auto policy = header_of(*in_program_.answer(get("/")), "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(header_of(*in_program_.answer(get("/assets/app-12345678.js")), "Content-Security-Policy"), "");
}

TEST_F(Console, BuiltFilesAreKeptForGoodAndThePageIsAskedForAgain) {
  EXPECT_NE(header_of(*in_program_.answer(get("/assets/app-12345678.js")), "Cache-Control").find("immutable"),
            std::string::npos);
  EXPECT_EQ(header_of(*in_program_.answer(get("/")), "Cache-Control"), "no-cache");
  const auto known = in_program_.answer(get("/", {{"if-none-match", "W/\"1\""}}));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->status, 304);
  EXPECT_TRUE(known->body.empty());
}

TEST_F(Console, APathThatABrowserGoesToIsThePageButNoOtherUnknownPathIs) {
  EXPECT_TRUE(in_program_.answer(get("/leads", {browser})));
  EXPECT_FALSE(in_program_.answer(get("/leads"))) << "a program asks, which shall be told 404";
  EXPECT_FALSE(in_program_.answer(get("/api/nothing", {browser})));
  EXPECT_FALSE(in_program_.answer(get("/assets/gone-1.js", {browser}))) << "a page in place of a script says nothing";
  auto post = get("/leads", {browser});
  post.method = "POST";
  EXPECT_FALSE(in_program_.answer(post));
}

TEST_F(Console, WithoutAConsoleNoPathIsItsOwn) {
  EXPECT_FALSE(console::of({}).answer(get("/", {browser})));
  EXPECT_FALSE(console().answer(get("/", {browser})));
}

TEST_F(Console, AFolderIsReadAnewEachTime) {
  const auto served = of_folder();
  EXPECT_EQ(served.answer(get("/"))->body, page_);
  write("dist/index.html", "changed");
  EXPECT_EQ(served.answer(get("/"))->body, "changed");
  EXPECT_EQ(served.answer(get("/assets/app-12345678.js"))->content_type, "text/javascript; charset=utf-8");
}

TEST_F(Console, NothingOutsideItsFolderIsServed) {
  const auto served = of_folder();
  std::filesystem::create_symlink(folder_ / "secret", folder_ / "dist/link");
  std::filesystem::create_directories(folder_ / "dist-private");
  write("dist-private/key", "not for the world");
  for (const auto* path :
       {"/../secret", "/assets/../../secret", "/link", "//etc/passwd", "/../dist-private/key", "/assets"})
    EXPECT_FALSE(served.answer(get(path))) << path;
}

TEST_F(Console, AFolderWithoutAPageIsRefusedWithItsSettingAndTheCure) {
  const auto refused = console::of_folder((folder_ / "dist/assets").string());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::invalid_argument);
  EXPECT_NE(refused.error().message.find("http.web_root"), std::string::npos);
  EXPECT_NE(refused.error().message.find("npm run build"), std::string::npos);
}

TEST(Gunzip, GivesBackWhatWasPackedAndRefusesTheRest) {
  const std::string text(200'000, 'x');
  const auto packed = gzip(text).value();
  EXPECT_EQ(gunzip(packed, text.size()), text);
  EXPECT_FALSE(gunzip(packed, text.size() - 1)) << "more than allowed";
  EXPECT_FALSE(gunzip(packed.substr(0, packed.size() - 1), text.size())) << "cut";
  EXPECT_FALSE(gunzip(packed + "x", text.size())) << "something behind it";
  EXPECT_FALSE(gunzip("no gzip", 100));
}

}  // namespace
}  // namespace waihu::http
