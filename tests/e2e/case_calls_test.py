"""Calls to the parties of mediation cases, through HTTP, against waihu-sim: how they begin, go on and end."""
import json
import unittest

from harness import Scenario, wait_for

STAGES = ("intent_survey", "fact_finding", "material_verify", "agreement", "follow_up")
SCRIPTS = ",".join(f"{stage}.{party}={stage}-{party}" for stage in STAGES for party in ("applicant", "respondent"))
PREFIX = "/api/v1/outbound-bot"


class CaseScenario(Scenario):
    overrides = {"cases.scripts": SCRIPTS, "cases.look_interval_ms": 300, "cases.place_budget_ms": 5000}

    def begin(self):
        self.set_up_organization()
        self.daemon.start()
        self.login()

    def put_case(self, case_id, parties=2, stage=14):
        body = {"mediationId": 20, "mediationType": 1, "stage": stage,
                "parties": [self.party(case_id, n) for n in range(parties)]}
        status, answer = self.api("PUT", f"{PREFIX}/cases/{case_id}", body)
        self.assertEqual(status, 200, answer)

    @staticmethod
    def party(case_id, n):
        return {"personId": f"{case_id}-{n}", "name": "张三", "phoneNumber": f"139{int(case_id[1:]):06d}{n:02d}", "personType": n % 2}

    def call(self, case_id, person=""):
        status, answer = self.api("POST", f"{PREFIX}/call-v2", {"caseId": case_id, "mediationId": "20",
                                                               "callAuto": 1 if person else 0, "callPersonId": person})
        self.assertEqual((status, answer["code"]), (201, 201), answer)
        self.assertEqual(answer["message"], "外呼请求处理完成")
        return answer["data"]

    def status(self, **wanted):
        query = "&".join(f"{name}={value}" for name, value in wanted.items())
        return self.api("GET", f"{PREFIX}/status?{query}")

    def is_over(self, entry):
        status, answer = self.status(jobId=entry["jobId"])
        self.assertEqual(status, 200, answer)
        return answer["data"]["callStatus"] in ("Succeeded", "Failed", "Cancelled")

    def dialled(self):
        """How often each number was taken by the provider."""
        jobs = self.sim.get("/sim/jobs?format=json&limit=100000")
        numbers = [job["phone"] for job in (jobs if isinstance(jobs, list) else jobs["jobs"])]
        return {number: numbers.count(number) for number in numbers}


class Calls(CaseScenario):
    sim_flags = ("--mix", "connected=1", "--late-conversation-share", "0", "--late-answer-share", "0")

    def test_the_first_visit_calls_every_party_and_a_refresh_finds_the_same_calls(self):
        self.begin()
        self.put_case("C1")
        entries = self.call("C1")
        self.assertEqual([entry["errorCode"] for entry in entries], [0, 0], entries)
        self.assertEqual([entry["personId"] for entry in entries], ["C1-0", "C1-1"])
        for entry in entries:
            self.assertTrue(entry["jobId"] and entry["jobGroupId"], entry)
            self.assertEqual((entry["nodeId"], entry["taskName"], entry["mediationId"]), (5, "履约回访", 20))
        self.assertEqual(entries[1]["scriptId"], "follow_up-respondent")
        again = self.call("C1")
        if any(self.is_over(entry) for entry in entries):
            self.skipTest("the calls were over before they were asked for again")  # a machine that stood still
        self.assertEqual([(e["id"], e["jobId"]) for e in again], [(e["id"], e["jobId"]) for e in entries])
        self.assertEqual(set(self.dialled().values()), {1})

    def test_a_call_is_followed_to_its_end_with_conversation_and_recording(self):
        self.begin()
        self.put_case("C2")
        entries = self.call("C2")
        wait_for("both are over", lambda: all(self.is_over(entry) for entry in entries), 60)
        answer = self.status(caseRef="C2", phoneNumber=self.party("C2", 0)["phoneNumber"])[1]
        self.assertEqual(answer["message"], "查询成功")
        self.assertEqual(answer["data"]["callStatusText"], "已完成")
        log = self.api("GET", f"{PREFIX}/conversation-log?caseId=C2")[1]["data"]
        self.assertEqual(len(log), 2)
        for entry in log:
            self.assertEqual((entry["callType"], entry["callStatus"]), ("follow_up", "Succeeded"))
            self.assertIsInstance(json.loads(entry["conversations"]), list)
        stored = self.postgres.sql("select string_agg(call_conversation, '' order by id desc) from leads_task_list",
                                   self.store_url)
        self.assertEqual("".join(entry["conversations"] for entry in log), stored, "exactly as received")

        def recorded():
            return all(entry["recordUrl"] for entry in self.api("GET", f"{PREFIX}/conversation-log?caseId=C2")[1]["data"])
        wait_for("the recordings can be fetched", recorded, 60, 0.25)
        wait_for("the task is over", lambda: self.postgres.sql(
            "select count(*) from call_tasks where task_type = 4 and origin = 'case'", self.store_url) == "2", 60, 0.25)
        self.assertEqual(self.postgres.sql("select count(*) from dcc_leads_follow", self.store_url), "0")
        self.assertEqual(self.ok("GET", "/api/tasks"), [], "no list of campaigns shows it")

    def test_a_round_waits_for_its_time(self):
        self.begin()
        self.put_case("C3", parties=1)
        first = self.call("C3")
        wait_for("it is over", lambda: self.is_over(first[0]), 60)
        again = self.call("C3")[0]
        self.assertEqual(again["errorCode"], 1001, again)
        self.assertEqual(again["callInterval"], 30)
        self.assertRegex(again["startTime"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.assertEqual(set(self.dialled().values()), {1})

    def test_several_parties_and_one_that_cannot_be_called(self):
        self.begin()
        body = {"mediationId": 20, "mediationType": 1, "stage": 11,
                "parties": [self.party("C4", 0), {**self.party("C4", 1), "phoneNumber": "123"}, self.party("C4", 2)]}
        self.assertEqual(self.api("PUT", f"{PREFIX}/cases/C4", body)[0], 200)
        entries = self.call("C4")
        self.assertEqual([entry["errorCode"] == 0 for entry in entries], [True, False, True], entries)
        self.assertIn("号码", entries[1]["message"])
        self.assertEqual(len(self.dialled()), 2)

    def test_what_the_provider_refuses_names_its_cause_and_may_be_tried_again(self):
        self.begin()
        self.put_case("C5")
        self.sim.fault(action="CreateJobGroup", effect="error", status=400, code="InvalidScript", message="场景不存在")
        entries = self.call("C5")
        self.assertTrue(all(entry["errorCode"] not in (0, 1001, 1002) for entry in entries), entries)
        self.assertTrue(all("场景不存在" in entry["message"] for entry in entries), entries)
        self.sim.clear_faults()
        entries = self.call("C5")
        self.assertEqual([entry["errorCode"] for entry in entries], [0, 0], entries)
        self.assertEqual(set(self.dialled().values()), {1})

    def test_one_persons_refusal_hides_nobody(self):
        self.begin()
        self.put_case("C6")
        self.sim.fault(action="AssignJobs", when={"nth": 1}, effect="error", status=400, code="InvalidParameter", message="号码不支持")
        entries = self.call("C6")
        self.assertEqual(sorted(entry["errorCode"] == 0 for entry in entries), [False, True], entries)
        refused = next(entry for entry in entries if entry["errorCode"] != 0)
        self.assertIn("号码不支持", refused["message"])

    def test_a_call_can_be_cancelled_and_remarked(self):
        self.sim.close()
        from harness import Simulator
        self.sim = Simulator(self.folder, "--speed", "1", "--scheduling-min-ms", "600000", "--scheduling-max-ms", "600000")
        self.daemon.flags.append(f"--set=provider.endpoint={self.sim.url}")
        self.begin()
        self.put_case("C7", parties=1)
        entry = self.call("C7")[0]
        status, answer = self.api("PUT", f"{PREFIX}/task/{entry['jobId']}", {"remark": "请稍后联系"})
        self.assertEqual(status, 200, answer)
        status, answer = self.api("POST", f"{PREFIX}/task/{entry['jobId']}/cancel", {"reason": "当事人要求"})
        self.assertEqual(status, 200, answer)
        wait_for("it is cancelled", lambda: self.status(jobId=entry["jobId"])[1]["data"]["callStatusText"] == "已取消", 30)
        detail = self.api("GET", f"{PREFIX}/task/{entry['jobId']}")[1]["data"]
        self.assertEqual(detail["remark"], "请稍后联系；取消原因：当事人要求")


class Endings(CaseScenario):
    overrides = {**CaseScenario.overrides, "cases.deadline_s": 3, "supervisor.sweep_interval_s": 600}
    sim_flags = ("--speed", "1", "--scheduling-min-ms", "3600000", "--scheduling-max-ms", "3600000")

    def parked(self, reason):
        return self.postgres.sql(f"select count(*) from leads_task_list where phase = 'parked' and parked_reason = '{reason}'",
                                 self.store_url) == "1"

    def test_following_ends_at_its_deadline(self):
        self.begin()
        self.put_case("C8", parties=1)
        entry = self.call("C8")[0]
        wait_for("it is given up", lambda: self.parked("timeout"), 30, 0.25)
        self.assertEqual(self.call("C8")[0]["id"], entry["id"], "it may still ring: nobody is called again")
        self.assertEqual(set(self.dialled().values()), {1})

    def test_ten_failed_looks_in_a_row_end_it_and_one_that_succeeds_begins_anew(self):
        self.daemon.flags += ["--set=cases.deadline_s=3600", "--set=provider.breaker_window=1000",
                              "--set=provider.breaker_consecutive=1000", "--set=provider.read_tries=1"]
        self.begin()
        self.put_case("C9", parties=1)
        entry = self.call("C9")[0]
        self.sim.fault(action="ListJobs", when={"count": 9}, effect="error", status=500, code="InternalError", message="内部错误")
        wait_for("nine looks failed", lambda: self.sim.get("/sim/faults")[0]["hits"] == 9
                 if isinstance(self.sim.get("/sim/faults"), list) else True, 30)
        self.assertFalse(self.parked("unreachable"))
        self.sim.clear_faults()
        wait_for("it answers", lambda: self.status(jobId=entry["jobId"])[1]["data"]["callStatusText"] == "拨号中", 30)
        self.sim.fault(action="ListJobs", effect="error", status=500, code="InternalError", message="内部错误")
        wait_for("it is given up", lambda: self.parked("unreachable"), 60, 0.25)
        self.assertIn("获取通话状态失败", self.postgres.sql(
            "select string_agg(data::text, '') from task_events where \"to\" = 'parked'", self.store_url))


if __name__ == "__main__":
    unittest.main()
