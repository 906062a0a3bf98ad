// leads/import: formats, rows that are wrong, duplicates, and files meant to do harm.
#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <sstream>

#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_import : public server_test {
 public:
  static std::string fixture(const std::string& name) {
    std::ifstream in(std::string(WAIHU_HTTP_FIXTURES) + name, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    EXPECT_FALSE(out.str().empty()) << name;
    return out.str();
  }
  static std::string form_of(const std::string& filename, const std::string& content,
                             const std::string& field = "file") {
    return "--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--XX\r\nContent-Disposition: "
           "form-data; name=\"" +
           field + "\"; filename=\"" + filename + "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content +
           "\r\n--XX--\r\n";
  }
  reply upload(const std::string& filename, const std::string& content, const user_record& who) {
    return call(make_request("POST", "/api/leads/import",
                             {{"access-token", token_of(who)}, {"Content-Type", "multipart/form-data; boundary=XX"}},
                             form_of(filename, content)));
  }
  reply upload(const std::string& filename, const std::string& content) {
    return upload(filename, content, operator_a);
  }
};

TEST_F(http_import, TheFiftyFirstOtherOrganisationIsRefusedWithTheLimitNotAsUnknown) {
  std::string rows = "leads_id,organization_id\n";
  for (int i = 1; i <= 51; ++i) {
    query::create_organization other;
    other.name = "其他" + std::to_string(i);
    other.organization_id = "OTHER" + std::to_string(i);
    inside->run(other).value();
    rows += "Q" + std::to_string(i) + "," + other.organization_id + "\n";
  }
  rows += "Q52,OTHER7\n";
  const auto r = upload("a.csv", rows, admin);
  ASSERT_EQ(r.status, 200) << r.body;
  EXPECT_EQ(r.json().number("/data/success_count"), 51) << "the fifty, and one of them again";
  EXPECT_EQ(r.json().number("/data/error_count"), 1);
  EXPECT_EQ(r.json().text("/data/errors/0/leads_id"), "Q51");
  EXPECT_EQ(r.body.find("组织不存在"), std::string::npos) << r.body;
  EXPECT_NE(r.body.find("最多涉及 50 个其他组织"), std::string::npos) << r.body;
}

TEST_F(http_import, CsvInEachEncodingImportsTheSameLeads) {
  for (const auto* name : {"leads.csv", "leads_bom.csv", "leads_gb18030.csv"}) {
    query::create_organization made;
    made.name = name;
    made.organization_id = std::string("O") + std::to_string(std::string(name).size());
    inside->run(made).value();
    query::create_user q;
    q.username = name;
    q.phone = std::string("1390000") + std::to_string(1000 + std::string(name).size());
    q.dcc_user_org_id = made.organization_id;
    const auto user = inside->run(q).value();
    const auto r = upload(name, fixture(name), user);
    ASSERT_EQ(r.status, 200) << name << r.body;
    const auto j = r.json();
    EXPECT_EQ(j.number("/code"), 1000) << r.body;
    EXPECT_EQ(j.text("/message"), "导入完成: 成功 3 条, 失败 3 条, 跳过 1 条") << name;
    EXPECT_EQ(j.number("/data/success_count"), 3);
    EXPECT_EQ(j.number("/data/error_count"), 3);
    EXPECT_EQ(j.number("/data/skipped_count"), 1);
    EXPECT_EQ(j.number("/data/total_rows"), 7);
    EXPECT_EQ(j.text("/data/imported_leads/0/leads_user_name"), "王,小明") << name;
    EXPECT_EQ(j.text("/data/imported_leads/1/leads_user_phone"), "139 0013 9002");
    EXPECT_EQ(j.text("/data/errors/0/field"), "leads_id");
    EXPECT_EQ(j.number("/data/errors/1/row"), 6) << name;
    EXPECT_EQ(j.text("/data/errors/1/field"), "leads_user_phone");
    EXPECT_EQ(j.text("/data/errors/1/leads_id"), "C5");
    EXPECT_EQ(j.text("/data/errors/2/field"), "leads_create_time");
    query::lead_statistics stats;
    stats.organization_id = made.organization_id;
    stats.by = query::lead_statistics::grouping::product;
    bool has_quoted = false;
    const auto groups = inside->run(stats).value();
    for (const auto& g : groups) has_quoted = has_quoted || g.category == "SUV \"豪华\"";
    EXPECT_TRUE(has_quoted) << name;
  }
  // The column organization_id is ignored for everybody but administrators.
  EXPECT_EQ(get("/api/leads/count", operator_b).json().number("/data/total_count"), 0);
}

TEST_F(http_import, AnAdministratorsRowsMayNameAnotherOrganisation) {
  const auto r = upload("a.csv", "leads_id,organization_id\nQ1,ORGBBB\nQ2,NOSUCH\nQ3,\n", admin);
  EXPECT_EQ(r.json().number("/data/success_count"), 2) << r.body;
  EXPECT_EQ(r.json().text("/data/errors/0/field"), "organization_id");
  EXPECT_EQ(get("/api/leads/count", operator_b).json().text("/data/leads_ids/0"), "Q1");
}

TEST_F(http_import, XlsxGivesNumbersAsPlainTextAndKeepsRowNumbers) {
  const auto r = upload("线索.XLSX", fixture("leads.xlsx"));
  ASSERT_EQ(r.status, 200) << r.body;
  const auto j = r.json();
  EXPECT_EQ(j.number("/data/success_count"), 2) << r.body;
  EXPECT_EQ(j.text("/data/imported_leads/0/leads_user_name"), "张三");
  EXPECT_EQ(j.text("/data/imported_leads/0/leads_user_phone"), "13800138001");
  EXPECT_EQ(j.text("/data/imported_leads/1/leads_id"), "1002");
  EXPECT_EQ(j.text("/data/imported_leads/1/leads_user_phone"), "13800138002");
  EXPECT_EQ(j.number("/data/errors/0/row"), 7);
}

TEST_F(http_import, ImportingAgainSkipsEverythingAndSaysNothingWasImported) {
  upload("leads.csv", fixture("leads.csv"));
  const auto r = upload("leads.csv", fixture("leads.csv"));
  EXPECT_EQ(r.json().text("/status"), "error");
  EXPECT_EQ(r.json().number("/code"), 1002);
  EXPECT_EQ(r.json().text("/message"), "导入失败: 没有成功导入任何线索");
  EXPECT_EQ(r.json().number("/data/skipped_count"), 4);
}

TEST_F(http_import, TenThousandRowsGoToTheStoreInChunks) {
  std::string csv = "leads_id,leads_user_phone\n";
  for (int i = 0; i < 10'000; ++i) csv += "R" + std::to_string(i) + "," + std::to_string(13'800'000'000LL + i) + "\n";
  std::atomic<std::size_t> largest{0}, chunks{0};
  inside->on_query = [&](const store_query& q) -> std::optional<failure> {
    if (const auto* m = std::get_if<query::import_leads>(&q)) {
      ++chunks;
      largest = std::max(largest.load(), m->leads.size());
    }
    return std::nullopt;
  };
  const auto r = upload("many.csv", csv);
  EXPECT_EQ(r.json().number("/data/success_count"), 10'000) << r.body.substr(0, 300);
  EXPECT_EQ(r.json().size("/data/imported_leads"), 10);
  EXPECT_EQ(largest, 1000U);
  EXPECT_EQ(chunks, 10U);
}

TEST_F(http_import, OnlyTwentyErrorsAreShownAndAllAreCounted) {
  std::string csv = "leads_id,leads_user_phone\nOK,13800000000\n";
  for (int i = 0; i < 50; ++i) csv += "E" + std::to_string(i) + ",abc\n";
  csv += std::string(100, 'L') + ",13800000001\n";
  const auto r = upload("a.csv", csv);
  EXPECT_EQ(r.json().number("/data/error_count"), 51);
  EXPECT_EQ(r.json().size("/data/errors"), 20);
}

TEST_F(http_import, OtherFilesAreRefusedWithAReason) {
  const auto other = upload("a.txt", "x");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.json().number("/code"), 1003);
  EXPECT_EQ(other.json().text("/message").rfind("只支持Excel文件格式(.xlsx, .xls)", 0), 0U);
  const auto old = upload("a.xls", "\xD0\xCF\x11\xE0 old");
  EXPECT_EQ(old.status, 400);
  EXPECT_NE(old.json().text("/message").find(".xls"), std::string::npos);
  EXPECT_EQ(upload("a.xlsx", "\xD0\xCF\x11\xE0 encrypted").status, 400);
  EXPECT_EQ(upload("a.xlsx", "PK\x03\x04 broken").status, 400);
  EXPECT_EQ(upload("a.csv", "id,name\n1,2\n").status, 400);
  EXPECT_EQ(upload("a.csv", "").status, 400);
  EXPECT_EQ(upload("a.csv", std::string("leads_id\n\xff\xff\xff\xff\n")).status, 400);
}

TEST_F(http_import, BrokenFormsAre422AndOtherBodies415) {
  const auto send = [&](const std::string& type, const std::string& body) {
    return call(make_request("POST", "/api/leads/import",
                             {{"access-token", token_of(operator_a)}, {"Content-Type", type}}, body));
  };
  EXPECT_EQ(send("application/json", "{}").status, 415);
  EXPECT_EQ(send("multipart/form-data", "x").status, 422);
  EXPECT_EQ(send("multipart/form-data; boundary=XX", "--XX\r\n").status, 422);
  EXPECT_EQ(send("multipart/form-data; boundary=XX", form_of("a.csv", "x", "other")).status, 422);
}

TEST_F(http_import, AZipBombAndEntitiesAreRefused) {
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const auto r = upload("bomb.xlsx", fixture("bomb.xlsx"));
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(r.json().text("/message"), "Excel 文件解压后过大，已拒绝");
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  // 300 MiB would be unpacked; far less may be held.
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 100 * 1024);
  const auto entities = upload("entities.xlsx", fixture("entities.xlsx"));
  EXPECT_EQ(entities.status, 400);
}

TEST_F(http_import, AnAnnouncedTwoGigabytesAreRefusedBeforeTheyAreSent) {
  raw_client c(port());
  ASSERT_TRUE(c.send("POST /api/leads/import HTTP/1.1\r\nHost: x\r\naccess-token: " + token_of(operator_a) +
                     "\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: 2147483648\r\n\r\n"));
  const auto r = c.read();
  EXPECT_EQ(r.status, 413);
  EXPECT_EQ(r.json().number("/code"), 1003);
}

TEST_F(http_import, AChunkedUploadIsCutAtTheLimit) {
  options.http.import_limit_bytes = 1 << 20;
  raw_client c(port());
  ASSERT_TRUE(c.send("POST /api/leads/import HTTP/1.1\r\nHost: x\r\naccess-token: " + token_of(operator_a) +
                     "\r\nContent-Type: multipart/form-data; boundary=XX\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const auto chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
  int sent = 0;
  while (sent < 20 && c.send(chunk)) ++sent;
  EXPECT_EQ(c.read().status, 413);
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(http_import, ABigUploadWithoutATokenIsRefusedUnread) {
  raw_client c(port());
  ASSERT_TRUE(
      c.send("POST /api/leads/import HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
             "Content-Length: 30000000\r\n\r\n"));
  EXPECT_EQ(c.read().status, 401);
}

TEST_F(http_import, UploadsAtOnceAreLimited) {
  raw_client a(port()), b(port());
  const auto head =
      "POST /api/leads/import HTTP/1.1\r\nHost: x\r\naccess-token: " + token_of(operator_a) +
      "\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: 30000000\r\nExpect: 100-continue\r\n\r\n";
  for (auto* c : {&a, &b}) {
    ASSERT_TRUE(c->send(head));
    EXPECT_EQ(c->read_head().status, 100);
  }
  raw_client third(port());
  ASSERT_TRUE(third.send(head));
  const auto r = third.read();
  EXPECT_EQ(r.status, 503);
  EXPECT_FALSE(r.header("retry-after").empty());
}

TEST_F(http_import, AStoreThatIsDownHalfwayIs503AndRepeatingIsSafe) {
  std::string csv = "leads_id\n";
  for (int i = 0; i < 2'500; ++i) csv += "R" + std::to_string(i) + "\n";
  std::atomic<int> calls{0};
  inside->on_query = [&](const store_query& q) -> std::optional<failure> {
    if (std::holds_alternative<query::import_leads>(q) && ++calls == 2)
      return failure{errc::unavailable, "down", "", 0};
    return std::nullopt;
  };
  EXPECT_EQ(upload("a.csv", csv).status, 503);
  const auto again = upload("a.csv", csv);
  EXPECT_EQ(again.json().number("/data/success_count"), 1'500);
  EXPECT_EQ(again.json().number("/data/skipped_count"), 1'000);
}

}  // namespace
}  // namespace waihu::test
