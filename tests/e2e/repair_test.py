"""Somebody changes tasks with plain SQL, past the daemon: it takes them up at once, though its sweep is far away."""
import time
import unittest

from harness import Scenario, wait_for

LEADS = 10
AT_ONCE = 4.0  # seconds; the sweep comes after 300


class Repair(Scenario):
    sim_flags = ("--speed", "240")  # the calls are not the point
    overrides = {"supervisor.sweep_interval_s": 300}

    def run_one(self):
        """A task that has run to its end; its group at the provider can be lent to another."""
        task = self.make_task(LEADS)
        self.listening_session()
        self.assertEqual(self.start_task(task)[0], 200)
        self.wait_until_complete(task)
        return task

    def outside(self, text):
        return self.postgres.sql(text, self.store_url)

    def listening_session(self):
        """The server's process id of the daemon's listening session, once there is one."""
        return wait_for("the daemon listens", lambda: self.outside(
            "select pid from pg_stat_activity where datname = current_database() and query = 'listen waihu_tasks' "
            "and state = 'idle'"), 20)

    def second_task(self):
        script = self.outside("select script_id from auto_call_scene limit 1")
        made = self.ok("POST", "/api/create-autoCall-tasks", {
            "task_name": "第二", "script_id": script, "size_desc": {"leads_type": [], "leads_product": []}})
        return made["task_id"]

    @staticmethod
    def move_to_calling(task, group_of):
        """SQL that does what an import or a repair would: the rows alone, in one transaction."""
        return (f"begin; create temp table g on commit drop as select job_group_id from call_tasks where id = {group_of}; "
                f"update call_tasks set job_group_id = null where id = {group_of}; "
                f"update call_tasks set task_type = 2, started_at = now(), job_group_id = (select job_group_id from g) "
                f"where id = {task}; commit;")

    def assert_taken_up(self, task, began):
        wait_for("the task's calls are placed", lambda: int(self.outside(
            f"select count(*) from leads_task_list where task_id = {task} and call_job_id is not null")) == LEADS, AT_ONCE)
        print(f"taken up and dialled {time.monotonic() - began:.2f} s after the SQL", flush=True)

    def test_a_task_moved_to_calling_by_plain_sql_is_taken_up_at_once(self):
        first = self.run_one()
        task = self.second_task()
        began = time.monotonic()
        self.outside(self.move_to_calling(task, first))
        self.assert_taken_up(task, began)
        self.wait_until_complete(task)
        self.assertEqual(self.sim.summary()["doubles"]["surplus_acceptances"], 0)

    def test_it_listens_again_after_its_session_was_killed_and_after_a_restart_of_the_store(self):
        first = self.run_one()
        pid = self.listening_session()
        self.assertEqual(self.outside(f"select pg_terminate_backend({pid}, 5000)"), "t")
        wait_for("another session listens", lambda: self.listening_session() != pid, 20)
        task = self.second_task()
        began = time.monotonic()
        self.outside(self.move_to_calling(task, first))
        self.assert_taken_up(task, began)
        self.wait_until_complete(task)
        self.postgres.tool("restart", "-m", "immediate")
        wait_for("the daemon is well again", lambda: self.api("GET", "/api/task_list")[0] == 200, 30)
        self.listening_session()
        third = self.second_task()
        began = time.monotonic()
        self.outside(self.move_to_calling(third, task))
        self.assert_taken_up(third, began)
        self.wait_until_complete(third)
        self.assertEqual(self.sim.summary()["doubles"]["surplus_acceptances"], 0)

    def test_what_was_changed_while_nobody_listened_is_found_when_somebody_listens_again(self):
        first = self.run_one()
        task = self.second_task()
        pid = self.listening_session()
        # No session can be opened from before the old one dies until after the change: the notification finds nobody.
        allow = "update pg_database set datallowconn = {} where datname = current_database();"
        self.outside(f"begin; {allow.format(False)} commit; select pg_terminate_backend({pid}, 5000); "
                     + self.move_to_calling(task, first) + f"begin; {allow.format(True)} commit;")
        self.assert_taken_up(task, time.monotonic())
        self.wait_until_complete(task)
        self.assertEqual(self.sim.summary()["doubles"]["surplus_acceptances"], 0)

    def test_a_finished_task_that_lost_a_follow_up_is_opened_again_at_once(self):
        task = self.run_one()
        began = time.monotonic()
        self.outside(f"begin; create temp table lost on commit drop as select id, leads_follow_id as follow "
                     f"from leads_task_list where task_id = {task} order by id limit 1; "
                     f"update leads_task_list set leads_follow_id = null, phase = 'settled' where id in (select id from lost); "
                     f"delete from dcc_leads_follow where id in (select follow from lost); commit")

        def moves():
            return self.outside(f"select string_agg(\"from\" || '>' || \"to\", ' ' order by id) from task_events "
                                f"where kind = 'task' and task_id = {task}").split()
        wait_for("opened and finished again", lambda: len(moves()) == 5, AT_ONCE)
        print(f"opened and finished again {time.monotonic() - began:.2f} s after the SQL: {' '.join(moves())}", flush=True)
        self.judge(task, LEADS)


if __name__ == "__main__":
    unittest.main()
