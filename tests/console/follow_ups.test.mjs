/** A task's follow-ups, and the choice of the task. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, checkScreen, closeBrowser, finish, login, world } from './browser.mjs';

after(closeBrowser);

const id = world.tasks.done;
const followed = (interest) =>
  api('POST', '/api/query-task-execution', { task_id: id, page_size: 500, only_followed: true, ...(interest === undefined ? {} : { interest }) });
const rows = (page) => page.locator('.lead-records [data-row]').evaluateAll((all) => all.map((row) => Number(row.dataset.row)));

test('a task that is followed up is chosen, and its follow-ups are those of the API, in figures, records and filters', async () => {
  const page = await login('/', { allowed: [/400 \(Bad Request\)/] });
  await page.getByRole('button', { name: '跟进记录' }).click();
  const choice = page.getByRole('dialog', { name: '选择要查看跟进的任务' });
  await choice.getByText('跟进完成', { exact: true }).first().click();
  await choice.getByRole('button', { name: '选择任务 周末试驾邀约' }).click();
  const drawer = page.getByRole('dialog', { name: '跟进记录' });
  await drawer.locator('.lead-records [data-row]').first().waitFor();
  const statistics = await api('POST', '/api/task-statistics', { task_id: id });
  for (const [name, count] of Object.entries(statistics)) {
    assert.equal(await drawer.locator(`[data-figure="${name}"] dd`).textContent(), String(count), name);
  }
  await drawer.locator('svg path').first().waitFor();
  const all = (await followed()).jobs_data.map((call) => call.row_id);
  const records = (await api('GET', `/api/task_followup_records/${id}?page_size=500`)).items;
  assert.equal(records.length, all.length, 'as many as the API has of them');
  assert.deepEqual(await rows(page), all.slice(0, 20));
  await drawer.getByTitle('2', { exact: true }).click();
  await page.waitForFunction((count) => document.querySelectorAll('.lead-records [data-row]').length === count, all.length - 20);
  assert.deepEqual(await rows(page), all.slice(20));
  const interested = (await followed(1)).jobs_data.map((call) => call.row_id);
  await drawer.getByRole('radiogroup').getByText('有意向', { exact: true }).click();
  await page.waitForFunction(
    (wanted) => JSON.stringify([...document.querySelectorAll('.lead-records [data-row]')].map((row) => Number(row.dataset.row))) === wanted,
    JSON.stringify(interested),
  );
  await finish(page);
});

test('a follow-up leads to its conversation and back', async () => {
  const talked = (await followed()).jobs_data.find((call) => call.Tasks[0]?.Conversation.length > 3);
  const page = await login(`/?drawer=follow-ups&task=${id}&followed=1&size=100`);
  await page.locator(`[data-row="${talked.row_id}"] .lead-button`).click();
  const call = page.getByRole('dialog', { name: new RegExp(`通话：${talked.LeadsName}`) });
  await call.locator('.conversation p').first().waitFor();
  assert.deepEqual(await call.locator('.conversation p').allTextContents(), talked.Tasks[0].Conversation.map((line) => line.Script));
  await page.keyboard.press('Escape');
  await call.waitFor({ state: 'detached' });
  await page.locator(`[data-row="${talked.row_id}"]`).waitFor();
  assert.match(page.url(), new RegExp(`task=${id}`));
  await finish(page);
});

test('follow-ups are accessible and fit, in both languages and widths', async () => {
  const page = await login(`/?drawer=follow-ups&task=${id}&followed=1`);
  await page.locator('.lead-records [data-row]').first().waitFor();
  await checkScreen(page, 'follow-ups', page.locator('.side-drawer svg path'));
  await finish(page);
});
