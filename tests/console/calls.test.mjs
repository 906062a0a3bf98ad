/** A task's calls, and one of them. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, checkAccessibility, checkScreen, checkWidth, closeBrowser, finish, login, phone, picture, world } from './browser.mjs';

after(closeBrowser);

const calls = (body) => api('POST', '/api/query-task-execution', { page: 1, page_size: 500, ...body });
const names = (page) => page.locator('.lead-button b').allTextContents();

test('the calls are accessible and fit, in both languages and widths', async () => {
  const page = await login(`/?drawer=monitor.calls&task=${world.tasks.done}`);
  await page.locator('.calls-overview .progress-bar').waitFor();
  await checkScreen(page, 'calls', page.locator('.lead-button'));
  await finish(page);
});

test('the figures are those of the API and pages follow one another', async () => {
  const id = world.tasks.done;
  const page = await login(`/?drawer=calls&task=${id}`);
  await page.locator('.lead-button').first().waitFor();
  const all = await calls({ task_id: id });
  assert.equal(await page.locator('[data-figure="calls.total"] dd').textContent(), String(all.task_stats.total_calls));
  assert.equal(await page.locator('[data-figure="calls.connected"] dd').textContent(), String(all.task_stats.connected_calls));
  assert.deepEqual(await names(page), all.jobs_data.slice(0, 20).map((call) => call.LeadsName));
  await page.getByTitle('2', { exact: true }).click();
  await page.waitForURL(/page=2/);
  await page.waitForFunction((n) => document.querySelectorAll('.lead-button').length === n, all.jobs_data.length - 20);
  assert.deepEqual(await names(page), all.jobs_data.slice(20).map((call) => call.LeadsName));
  await page.reload();
  await page.locator('.lead-button').first().waitFor();
  assert.deepEqual(await names(page), all.jobs_data.slice(20).map((call) => call.LeadsName), 'after a reload');
  await finish(page);
});

test('filters show what the API finds by them', async () => {
  const id = world.tasks.done;
  const page = await login(`/?drawer=calls&task=${id}`, { allowed: [/400 \(Bad Request\)/] });
  await page.locator('.lead-button').first().waitFor();
  const all = (await calls({ task_id: id })).jobs_data;
  for (const [label, interest] of [['有意向', 1], ['无意向', 2], ['无法判断', 0]]) {
    const wanted = all.filter((call) => call.is_interested === interest).map((call) => call.LeadsName).slice(0, 20);
    await page.locator('.calls-filters').getByText(label, { exact: true }).click();
    await page.waitForURL(new RegExp(`interest=${interest}`));
    await page.waitForFunction(
      (texts) => JSON.stringify([...document.querySelectorAll('.lead-button b')].map((b) => b.textContent)) === JSON.stringify(texts),
      wanted,
    );
  }
  await page.locator('.calls-filters').getByText('全部', { exact: true }).first().click();
  const missed = all.filter((call) => call.Outcome === 'not_reached').map((call) => call.LeadsName).slice(0, 20);
  await page.getByRole('combobox', { name: '通话结果' }).click();
  await page.locator('.ant-select-item-option').filter({ hasText: '未接通' }).click();
  await page.waitForURL(/outcome=not_reached/);
  await page.waitForFunction(
    (texts) => JSON.stringify([...document.querySelectorAll('.lead-button b')].map((b) => b.textContent)) === JSON.stringify(texts),
    missed,
  );
  await page.getByRole('switch', { name: '只看已跟进' }).click();
  await page.waitForURL(/followed=1/);
  await finish(page);
});

test('a call shows its conversation, follow-up, recording and history', async () => {
  const id = world.tasks.done;
  const talked = (await calls({ task_id: id })).jobs_data.find((call) => call.Tasks[0]?.Conversation.length > 3);
  const page = await login(`/?drawer=calls&task=${id}&size=100`);
  await page.getByRole('button', { name: talked.LeadsName }).first().click();
  const drawer = page.getByRole('dialog', { name: new RegExp(`通话：${talked.LeadsName}`) });
  await drawer.locator('[data-event="settled"]').waitFor();
  const lines = talked.Tasks[0].Conversation.map((line) => line.Script);
  assert.deepEqual(await drawer.locator('.conversation p').allTextContents(), lines);
  await drawer.getByText(talked.follow_data.leads_remark).waitFor();
  await drawer.getByText('没有在等待').waitFor();
  await drawer.getByRole('button', { name: '获取录音' }).click();
  const player = drawer.locator('audio');
  await player.waitFor();
  assert.match(await player.getAttribute('src'), /^http/);
  await checkAccessibility(page, 'call');
  await checkWidth(page);
  await picture(page, 'call-zh');
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await page.waitForFunction((name) => document.activeElement?.textContent.includes(name), talked.LeadsName);
  await finish(page);
});

test('a call that waits says why, and one fits a narrow screen', async () => {
  const id = world.tasks.paused;
  const waiting = (await calls({ task_id: id })).jobs_data.find((call) => !['Succeeded', 'Failed', 'Cancelled'].includes(call.Status));
  assert.ok(waiting, 'one that has not ended');
  const page = await login(`/?drawer=calls.call&task=${id}&size=100&call=${waiting.row_id}`, { viewport: phone });
  await page.locator('.call-part [data-reason]').first().waitFor();
  await checkAccessibility(page, 'waiting call');
  await checkWidth(page);
  await picture(page, 'call-waiting-zh-375');
  await finish(page);
});

test('a long page of calls draws few rows and shows the last one when scrolled', async () => {
  const id = world.tasks.running;
  const page = await login(`/?drawer=calls&task=${id}&size=500`);
  await page.locator('.lead-button').first().waitFor();
  assert.ok((await page.locator('.lead-button').count()) < 60, 'rows in the document');
  const all = (await calls({ task_id: id })).jobs_data;
  assert.equal(all.length, 500);
  // The height of rows that were never drawn is a guess: the end moves while one scrolls there.
  await page.waitForFunction((last) => {
    const box = document.querySelector('.ant-table-tbody-virtual-holder');
    box.scrollTo(0, box.scrollHeight);
    return [...document.querySelectorAll('.lead-button b')].some((name) => name.textContent === last);
  }, all.at(-1).LeadsName);
  await checkAccessibility(page, 'virtual table');
  await picture(page, 'calls-long-zh');
  await finish(page);
});

test('progress of a running task is shown without asking for it', async () => {
  const id = world.tasks.held;
  const page = await login(`/?drawer=calls&task=${id}`);
  await page.locator('.live-mark[data-state=open]').waitFor({ state: 'attached' });
  const done = page.locator('.calls-overview [data-bucket="total_completed"]');
  const before = Number(await done.textContent());
  await api('POST', '/api/suspend-resume-task', { action: 'resume', task_id: id });
  await page.waitForFunction(
    ([selector, old]) => Number(document.querySelector(selector).textContent) > old,
    ['.calls-overview [data-bucket="total_completed"]', before],
  );
  await api('POST', '/api/suspend-resume-task', { action: 'suspend', task_id: id });
  await finish(page);
});
